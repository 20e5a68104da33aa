"""Files as sources hand them out, of any number of rows: every one is invented, and the same again.

The shapes are those of the real ones: spreadsheets and JSON lines of a netlabel's catalogue (the
columns of freemusi), listens as ListenBrainz writes them to Parquet. MusicBrainz is apart
(`imports_musicbrainz`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

WORDS = (
    *("low", "water", "morning", "north", "garden", "salt", "harbour", "paper", "window", "ember"),
    *("river", "glass", "Überfahrt", "été", "сонце", "さくら", "radio", "slow", "field", "stone"),
    *("of", "the", "and", "in", "blue", "night", "hours", "echo", "winter", "line"),
)
_AT_ONCE = 50_000


def chances_of(numbers: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> Iterator[int]:
    """Numbers without visible order, the same at every run (SplitMix64)."""
    with np.errstate(over="ignore"):
        mixed = numbers * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(30)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(27)
    return iter(mixed.tolist())


def title_of(chance: int) -> str:
    """Two or three words."""
    count = len(WORDS)
    words = (WORDS[(chance >> shift) % count] for shift in (3, 13, 23)[: 2 + chance % 2])
    return " ".join(words)


def uuid_of(kind: int, number: int) -> str:
    """An identifier of the number-th thing of some kind."""
    return f"{number:08x}-{kind:04x}-4000-8000-{number * 2_654_435_761 % (1 << 48):012x}"


def write_lines(path: Path, count: int, line: Callable[[int, int], str], head: str = "") -> None:
    """Write a text file of so many lines, each made of its number (from 1) and of chance."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(head)
        for start in range(1, count + 1, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, count + 1))
            chances = chances_of(np.array(numbers, np.uint64))
            file.write("".join(map(line, numbers, chances)))


# -- spreadsheets --------------------------------------------------------------------------------

_LICENCES = (
    "http://creativecommons.org/licenses/by-nc-nd/3.0/",
    "http://creativecommons.org/licenses/by-sa/4.0/",
    "http://creativecommons.org/publicdomain/zero/1.0/",
    "",
)
_TRACK_COLUMNS = "id,disc,track,title,trackartist,duration,rating,trackurl"
_MAPPING = """\
format = 1
name = "songs"
[[file]]
path = "PATH"
format = "FORM"
[[file.rows]]
table = "recording"
id = ["id", "disc", "track"]
title = "title"
artist_credit = { column = "trackartist", make = true }
length = { column = "duration", as = "seconds" }
[[file.rows]]
table = "popularity"
entity_type = { constant = "recording" }
entity = ["id", "disc", "track"]
measure = { constant = "rating" }
period = { constant = "all" }
rating = { column = "rating", out_of = 5 }
when = "rating"
"""


def _artist(chance: int) -> str:
    return f"{WORDS[chance % len(WORDS)]} {chance % 5_000}"


def _release(number: int) -> str:
    return f"netlabel{(number - 1) // 10 + 1:08}"


def _place(number: int) -> int:
    return (number - 1) % 10 + 1


def _rating(chance: int) -> str:
    return str(chance % 5 + 1) if chance % 3 == 0 else ""


def _track_line(number: int, chance: int) -> str:
    title = f'"{title_of(chance)}, {WORDS[chance % 7]}"' if chance % 9 == 0 else title_of(chance)
    return (
        f"{_release(number)},1,{_place(number)},{title},{_artist(chance >> 7)},"
        f"{30 + chance % 600}.{chance % 100},{_rating(chance)},"
        f"https://example.org/{_release(number)}/{_place(number):02}.ogg\n"
    )


def write_csv(folder: Path, rows: int) -> Path:
    """Write one spreadsheet of tracks and a mapping that makes two tables of it."""
    folder.mkdir(parents=True)
    write_lines(folder / "tracks.csv", rows, _track_line, f"{_TRACK_COLUMNS}\n")
    return _write_mapping(folder, "tracks.csv", "csv")


