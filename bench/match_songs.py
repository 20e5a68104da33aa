"""Real songs to match lists with, and a catalogue of them.

Songs are read from the data beside the repository (`PHONOTHEQUE_DATA`, or `../shared/data`): a
curated list of netlabel releases (freemusi, CC BY-SA 4.0), the songs of classic rock stations
(FiveThirtyEight, CC BY 4.0), sample rows of MusicBrainz (CC0) and of ListenBrainz. Where they are
not, `invented_songs` gives some that never were.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.measure import ROOT
from phonotheque.catalogue.browse.build import build_browse
from phonotheque.catalogue.build.building import Choices, build
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.lookup.build import build_lookup
from phonotheque.catalogue.match.build import build_match
from phonotheque.catalogue.search.build import build_search_of_parts
from phonotheque.catalogue.snapshot import Snapshot
from phonotheque.catalogue.tables import imported_schema
from phonotheque.disk import LocalDisk


@dataclass(frozen=True, slots=True)
class Song:
    """One row of real data.

    Attributes:
        id: Of its row, with the name of its source.
    """

    id: str
    artist: str
    title: str
    length_ms: int | None = None
    mbid: str = ""


def data_folder() -> Path | None:
    """Return where the real data lies; None where it does not."""
    named = os.environ.get("PHONOTHEQUE_DATA")
    folder = Path(named) if named else ROOT.parent / "shared/data"
    return folder if (folder / "freemusi/tracks.csv").is_file() else None


def real_songs(folder: Path) -> list[Song]:
    """Return all songs of the real data whose rows have an id of their own."""
    songs: dict[str, Song | None] = {}
    for read in (_freemusi, _classic_rock, _musicbrainz, _listenbrainz):
        for song in read(folder):
            if song.artist.strip() and song.title.strip():
                songs[song.id] = None if song.id in songs else song
    return [song for song in songs.values() if song is not None]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _freemusi(folder: Path) -> Iterator[Song]:
    for row in _rows(folder / "freemusi/tracks.csv"):
        length_ms = int(row["duration"]) * 1000 if row["duration"].isdigit() else None
        name = f"freemusi {row['id']}:{row['disc']}:{row['track']}"
        yield Song(name, row["trackartist"], row["title"], length_ms or None)


def _classic_rock(folder: Path) -> Iterator[Song]:
    path = folder / "classic-rock/classic-rock-song-list.csv"
    for number, row in enumerate(_rows(path), start=1):
        yield Song(f"classic-rock {number}", row["ARTIST CLEAN"], row["Song Clean"])


def _musicbrainz(folder: Path) -> Iterator[Song]:
    base = folder / "musicbrainz/mbdump"
    credits = dict(line[:2] for line in _copied(base / "artist_credit"))
    for line in _copied(base / "recording"):
        length_ms = int(line[4]) if line[4].isdigit() else None
        if line[3] in credits:
            yield Song(f"musicbrainz {line[0]}", credits[line[3]], line[2], length_ms, line[1])


def _copied(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


def _listenbrainz(folder: Path) -> Iterator[Song]:
    seen: set[str] = set()
    for path in sorted((folder / "listenbrainz").glob("*.parquet")):
        columns = ["recording_msid", "artist_name", "recording_name"]
        for row in pq.read_table(path, columns=columns).to_pylist():
            if row["recording_msid"] not in seen:
                seen.add(row["recording_msid"])
                name = f"listenbrainz {row['recording_msid']}"
                yield Song(name, row["artist_name"], row["recording_name"])


def invented_songs(count: int = 3_000) -> list[Song]:
    """Return songs that never were, in ten scripts: the same ones every time."""

    from bench import synthetic_forms as forms
    from bench.synthetic_stretch import Stretch
    from bench.synthetic_world import World

    cards = forms.recording_cards(Stretch(World(count), 0)).to_pydict()
    return [
        Song(f"synthetic {number}", artist, title, length_ms)
        for number, (artist, title, length_ms) in enumerate(
            zip(cards["credit"], cards["title"], cards["length"], strict=True)
        )
    ]


def build_catalogue(root: Path, songs: Iterable[Song]) -> Snapshot:
    """Build a catalogue of songs, each by a credit of one artist."""
    folder = root / "sources/songs/000001"
    names: dict[str, int] = {}
    recordings: list[dict[str, Any]] = [
        {
            "key": number,
            "title": song.title,
            "artist_credit": names.setdefault(song.artist, len(names)),
            "length": song.length_ms,
        }
        for number, song in enumerate(songs)
    ]
    people: list[dict[str, Any]] = [{"key": key, "name": name} for name, key in names.items()]
    named: list[dict[str, Any]] = [
        {"artist_credit": key, "position": 0, "artist": key, "name": name, "join_phrase": ""}
        for name, key in names.items()
    ]
    tables: dict[str, list[dict[str, Any]]] = {
        "artist": people,
        "artist_credit": people,
        "artist_credit_name": named,
        "recording": recordings,
    }
    for table, rows in tables.items():
        _write(folder / table / "part-00001.parquet", imported_schema(table), rows)
    terms = {"name": "songs", "title": "Songs", "as_of": "2024-01-02"}
    (folder / "terms.json").write_text(json.dumps(terms))
    (folder / "report.json").write_text("{}")
    (folder.parent / "current").write_text("000001\n")
    makers = (build_search_of_parts, build_lookup, build_browse, build_match)
    return build(root, LocalDisk(root), Choices(*makers, Machine(1, 1 << 28)))


def _write(path: Path, schema: pa.Schema, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True)
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in schema]
    pq.write_table(pa.table(columns, schema=schema), path)
