"""The synthetic catalogue: the same for everybody, with the shapes that it states."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from bench.synthetic import Form, make
from bench.synthetic_world import World

from phonotheque.catalogue import cards, tables
from phonotheque.catalogue.browse.build import build_browse
from phonotheque.catalogue.build.building import Choices, build
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.build import build_lookup
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.match.build import build_match
from phonotheque.catalogue.search.build import build_search_of_parts
from phonotheque.disk import LocalDisk
from phonotheque.music.identifiers import Gtin, Isrc

ROOT = Path(__file__).parents[2]
TRACKS = 30_000
FEW = 2_000


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """The cards of the recordings of a small world."""
    folder = tmp_path_factory.mktemp("cards")
    make(folder, World(TRACKS), Form.CARDS)
    return pq.read_table(folder / "cards/recording")


@pytest.mark.torture
def test_what_is_written_does_not_depend_on_how_many_write_it(tmp_path):
    """One process and three write the same files; another seed writes others; all is labelled."""
    one, three, other = (tmp_path / name for name in ("one", "three", "other"))
    make(one, World(FEW), Form.SNAPSHOT)
    make(other, World(FEW, seed=8), Form.SNAPSHOT)
    options = ("--as", "snapshot", "--jobs", "3", "--tracks", str(FEW))
    command = [sys.executable, "-m", "bench.synthetic", three, *options]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "synthetic: every row is invented" in told.stdout
    assert digests(one) == digests(three)
    part = "tables/track/part-00001.parquet"
    assert digests(one)[part] != digests(other)[part]


def test_cards_are_cards(recordings):
    """Columns are those of a card without its rank; ids rise; a release's tracks are together."""
    assert recordings.schema.names == [name for name in cards.SCHEMA.names if name != "rank"]
    assert (np.diff(recordings["id"].to_numpy()) == 1).all()
    assert (np.diff(recordings["release"].to_numpy()) >= 0).all()
    for code in recordings["isrc"].to_pylist()[:500]:
        assert Isrc(code).code == code


def test_popularity_and_isrcs_have_the_stated_shapes(recordings):
    """A hundredth of the tracks has most of the listens, and 0.73 of ISRCs are different."""
    listens = np.sort(recordings["listens"].fill_null(0).to_numpy())[::-1]
    assert listens[: TRACKS // 100].sum() > 0.6 * listens.sum()
    assert pc.count_distinct(recordings["isrc"]).as_py() / TRACKS == pytest.approx(0.73, abs=0.03)
    assert 0.5 < (recordings["score"].fill_null(0).to_numpy() == 0).mean() < 0.8


def test_all_scripts_are_written(recordings):
    """Titles stand in each of the ten scripts, those without spaces among them."""
    text = "".join(recordings["title"].to_pylist())
    written = {unicodedata.name(letter, "").partition(" ")[0] for letter in set(text)}
    assert written >= {
        *("LATIN", "CYRILLIC", "KATAKANA", "HIRAGANA", "CJK", "HANGUL"),
        *("ARABIC", "THAI", "DEVANAGARI", "GREEK", "HEBREW"),
    }


def test_a_synthetic_source_is_built_like_any_other(tmp_path):
    """A build takes every row of it in, and its barcodes lead to its releases."""
    make(tmp_path, World(FEW), Form.SOURCE)
    terms = json.loads((tmp_path / "sources/synthetic/000001/terms.json").read_text())
    assert "synthetic" in terms["attribution"]
    makers = (build_search_of_parts, build_lookup, build_browse, build_match)
    choices = Choices(*makers, Machine(1, 1 << 28))
    snapshot = build(tmp_path, LocalDisk(tmp_path), choices)
    for name in ("recording", "release", "artist", "label", "isrc", "track"):
        rows = pq.read_table(tmp_path / "sources/synthetic/000001" / name)
        assert rows.schema.names == list(tables.imported_schema(name).names)
        assert snapshot.descriptor.rows[name] == len(rows)
    releases = pq.read_table(tmp_path / "sources/synthetic/000001/release").to_pylist()
    with Lookup(snapshot.ids) as lookup:
        assert lookup.count(Kind.RECORDING) == FEW
        for release in [row for row in releases if row["barcode"]][:50]:
            found = lookup.by_barcode(Gtin.parse(release["barcode"]))
            assert release["title"] in {card.title for card in found}