def write_joined_csv(folder: Path, rows: int) -> Path:
    """Write two spreadsheets as the worked example `freemusi.toml` reads them, ten to one joined.

    The mapping is that example: of each track it makes rows of six tables.
    """
    folder.mkdir(parents=True)
    releases = max(rows // 11, 1)
    write_lines(
        folder / "releases.csv",
        releases,
        lambda n, c: (
            f"{_release(n * 10)},{title_of(c)},{_artist(c >> 7)},{WORDS[c % 17]} records,"
            f"{'?' if c % 7 == 0 else f'cat{n:04}'},{1998 + c % 25},{_LICENCES[c % 4]},electronic,"
            f'"ambient,dub",{_rating(c)}\n'
        ),
        "id,album,artist,label,catalog,year,licenseurl,genre,style,rating\n",
    )
    write_lines(folder / "tracks.csv", rows - releases, _track_line, f"{_TRACK_COLUMNS}\n")
    example = Path(__file__).parents[1] / "docs" / "examples" / "mappings" / "freemusi.toml"
    mapping = folder / "freemusi.toml"
    mapping.write_bytes(example.read_bytes())
    return mapping


def write_json_lines(folder: Path, rows: int) -> Path:
    """Write the same tracks as JSON lines, with the same mapping."""
    folder.mkdir(parents=True)

    def line(number: int, chance: int) -> str:
        record = {
            "id": _release(number),
            "disc": 1,
            "track": _place(number),
            "title": title_of(chance),
            "trackartist": _artist(chance >> 7),
            "duration": 30 + chance % 600 + 0.5,
            "rating": chance % 5 + 1 if chance % 3 == 0 else None,
            "trackurl": f"https://example.org/{_release(number)}/{_place(number):02}.ogg",
        }
        return f"{json.dumps(record, ensure_ascii=False)}\n"

    write_lines(folder / "tracks.jsonl", rows, line)
    return _write_mapping(folder, "tracks.jsonl", "json-lines")


def _write_mapping(folder: Path, path: str, form: str) -> Path:
    mapping = folder / "songs.toml"
    mapping.write_text(_MAPPING.replace("PATH", path).replace("FORM", form))
    return mapping


# -- listens --------------------------------------------------------------------------------------

_GROUP_ROWS = 100_000


def write_listens(folder: Path, rows: int) -> Path:
    """Write listens as ListenBrainz's Parquet dump has them: a few heard much, by 2,000 people."""
    folder.mkdir(parents=True)
    writer: pq.ParquetWriter | None = None
    for start in range(1, rows + 1, _GROUP_ROWS):
        numbers = np.arange(start, min(start + _GROUP_ROWS, rows + 1), dtype=np.uint64)
        chances = list(chances_of(numbers))
        # The square of an even chance: some are heard a hundred times as often as others.
        heard = [int((chance % 100_003 / 100_003) ** 2 * rows / 10) for chance in chances]
        table = pa.table(
            {
                "listened_at": pa.array(
                    [1_100_000_000 + chance % 600_000_000 for chance in chances], pa.timestamp("s")
                ),
                "user_id": [chance % 1_999 for chance in chances],
                "recording_msid": [uuid_of(8, one) for one in heard],
                "artist_name": [f"Artist {one % 977}" for one in heard],
                "release_name": [f"Release {one // 10}" for one in heard],
                "recording_name": [title_of(one * 7_919) for one in heard],
                "recording_mbid": [uuid_of(6, one) if one % 4 else None for one in heard],
                "release_mbid": [uuid_of(3, one // 10) if one % 4 else None for one in heard],
                "artist_credit_mbids": [
                    [uuid_of(1, one % 977)] if one % 4 else None for one in heard
                ],
            }
        )
        writer = writer or pq.ParquetWriter(folder / "listens.parquet", table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return folder
