"""MusicBrainz's dumps, invented: tables, and documents of releases."""

from __future__ import annotations

import bz2
import io
import json
import tarfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench.imports_material import title_of, uuid_of, write_lines
from phonotheque.catalogue.sources.musicbrainz.schema import layout_of

SEQUENCE = 31
_STAMP = "2024-03-09 10:11:12.131415+00"
_ROWS_PER_RECORDING = 2.65


@dataclass(frozen=True, slots=True)
class _Lines:
    """A line of each table, made of its number and of chance; a method is called like its table."""

    artists: int

    def _credit(self, chance: int) -> int:
        return chance % self.artists + 1

    def artist(self, n: int, c: int) -> str:
        return (
            f"{n}\t{uuid_of(1, n)}\tArtist {title_of(c)} {n}\t{title_of(c)}\t{1900 + c % 100}\t"
            f"{c % 12 + 1}\t{c % 31 + 1}\t\\N\t\\N\t\\N\t1\t\\N\t\\N\t\t0\t{_STAMP}\tf\t\\N\t\\N\n"
        )

    def artist_credit(self, n: int, c: int) -> str:
        return f"{n}\tArtist {title_of(c)} {n}\t1\t{c % 900}\t{_STAMP}\t0\t{uuid_of(2, n)}\n"

    def artist_credit_name(self, n: int, c: int) -> str:
        return f"{n}\t0\t{n}\tArtist {title_of(c)} {n}\t\n"

    def release_group(self, n: int, c: int) -> str:
        credit = self._credit(c)
        return f"{n}\t{uuid_of(4, n)}\t{title_of(c)}\t{credit}\t1\t\t0\t{_STAMP}\n"

    def release(self, n: int, c: int) -> str:
        return (
            f"{n}\t{uuid_of(3, n)}\t{title_of(c)}\t{self._credit(c)}\t{n}\t1\t\\N\t120\t28\t"
            f"{c % 10**12:012}\t\t0\t-1\t{_STAMP}\n"
        )

    def release_country(self, n: int, c: int) -> str:
        return f"{n}\t222\t{1960 + c % 65}\t{c % 12 + 1}\t{c % 33}\n"

    def medium(self, n: int, c: int) -> str:
        return f"{n}\t{n}\t1\t{c % 3 + 1}\t\t0\t{_STAMP}\t10\t{uuid_of(5, n)}\n"

    def recording(self, n: int, c: int) -> str:
        comment = "live\\\\studio" if c % 997 == 0 else "demo" if c % 41 == 0 else ""
        return (
            f"{n}\t{uuid_of(6, n)}\t{title_of(c)}\t{self._credit(c)}\t{_length(c)}\t{comment}\t0\t"
            f"{_STAMP}\tf\n"
        )

    def track(self, n: int, c: int) -> str:
        return (
            f"{n}\t{uuid_of(7, n)}\t{n}\t{(n - 1) // 10 + 1}\t{n % 10 + 1}\t{n % 10 + 1}\t"
            f"{title_of(c)}\t{self._credit(c)}\t{_length(c)}\t0\t{_STAMP}\tf\n"
        )

    def isrc(self, n: int, c: int) -> str:
        return f"{n}\t{n * 10}\tGBAAA{c % 10**7:07}\t0\t{_STAMP}\n"


def _length(chance: int) -> object:
    return "\\N" if chance % 11 == 0 else 60_000 + chance % 400_000


