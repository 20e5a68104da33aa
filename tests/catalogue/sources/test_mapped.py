"""Spreadsheets by a mapping file: the laws of every source, and the worked examples."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from tests.catalogue.sources.contract import ALL_FIELDS, SourceContract, joined

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources.mapped.source import Mapped
from phonotheque.catalogue.sources.reading import stream
from phonotheque.errors import BadMappingError, BadRequestError, MalformedError

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples" / "mappings"
STRETCH_BYTES = 600
FIELDS = ("number", "title", "artist", "length_ms", "date", "isrc", "barcode")

MAPPING = """
name = "sheet"
title = "A spreadsheet"
licence = "CC0-1.0"
[[file]]
path = "{path}"
format = "{form}"
[[file.rows]]
table = "release"
id = "number"
title = "title"
artist_credit = {{ column = "artist", make = true }}
date = "date"
barcode = "barcode"
[[file.rows]]
table = "recording"
id = "number"
title = "title"
artist_credit = {{ column = "artist", make = true }}
length = {{ column = "length_ms", as = "milliseconds" }}
[[file.rows]]
table = "track"
recording = "number"
release = "number"
position = {{ constant = 1 }}
[[file.rows]]
table = "isrc"
recording = "number"
isrc = "isrc"
when = "isrc"
"""


def csv_bytes(rows, delimiter=",") -> bytes:
    made = io.StringIO(newline="")
    writer = csv.writer(made, delimiter=delimiter, lineterminator="\n")
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return made.getvalue().encode()


class TestCsv(SourceContract):
    FIELDS = ALL_FIELDS
    MEMORY_RECORDS = 2_000
    BAD_ROWS = (
        ("number of columns", b"1,2,3"),
        ("encoding", b"77,broken \xff,x,,,,"),
        ("names it", b",no number,x,,,,"),
    )

    @pytest.fixture(autouse=True)
    def _small_pieces(self, monkeypatch):
        """Buffers far smaller than the inputs here, so that the law about memory sees beyond."""
        monkeypatch.setattr(stream, "_PIECE", 16 << 10)

    def write(self, folder, records, bad_rows=()):
        rows = [[getattr(record, name) for name in FIELDS] for record in records]
        data = csv_bytes([FIELDS, rows[0]]) + b"".join(row + b"\n" for row in bad_rows)
        (folder / "sheet.csv").write_bytes(data + csv_bytes(rows[1:]))
        (folder / "map.toml").write_text(MAPPING.format(path="sheet.csv", form="csv"))
        return Mapped(folder / "map.toml", stretch_bytes=STRETCH_BYTES)

    def write_large(self, folder, records):
        self.write(folder, records)
        return Mapped(folder / "map.toml", stretch_bytes=32 << 10)


class TestJsonLines(TestCsv):
    BAD_ROWS = (
        ("JSON object", b"[1, 2]"),
        ("JSON object", b'{"number": 7, "title": "broken'),
        ("JSON object", b'{"number": 7, "title": "broken \xff"}'),
        ("names it", b'{"title": "no number"}'),
    )

    def write(self, folder, records, bad_rows=()):
        rows = [{name: getattr(record, name) for name in FIELDS} for record in records]
        lines = [json.dumps(row).encode() for row in rows]
        lines[1:1] = bad_rows
        (folder / "sheet.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        (folder / "map.toml").write_text(MAPPING.format(path="sheet.jsonl", form="json-lines"))
        return Mapped(folder / "map.toml", stretch_bytes=STRETCH_BYTES)


HEAD = 'name = "x"\n[[file]]\npath = "x.csv"\n'
RECORDING = '[[file.rows]]\ntable = "recording"\nid = "id"\ntitle = "title"\n'


def source(folder, mapping: str, data: bytes, **options) -> Mapped:
    (folder / "x.csv").write_bytes(data)
    (folder / "map.toml").write_text(mapping)
    return Mapped(folder / "map.toml", **options)


def tables(folder, mapping: str, data: bytes):
    return {n: t.to_pylist() for n, t in joined(source(folder, mapping, data).batches()).items()}


def test_a_value_may_have_ends_of_lines(tmp_path):
    """A quoted value goes on over lines and stretches; quotes within are what they are."""
    rows = [["id", "title"]] + [[n, f'line one\nline "{n}",\n\nfour'] for n in range(60)]
    found = source(tmp_path, HEAD + RECORDING, csv_bytes(rows), stretch_bytes=50)
    titles = joined(found.batches())["recording"].column("title").to_pylist()
    assert titles == [f'line one line "{n}",  four' for n in range(60)]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path):
    """A quote that is not closed is refused, and the rows after it are read."""
    rows = "".join(f"{n},title {n}\n" for n in range(3, 40))
    data = f'id,title\n1,one\n2,"two\n{rows}'.encode()
    batches = list(source(tmp_path, HEAD + RECORDING, data, stretch_bytes=64).batches())
    ids = joined(batches)["recording"].column("source_id").to_pylist()
    assert ids == ["1", *(str(n) for n in range(3, 40))]
    (refusal,) = [refusal for batch in batches for refusal in batch.refusals]
    assert (refusal.place, refusal.reason) == ("x.csv, line 3", "a quote that is not closed")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_ends_of_lines_of_every_system(tmp_path, end, last):
    """Lines end as they do on any system, the last with or without; a byte order mark is none."""
    text = end.join(["\ufeffid,title", "1,one", "", '2,"two"']) + (end if last else "")
    found = tables(tmp_path, HEAD + RECORDING, text.encode())
    assert [row["title"] for row in found["recording"]] == ["one", "two"]


def test_other_delimiters_and_encodings(tmp_path):
    """A delimiter and an encoding are as the mapping says; columns may be named there, too."""
    mapping = HEAD + (
        'delimiter = ";"\nencoding = "windows-1252"\ncolumns = ["id", "title"]\n' + RECORDING
    )
    found = tables(tmp_path, mapping, "1;Caf\u00e9 \u2013 \u20ac\n2;plain\n".encode("cp1252"))
    assert [row["title"] for row in found["recording"]] == ["Caf\u00e9 \u2013 \u20ac", "plain"]


def test_what_is_unknown_is_null(tmp_path):
    """Blank texts, and those that the mapping calls unknown, are null, also in what names."""
    mapping = HEAD + 'unknown = ["?", "n/a"]\n' + RECORDING
    batches = list(source(tmp_path, mapping, b"id,title\n1,?\n2,  \n?,three\n").batches())
    assert joined(batches)["recording"].column("title").to_pylist() == [None, None]
    assert sum(batch.refused for batch in batches) == 1


def test_lists_make_a_row_of_each_item(tmp_path):
    """A list gives one row for each item that is not blank, and none where there is none."""
    mapping = (
        HEAD
        + RECORDING
        + (
            '[[file.rows]]\ntable = "tag"\n'
            'entity_type = { constant = "recording" }\nentity = "id"\n'
            'name = { column = "tags", as = "lower", split = "," }\nkind = { constant = "style" }\n'
        )
    )
    found = tables(tmp_path, mapping, b'id,title,tags\n1,x,"Ambient, Drone,,"\n2,y,\n3,z,Rock\n')
    assert [(row["entity"], row["name"]) for row in found["tag"]] == [
        (key_of("1"), "ambient"),
        (key_of("1"), "drone"),
        (key_of("3"), "rock"),
    ]


def test_an_entity_may_be_made_once(tmp_path):
    """With `once`, a release that many rows name is given with the first of them."""
    mapping = (
        HEAD
        + RECORDING
        + (
            '[[file.rows]]\ntable = "release"\n'
            'id = ["artist", "album"]\ntitle = "album"\nonce = true\n'
        )
    )
    data = b"id,title,artist,album\n" + b"".join(
        f"{n},t,a{n % 3},b{n % 2}\n".encode() for n in range(500)
    )
    found = joined(source(tmp_path, mapping, data, stretch_bytes=100).batches())
    names = found["release"].column("source_id").to_pylist()
    assert sorted(names) == ["a0/b0", "a0/b1", "a1/b0", "a1/b1", "a2/b0", "a2/b1"]


@pytest.mark.parametrize(
    ("meaning", "written", "kept", "is_dropped"),
    [
        ("seconds", "245", 245_000, False),
        ("seconds", "1.5", 1_500, False),
        ("seconds", "four", None, True),
        ("seconds", "NaN", None, True),
        ("seconds", "1e300", None, True),
        ("clock", "4:05", 245_000, False),
        ("clock", "1:02:03.5", 3_723_500, False),
        ("clock", "4:75", None, True),
        ("milliseconds", " 12 ", 12, False),
    ],
)
def test_lengths_as_they_are_written(tmp_path, meaning, written, kept, is_dropped):
    """A length is in the unit that the mapping names; what is none is dropped and told."""
    mapping = HEAD + RECORDING + f'length = {{ column = "length", as = "{meaning}" }}\n'
    batches = list(
        source(tmp_path, mapping, f"id,title,length\n1,x,{written}\n".encode()).batches()
    )
    assert joined(batches)["recording"].column("length").to_pylist() == [kept]
    assert bool(batches[0].refusals) is is_dropped
    assert [r.is_row for r in batches[0].refusals] == [False] * is_dropped


@pytest.mark.parametrize(
    ("line", "title", "listens"),
    [
        (b'{"id": 1, "t": {"name": "inner"}, "n": 7}', "inner", 7),
        (b'{"id": 1, "t.name": "own", "t": {"name": "inner"}, "n": 7.0}', "own", 7),
        (b'{"id": 1, "t": ["no object"], "n": 7.5}', None, None),
        (b'{"id": 1, "t": {"name": 12}, "n": "7"}', "12", 7),
        (b'{"id": 1, "t": {"name": true}, "n": 1180591620717411303424}', "true", None),
        (b'{"id": 1, "t": {"name": ""}, "n": null, "id": 2}', None, None),
    ],
)
def test_what_json_says(tmp_path, line, title, listens):
    """A name with a dot leads into an object unless there is one of that very name; numbers are
    read as they are written, whatever their kind, and a half is no whole number."""
    mapping = HEAD.replace('"x.csv"', '"x.csv"\nformat = "json-lines"') + (
        '[[file.rows]]\ntable = "recording"\nid = "id"\ntitle = "t.name"\n'
        '[[file.rows]]\ntable = "popularity"\nentity_type = { constant = "recording" }\n'
        'entity = "id"\ntotal_listen_count = "n"\n'
    )
    found = joined(source(tmp_path, mapping, b'{"id": 0, "n": 3}\n' + line + b"\n").batches())
    assert found["recording"].column("title").to_pylist() == [None, title]
    assert found["popularity"].column("total_listen_count").to_pylist() == [3, listens]


def test_text_that_is_none_is_refused_unread(tmp_path):
    """Bytes that are no UTF-8 are refused also where the mapping does not read them."""
    mapping = HEAD.replace('"x.csv"', '"x.csv"\nformat = "json-lines"') + RECORDING
    data = b'{"id": 1, "title": "a", "x": "\xff"}\n{"id": 2, "title": "b", "x": "y"}\n'
    found = list(source(tmp_path, mapping, data).batches())
    assert joined(found)["recording"].column("title").to_pylist() == ["b"]
    assert joined(found)["recording"].column("raw_row").to_pylist() == [
        data.split(b"\n")[1].decode()
    ]
    assert sum(batch.refused for batch in found) == 1


def test_a_value_is_told_once(tmp_path):
    """A value that several tables are made of is told once when it is dropped."""
    mapping = HEAD + (
        '[[file.rows]]\ntable = "recording"\nid = "id"\nlength = { column = "s", as = "seconds" }\n'
        '[[file.rows]]\ntable = "file"\nrecording = "id"\n'
        'length = { column = "s", as = "seconds" }\n'
    )
    batches = list(source(tmp_path, mapping, b"id,s\n1,-5\n2,7\n").batches())
    assert joined(batches)["recording"].column("length").to_pylist() == [None, 7_000]
    assert joined(batches)["file"].column("length").to_pylist() == [None, 7_000]
    assert [tally.count for batch in batches for tally in batch.tally] == [1]


def test_joins_count_what_is_absent(tmp_path):
    """A row whose partner is absent stays, without what the partner would have told; it is told."""
    (tmp_path / "albums.csv").write_bytes(b"key,year\na,1999\na,2000\n")
    mapping = HEAD + '[[file.join]]\npath = "albums.csv"\non = "album"\nto = "key"\n'
    mapping += 'columns = ["year"]\n' + RECORDING + 'first_release_date = "albums.year"\n'
    batches = list(source(tmp_path, mapping, b"id,title,album\n1,x,a\n2,y,b\n3,z,\n").batches())
    dates = joined(batches)["recording"].column("first_release_date").to_pylist()
    assert dates == ["1999", None, None]
    (refusal,) = batches[0].refusals
    assert (refusal.place, refusal.sample) == ("x.csv, line 3", "b")


def test_the_row_is_kept_where_it_says_more(tmp_path):
    """Rows of a file with columns that are not read are kept as written, on their first table."""
    more, all_read = b'id,title,mood\n1,"x",calm\n', b"id,title\n1,x\n"
    found = tables(tmp_path, HEAD + RECORDING, more)
    assert [row["raw_row"] for row in found["recording"]] == ['1,"x",calm']
    found = tables(tmp_path, HEAD + RECORDING, all_read)
    assert [row["raw_row"] for row in found["recording"]] == [None]
    found = tables(tmp_path, HEAD + "raw = false\n" + RECORDING, more)
    assert [row["raw_row"] for row in found["recording"]] == [None]


def test_columns_that_are_not_there_are_refused(tmp_path):
    """A file without a column that the mapping names is refused, with what was perhaps meant."""
    with pytest.raises(BadMappingError, match="Did you mean title"):
        list(source(tmp_path, HEAD + RECORDING, b"id,titel,title_\n1,x,y\n").batches())
    with pytest.raises(BadMappingError, match="twice"):
        list(source(tmp_path, HEAD + RECORDING, b"id,title,title\n1,x,y\n").batches())
    with pytest.raises(MalformedError):
        list(source(tmp_path, HEAD + RECORDING, b"").batches())
    with pytest.raises(MalformedError, match="no text"):
        list(source(tmp_path, HEAD + RECORDING, b"PK\x03\x04\0\0\0\0").batches())


def test_files_that_are_not_there_are_refused(tmp_path):
    """A mapping of files that are absent is refused before anything is read."""
    (tmp_path / "map.toml").write_text(HEAD + RECORDING)
    with pytest.raises(BadRequestError, match=r"x\.csv"):
        Mapped(tmp_path / "map.toml")
    with pytest.raises(BadRequestError):
        Mapped(tmp_path / "other.toml")


FREEMUSI_RELEASES = (
    "activity,album,artist,catalog,duration,genre,id,label,licenseurl,rating,style,totaldiscs,"
    "totaltracks,url,year\n"
    '2.0,"One, Two",Various Artists,?,3345,Jazz,a-1,Some Records,'
    'http://creativecommons.org/licenses/by-nc-nd/3.0/,3.0,"Modern, Drone",1,2,http://x/a-1,2010\n'
    '1.0,Three,Somebody,CAT 7,100,"Electronic, Hip Hop",b-2,Some Records,,2.5,,1,1,http://x/b-2,2011\n'
)
FREEMUSI_TRACKS = (
    "activity,disc,duration,id,rating,title,track,trackartist,trackurl\n"
    "1,1,245,a-1,4,Orange,1,(Val)liam,http://x/1.mp3\n"
    "1,1,503,a-1,3,Sunset,2,Sómebody,http://x/2.mp3\n"
    "1,1,100,b-2,1,Three,1,Somebody,http://x/3.mp3\n"
)


def test_the_example_freemusi(tmp_path):
    """The worked example reads files of the shape of freemusi: all that they say is in the rows."""
    (tmp_path / "releases.csv").write_text(FREEMUSI_RELEASES)
    (tmp_path / "tracks.csv").write_text(FREEMUSI_TRACKS)
    batches = list(Mapped(EXAMPLES / "freemusi.toml", tmp_path).batches())
    found = {name: table.to_pylist() for name, table in joined(batches).items()}
    assert [batch.refusals for batch in batches if batch.refusals] == []
    releases = {row["source_id"]: row for row in found["release"]}
    names = {row["key"]: row["name"] for row in found["artist_credit"]}
    assert releases["a-1"]["title"] == "One, Two"
    assert releases["a-1"]["date"] == "2010"
    assert [row["catalog_number"] for row in found["release_label"]] == [None, "CAT 7"]
    assert [row["name"] for row in found["label"]] == ["Some Records"]
    recordings = {row["source_id"]: row for row in found["recording"]}
    assert recordings["a-1/1/2"]["length"] == 503_000
    assert recordings["a-1/1/2"]["first_release_date"] == "2010"
    assert names[recordings["a-1/1/2"]["artist_credit"]] == "Sómebody"
    assert {row["entity_type"]: row["licence"] for row in found["rights"]} == dict.fromkeys(
        ("release", "recording"), "https://creativecommons.org/licenses/by-nc-nd/3.0/"
    )
    assert [row["release"] for row in found["track"]] == [
        releases["a-1"]["key"],
        releases["a-1"]["key"],
        releases["b-2"]["key"],
    ]
    ratings = [row["rating"] for row in found["popularity"] if row["entity_type"] == "release"]
    assert ratings == [0.6, 0.5]
    styles = [row["name"] for row in found["tag"] if row["kind"] == "style"]
    assert styles == ["modern", "drone"]
    genres = {row["name"] for row in found["tag"] if row["kind"] == "genre"}
    assert genres >= {"electronic", "hip hop"}
    assert not any("," in name for name in genres)


def test_the_example_classic_rock(tmp_path):
    """The worked example reads a list of songs with their plays on the radio."""
    (tmp_path / "classic-rock-song-list.csv").write_text(
        "Song Clean,ARTIST CLEAN,Release Year,COMBINED,First?,Year?,PlayCount,F*G\n"
        "Caught Up,.38 Special,1982,Caught Up by .38 Special,1,1,82,82\n"
        "Fantasy,.38 Special,,Fantasy by .38 Special,1,0,3,0\n"
    )
    batches = list(Mapped(EXAMPLES / "classic-rock.toml", tmp_path).batches())
    found = {name: table.to_pylist() for name, table in joined(batches).items()}
    assert [row["first_release_date"] for row in found["recording"]] == ["1982", None]
    assert [row["total_listen_count"] for row in found["popularity"]] == [82, 3]
    assert [row["name"] for row in found["artist"]] == [".38 Special"]


REAL = {"freemusi": (17_129, 15_505), "classic-rock": (2_229, 2_229)}


@pytest.mark.parametrize("name", REAL)
def test_the_examples_on_the_real_files(name):
    """The worked examples read the real files to the last row, where they are at hand."""
    data = os.environ.get("PHONOTHEQUE_DATA")
    folder = (Path(data) if data else Path(__file__).parents[4] / "shared" / "data") / name
    if not folder.is_dir():
        pytest.skip(f"no {folder}; set PHONOTHEQUE_DATA to the folder of data")
    batches = list(Mapped(EXAMPLES / f"{name}.toml", folder).batches())
    read, recordings = REAL[name]
    assert sum(batch.read for batch in batches) == read
    assert sum(batch.refused for batch in batches) == 0
    assert joined(batches)["recording"].num_rows == recordings
