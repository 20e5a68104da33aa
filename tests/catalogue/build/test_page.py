"""The page on snapshots says what is in one."""

import re
from pathlib import Path

import msgspec
import pytest

from catalogue.build.small import build_small, by, song, together, write_source
from phonotheque.catalogue import cards
from phonotheque.catalogue.build.subjects import GENRES_ON_A_CARD
from phonotheque.catalogue.snapshot import Descriptor, SourceEntry

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "catalogue-snapshot.md"


@pytest.fixture(scope="module")
def page():
    return PAGE.read_text(encoding="utf-8")


def part(page, head):
    return page.partition(f"## {head}\n")[2].partition("\n## ")[0]


def test_every_column_of_a_card_is_told(page):
    """The table of cards has every column, in their order, and no other."""
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", part(page, "Cards"), re.MULTILINE)
    said = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(said) == sorted(cards.SCHEMA.names)
    assert f"at most {GENRES_ON_A_CARD} of its own" in page


def test_the_descriptor_is_told(page):
    """Every key of a descriptor is named."""
    told = part(page, "In a snapshot")
    for key in msgspec.structs.fields(Descriptor):
        assert f"`{key.name}`" in told


def test_every_file_of_a_snapshot_is_told(page, tmp_path):
    """Each file that a build leaves has a row that names it or its folder."""
    rows = together(by(1, "Somebody"), {"recording": [song(1, "One")]})
    write_source(tmp_path, "plain", rows)
    made = build_small(tmp_path)
    told = part(page, "In a snapshot")
    patterns = [
        re.sub(r"<\w+>", r"\\w+", re.escape(name).replace("\\<", "<").replace("\\>", ">"))
        for name in re.findall(r"^\| `([^`]+)` \|", told, re.MULTILINE)
    ]
    for path in made.folder.rglob("*"):
        name = path.relative_to(made.folder).as_posix()
        if path.is_file():
            assert any(re.match(pattern, name) for pattern in patterns), name


def test_what_is_said_of_sources_stands_in_the_table(tmp_path):
    """`sources.parquet` has a column for all that a descriptor says of a source."""
    import pyarrow.parquet as pq

    write_source(tmp_path, "plain", by(1, "Somebody"))
    names = pq.read_schema(build_small(tmp_path).tables / "sources.parquet").names
    assert names == [field.name for field in msgspec.structs.fields(SourceEntry)]
