"""Artists' names that are nearly one: found wherever the slip is, at a bounded price."""

import itertools
import random

import pyarrow as pa
import pytest
from rapidfuzz.distance import OSA, Indel

from phonotheque.catalogue.corrections import suspicions_sql as sql
from phonotheque.catalogue.corrections.near_names import (
    ALIKE,
    MOST_ALIKE,
    USUAL,
    map_near_names,
    name_key,
)
from phonotheque.catalogue.database import Machine, database
from phonotheque.catalogue.identity.texts import map_texts

SAME = [
    ("Knyaz Mishkin", "Knyaz Miskin"), ("Poodleplay Arkestra", "Poodlepay Arkestra"),
    ("Ada Marrow", "Ada Marow"), ("Harbour Lights", "Harbuor Lights"),
    ("The Kelp Orchestra", "Kelp Orchestra"), ("Tim & Puma Mimi", "Tim and Puma Mimi"),
    ("Off the Sky", "OffTheSky"), ("Carl Sagan's Ghost", "Carl Sagans Ghost"),
    ("Björk Guðmundsdóttir", "Bjork Gudmundsdottir"), ("Zoe.LeelA", "ZOE LEELA"),
    ("Entertainment for the Braindead", "Entertainment for the Braidead"),
    ("Weir Valley Philharmonic", "Weir Valley Philharmonie"),
]  # fmt: skip
"""Names of one artist, as two people write them."""
MISSED = [
    ("Stephen Harbottle", "Steven Harbottle"), ("DJ Kirill Harbour", "Kirill Harbour"),
    ("Boston", "Bostom"), ("Marrow, Ada Odile", "Ada Odile Marrow"),
]  # fmt: skip
"""Names of one artist that are too far apart to be told from others."""
OTHERS = [
    ("Aya", "Ava"), ("Boston", "Noston"), ("The Kings", "The Kinks"), ("Meat Loaf", "Beatloaf"),
    ("Deadskin", "Deadspin"), ("Transmission 13", "Transmission 71"), ("Harbour I", "Harbour II"),
    ("Paul Simonson", "Paula Simonson"), ("The Animals", "These Animals"), ("Tenor A", "Tenor B"),
    ("D. Rocketeers", "Rocketeers"), ("Maarten", "Maartez"), ("Normal", "Normaa"),
    ("Jack Wilson", "Nick Wilson"), ("Mr Deeside", "Ms Deeside"), ("Blondie", "Blondin"),
]  # fmt: skip
"""Names of two artists."""
LAST = ("Abel", "Brook", "Carver", "Dunn", "Ember", "Fisk", "Grove", "Holm", "Iver", "Juno")
PAULS = [f"{name} {last}" for name in ("Paul", "Paula") for last in LAST]
"""Of two usual words neither is a slip of the other."""


@pytest.fixture
def near(tmp_path):
    """Says which of some names are near or equal, as pairs in order."""

    def near_names(names):
        with database(tmp_path, Machine()) as db:
            db.register("given", pa.table({"text": names}))
            map_texts(db, "name_of", "FROM given", name_key, tmp_path)
            map_near_names(db, tmp_path)
            asked = (
                "SELECT a.text, b.text FROM near_name JOIN name_of a ON replace(a.key, ' ', '') "
                "= one JOIN name_of b ON replace(b.key, ' ', '') = other UNION ALL SELECT a.text, "
                "b.text FROM name_of a JOIN name_of b ON replace(a.key, ' ', '') "
                "= replace(b.key, ' ', '') AND a.text < b.text"
            )
            found = [tuple(sorted(pair)) for pair in db.execute(asked).fetchall()]
            assert len(found) == len(set(found))
            return set(found)

    return near_names


def test_nothing_near_is_missed(near):
    """Of names of 8 to 14 letters those pairs are near that a comparison of all with all finds."""
    drawn = random.Random(11)
    names = {"".join(drawn.choices("bdgklmnprst", k=drawn.randrange(8, 14))) for _ in range(150)}
    for name in sorted(names):
        place = drawn.randrange(len(name) - 1)
        two = name[place : place + 2]
        names.add(name[:place] + drawn.choice([two[0], two[::-1], two + "k"]) + name[place + 2 :])
    assert near(sorted(names)) == {
        pair for pair in itertools.combinations(sorted(names), 2) if share(*pair) >= ALIKE
    }


def share(one, other):
    is_swapped = OSA.distance(one, other) == 1 and sorted(one) == sorted(other)
    edits = 1 if is_swapped else Indel.distance(one, other)
    return 1 - edits / (len(one) + len(other))


def test_two_spellings_are_told_from_two_names(near):
    """Of the labelled pairs those of one artist are near, but for the named ones, and no others:
    numbers, single letters and usual words tell two names apart."""
    assert len(PAULS) == 2 * USUAL
    names = sorted({name for pair in (*SAME, *MISSED, *OTHERS) for name in pair})
    assert near([*names, *PAULS]) == {tuple(sorted(pair)) for pair in SAME}


def test_equal_letters_side_by_side_count_once(near):
    """Names of which a letter can be taken out in two ways are found as others are."""
    plain = "marrowbonescompany"
    doubled = [plain[:place] + plain[place - 1 :] for place in (1, 2, 5, 7, 8, 11, 13, 14, 16, 18)]
    assert len({plain, *doubled}) == 11
    names = sorted([plain, *doubled, "o" * 19, "o" * 20])
    assert near(names) == {
        pair for pair in itertools.combinations(names, 2) if share(*pair) >= ALIKE
    }
    assert near(sorted(doubled)) == set(itertools.combinations(sorted(doubled), 2))


def test_a_row_of_names_is_not_compared(near):
    """Of names of which too many are equal but for one letter none is near another."""
    letters = "abcdefghijklmnopqrstuvwxyz"[: MOST_ALIKE + 1]
    row = [f"Harbourmasters {letter}elp" for letter in letters]
    assert not near(row)
    assert near(row[:2])


def test_of_many_namesakes_few_are_told(tmp_path):
    """However many artists have one name, each pair of the most popular is told, and no more."""
    count = 300
    cards = pa.table({
        "id": range(count), "rank": range(count), "title": ["Ada Marrow"] * count,
        "listens": pa.nulls(count, pa.int64()), "credit": pa.nulls(count, pa.string()),
    })  # fmt: skip
    with database(tmp_path, Machine()) as db:
        db.register("artist_card", cards)
        db.execute("CREATE TABLE settled_pair (kind TEXT, id BIGINT, other_id BIGINT)")
        map_texts(db, "name_of", sql.NAMES, name_key, tmp_path)
        map_near_names(db, tmp_path)
        found = db.execute(f"SELECT id, other_id FROM ({sql.TWINS})").fetchall()
    popular = range(sql.MOST_NAMESAKES)
    assert sorted(found) == list(itertools.combinations(popular, 2))