def write_tables(folder: Path, rows: int) -> None:
    """Write a dump of tables: as many recordings as tracks, ten to a release; `rows` in all."""
    (folder / "mbdump").mkdir(parents=True)
    (folder / "SCHEMA_SEQUENCE").write_text(f"{SEQUENCE}\n")
    count = int(rows / _ROWS_PER_RECORDING)
    artists, releases = max(count // 20, 1), max(count // 10, 1)
    lines = _Lines(artists)
    tables = {
        **dict.fromkeys((lines.artist, lines.artist_credit, lines.artist_credit_name), artists),
        **dict.fromkeys((lines.release_group, lines.release), releases),
        **dict.fromkeys((lines.release_country, lines.medium, lines.isrc), releases),
        **dict.fromkeys((lines.recording, lines.track), count),
    }
    layout = layout_of(SEQUENCE, "")
    for line, number in tables.items():
        name = line.__name__
        assert line(1, 7).count("\t") + 1 == len(layout[name]), name
        write_lines(folder / "mbdump" / name, number, line)


def write_tables_and_packet(folder: Path, rows: int) -> None:
    """Write a dump of tables, and the packet of an hour in which 1 % of them changed.

    Every changed recording has another title; four changes of tables that are not read go with it.
    """
    write_tables(folder, rows)
    (folder / "REPLICATION_SEQUENCE").write_text("1\n")
    names = layout_of(SEQUENCE, "")["recording"]
    changes: list[str] = []
    with (folder / "mbdump" / "recording").open(encoding="utf-8") as lines:
        for line in islice(lines, 0, rows // 100 * 10, 10):
            values = line.rstrip("\n").split("\t")
            before = {
                name: None if value == "\\N" else int(value) if value.isdigit() else value
                for name, value in zip(names, values, strict=True)
            }
            after = before | {"name": f"{before['name']} (live)"}
            changes.append(_change("musicbrainz.recording", len(changes), before, after))
            for _ in range(4):
                note = {"id": len(changes), "text": "x" * 100}
                changes.append(_change("musicbrainz.edit_note", len(changes), note, note))
    (folder / "replication-2.tar.bz2").write_bytes(_packet("".join(changes).encode()))


def _change(table: str, number: int, before: object, after: object) -> str:
    rows = "\t".join(json.dumps(row).replace("\\", "\\\\") for row in (before, after))
    return f"{number + 1}\t{table}\tu\t{number // 5}\t{rows}\t\\N\t\\N\n"


def _packet(changes: bytes) -> bytes:
    made = io.BytesIO()
    about = {"REPLICATION_SEQUENCE": b"2\n", "SCHEMA_SEQUENCE": f"{SEQUENCE}\n".encode()}
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in (about | {"mbdump/pending_data": changes}).items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return bz2.compress(made.getvalue())


def _credit(chance: int) -> list[dict[str, object]]:
    number = chance % 5_000
    artist = {"id": uuid_of(1, number), "name": f"Artist {number}", "sort-name": f"{number}"}
    return [{"artist": artist, "name": f"Artist {number}", "joinphrase": ""}]


def _track(release: int, place: int, chance: int) -> dict[str, object]:
    title = title_of(chance ^ place * 7_919)
    both = {
        "title": title,
        "length": 60_000 + chance % 400_000,
        "artist-credit": _credit(chance),
    }
    recording = both | {
        "id": uuid_of(6, release * 10 + place),
        "isrcs": [f"GBAAA{release % 10**6:06}{place}"] if place == 0 else [],
        "disambiguation": "",
        "video": False,
        "aliases": [],
        "tags": [],
    }
    return both | {
        "id": uuid_of(7, release * 10 + place),
        "number": str(place + 1),
        "position": place + 1,
        "recording": recording,
    }


def _release(number: int, chance: int) -> str:
    tracks = [_track(number, place, chance) for place in range(10)]
    release = {
        "id": uuid_of(3, number),
        "title": title_of(chance),
        "artist-credit": _credit(chance),
        "date": f"{1960 + chance % 65}-0{chance % 9 + 1}",
        "country": "GB",
        "status": "Official",
        "barcode": f"{chance % 10**12:012}",
        "release-group": {"id": uuid_of(4, number), "title": title_of(chance)},
        "label-info": [],
        "media": [{"position": 1, "format": "CD", "title": "", "tracks": tracks}],
        "annotation": None,
        "aliases": [],
        "quality": "normal",
    }
    return f"{json.dumps(release, ensure_ascii=False)}\n"


def write_documents(folder: Path, rows: int) -> None:
    """Write releases of ten tracks as MusicBrainz's JSON dump has them; `rows` tracks in all."""
    folder.mkdir(parents=True)
    write_lines(folder / "release.jsonl", max(rows // 10, 1), _release)
