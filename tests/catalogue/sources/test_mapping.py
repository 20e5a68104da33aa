"""Mapping files: what is meant is read, what cannot be meant is refused with its key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from phonotheque.catalogue.sources.mapped.keys import MEANINGS
from phonotheque.catalogue.sources.mapped.mapping import parse_mapping
from phonotheque.catalogue.tables import TABLES
from phonotheque.errors import BadMappingError

DOCS = Path(__file__).parents[3] / "docs"

GOOD = """
format = 1
name = "sheet"
title = "A spreadsheet"
licence = "CC0-1.0"
[[file]]
path = "tracks.csv"
[[file.rows]]
table = "recording"
id = "id"
title = "title"
length = { column = "seconds", as = "seconds" }
"""


def test_a_mapping_is_read():
    """A mapping says who, which files, which tables and which columns."""
    mapping = parse_mapping(GOOD.encode(), "map.toml")
    assert mapping.terms.licence == "https://creativecommons.org/publicdomain/zero/1.0/"
    (file,) = mapping.files
    assert (file.path, file.form, file.delimiter, file.has_raw) == ("tracks.csv", "csv", ",", True)
    assert file.wanted() == ("id", "seconds", "title")
    assert file.rows[0].values["length"].meaning == "seconds"


@pytest.mark.parametrize(
    ("old", "new", "key", "todo"),
    [
        ("format = 1", "format = 2", "format", "newer"),
        ("format = 1", 'format = "1"', "format", "Write format = 1"),
        ('name = "sheet"', 'name = "My Sheet"', "name", "a-z"),
        ('name = "sheet"', "", "name", 'Write name = "..."'),
        ('"CC0-1.0"', '"free for all"', "licence", "Give the address"),
        ('title = "A', 'titel = "A', "titel", "Did you mean title"),
        ("[[file]]", "[[files]]", "file", "Write [[file]]"),
        ("[[file]]", "[[file]]\ncolour = 1", "colour", "mapping-files"),
        ('"tracks.csv"', '"../tracks.csv"', "path", "tracks.csv"),
        ('"tracks.csv"', '"/etc/passwd"', "path", "tracks.csv"),
        ('"tracks.csv"', '"a/./b.csv"', "path", "tracks.csv"),
        ("[[file.rows]]", 'format = "excel"\n[[file.rows]]', "format", "One of csv"),
        ("[[file.rows]]", 'delimiter = ", "\n[[file.rows]]', "delimiter", "Write"),
        ("[[file.rows]]", "unknown = 7\n[[file.rows]]", "unknown", "Write unknown = ["),
        ("[[file.rows]]", 'encoding = "utf-16"\n[[file.rows]]', "encoding", "utf-8"),
        ("[[file.rows]]", 'columns = ["a", "a"]\n[[file.rows]]', "columns", "its own name"),
        ("[[file.rows]]", 'raw = "yes"\n[[file.rows]]', "raw", "Write raw = true"),
        ('table = "recording"', 'table = "recordings"', "table", "Did you mean recording"),
        ('id = "id"', "", "id", "tells one recording"),
        ('id = "id"', "id = []", "id", 'Write id = "column"'),
        ('id = "id"', "id = 7", "id", 'Write id = "column"'),
        ('title = "title"', 'name = "title"', "name", "Its columns: mbid, title"),
        ('title = "title"', 'raw_row = "title"', "raw_row", "Its columns"),
        ('title = "title"', "title = 7", "title", "Write"),
        ('title = "title"', "title = {}", "column", "mapping-files"),
        ('title = "title"', 'title = ["a", "b"]', "columns", "mapping-files"),
        ('title = "title"', 'title = { column = "a", constant = "b" }', "column", "mapping"),
        ('title = "title"', "title = { constant = 7 }", "constant", "Title"),
        ('title = "title"', 'title = { column = "a", upper = true }', "upper", "mapping"),
        ('title = "title"', 'title = { column = "a", as = "date" }', "as", '"text", "lower"'),
        ('as = "seconds"', 'as = "fortnights"', "as", '"seconds", "milliseconds"'),
        (', as = "seconds"', "", "as", '"seconds", "milliseconds"'),
        ('as = "seconds"', 'as = "seconds", out_of = 5', "out_of", "ratings"),
        ('title = "title"', 'artist_credit = { column = "a", make = 1 }', "make", "true"),
    ],
)
def test_what_cannot_be_meant_is_refused(old, new, key, todo):
    """Every mistake is refused with the key, and says what to write instead."""
    assert old in GOOD
    with pytest.raises(BadMappingError) as caught:
        parse_mapping(GOOD.replace(old, new, 1).encode(), "map.toml")
    assert caught.value.thing.startswith("map.toml")
    assert f"key `{key}`" in caught.value.thing
    assert todo in caught.value.todo


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ('table = "track"\nrecording = { column = "a", make = true }', "make"),
        ('table = "track"\nrelease = "a"', "recording"),
        ('table = "tag"\nname = "a"\nentity = "b"', "entity_type"),
        ('table = "tag"\nname = "a"\nentity = "b"\nentity_type = "c"', "entity_type"),
        ('table = "tag"\nentity_type = { constant = "song" }\nentity = "b"', "entity_type"),
        ('table = "isrc"\nrecording = "a"\nonce = true', "once"),
        ('table = "label"\nid = "a"', "table"),
        (
            (
                'table = "release_group"\nid = "a"\n'
                'primary_type = { column = "a", split = "," }\n'
                'secondary_types = { column = "a", split = "," }'
            ),
            "split",
        ),
    ],
)
def test_rows_that_make_no_sense_are_refused(rows, key):
    """What cannot be meant of a table as a whole is refused before any file is opened."""
    text = f'name = "x"\n[[file]]\npath = "x.csv"\n[[file.rows]]\n{rows}\n'
    with pytest.raises(BadMappingError) as caught:
        parse_mapping(text.encode(), "map.toml")
    assert f"key `{key}`" in caught.value.thing


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe", b"name = ", b"x" * 100_000, b"a=" + b"[" * 20_000, b"a." * 30_000 + b"a=1"],
    ids=["no UTF-8", "no value", "too long", "too deep", "too many points"],
)
def test_what_is_no_toml_is_refused(data):
    """Bytes that are no TOML, too many or nested too deeply are refused in bounded time."""
    with pytest.raises(BadMappingError):
        parse_mapping(data, "map.toml")


@pytest.mark.parametrize("path", sorted((DOCS / "examples" / "mappings").glob("*.toml")), ids=str)
def test_the_examples_can_be_read(path):
    """Every worked example is a mapping."""
    mapping = parse_mapping(path.read_bytes(), path.name)
    assert mapping.terms.name == path.stem
    assert mapping.terms.licence
    assert mapping.terms.attribution


PAGE = DOCS / "reference" / "mapping-files.md"


def test_the_examples_of_the_reference_can_be_read():
    """Every TOML block of the reference page is a mapping as it stands."""
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.S)
    assert blocks
    for block in blocks:
        parse_mapping(block.encode(), "example")


def test_the_reference_names_every_meaning_and_table():
    """The reference page explains every `as` in the words of the program, and names all tables."""
    text = PAGE.read_text()
    for name, meaning in MEANINGS.items():
        assert f"| `{name}` | {meaning} |" in text
    for table in TABLES:
        assert f"`{table}`" in text
