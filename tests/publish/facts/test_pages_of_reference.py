"""The reference page names every key and column, in their order, and no other."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from tests.publish.facts.sample import papers

from phonotheque.publish.facts.listing import ListedFile
from phonotheque.publish.facts.torrents_table import COLUMNS

PAGE = Path(__file__).parents[3] / "docs/reference/fact-sheet.md"


def lines_of(head):
    """First column of the table under a head, and the rest of each line."""
    text = PAGE.read_text(encoding="utf-8").split(f"## {head}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("head", "keys"),
    [
        ("The fact sheet", list(json.loads(papers()["fact-sheet.json"]))),
        ("Listings", list(ListedFile.__struct_fields__)),
        ("torrents.csv", [name for name, _, _ in COLUMNS]),
    ],
)
def test_every_key_is_documented(head, keys):
    """The page has a line for each, in the order in which they are written."""
    assert list(lines_of(head)) == keys


def test_columns_are_those_of_the_table():
    """The file begins with the columns that the descriptor names."""
    rows = list(csv.reader(io.StringIO(papers()["torrents.csv"].decode())))
    assert rows[0] == [name for name, _, _ in COLUMNS]


def test_parts_of_the_sheet_are_documented():
    """Keys below a key stand in the line of that key."""
    record = json.loads(papers()["fact-sheet.json"])
    lines = lines_of("The fact sheet")
    for key, value in record.items():
        inner = value[0] if isinstance(value, list) and value else value
        for name in inner if isinstance(inner, dict) else ():
            shown = {"tiers": "kinds"}.get(key, key)
            assert f"`{name}`" in lines[shown], (key, name)
