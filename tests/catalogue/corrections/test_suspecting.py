"""What looks wrong is listed, with both values, and what is as it should be is not."""

from datetime import date
from uuid import UUID

import pytest

from catalogue.build.small import build_small, by, song, together, write_source
from phonotheque.catalogue.corrections.suspecting import (
    Doubt,
    Settled,
    command_for,
    suspicions,
    words_for,
)

TODAY = date(2026, 11, 22)


def heard(key, count):
    return {"entity_type": "recording", "entity": key, "measure": "listens", "period": "all",
            "total_listen_count": count}  # fmt: skip


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory):
    """A snapshot in which one of everything is wrong, and its likes are right."""
    root = tmp_path_factory.mktemp("doubtful")
    people = [
        by(1, "Ada Marrow"), by(2, "Ada Marow"), by(3, "ADA MARROW"),
        by(4, "Aya", begin_date="1980", end_date="1979"), by(5, "Ava", begin_date="1685-03-21"),
        by(6, "Harbour Lights", disambiguation="of Hull"),
        by(7, "Harbour Light", disambiguation="of Kiel"), by(8, "椎名林檎", begin_date="2300-13"),
    ]  # fmt: skip
    records = {
        "recording": [
            song(20, "Harbour", length=200_000, first_release_date="1999"),
            song(21, "Other Lights", 2, length=100_000, first_release_date="2093-01"),
            song(22, "Harbour (2011 Remaster)", 3, length=230_000, first_release_date="1750"),
            song(23, "Harbour Song", 4, length=201_000),
            song(24, "Long", 4, length=100_000), song(25, "Short", 4, length=20_000),
        ],
        "isrc": [{"recording": key, "isrc": "DEA111100001"} for key in (20, 21, 22, 23)],
        "release": [{"key": 40, "title": "R", "artist_credit": 4, "date": "2026-11-22"}],
        "track": [
            {"recording": 24, "release": 40, "position": 1, "length": 109_000},
            {"recording": 25, "release": 40, "position": 2, "length": 24_000},
            {"recording": 20, "release": 40, "position": 3, "length": 215_000},
        ],
        "popularity": [heard(20, 900), heard(21, 50)],
    }  # fmt: skip
    write_source(root, "plain", together(*people, records))
    return build_small(root)


def told(snapshot, doubt):
    found = suspicions(snapshot, [doubt], TODAY, 100)
    return [(one.title, one.field, one.value, one.other) for one in found]


def test_one_isrc_on_different_songs(doubtful):
    """Told is what differs in title and length from the most heard song of the ISRC; a remaster,
    and a song of nearly the same length, are not."""
    assert told(doubtful, Doubt.ISRC) == [
        ("Other Lights", "isrcs", "DEA111100001", "Harbour by Ada Marrow")
    ]


def test_one_recording_with_different_lengths(doubtful):
    """More than 10 s apart, or more than a tenth: 100 s and 109 s are one length, 20 s and 24 s
    are not."""
    assert told(doubtful, Doubt.LENGTH) == [
        ("Harbour", "length", "200000 ms", "215000 ms"),
        ("Short", "length", "20000 ms", "24000 ms"),
    ]


def test_dates_that_cannot_be(doubtful):
    """In the future, before anything was recorded, an end before its beginning, no date at all;
    today is no future, and people may be born whenever."""
    assert told(doubtful, Doubt.DATE) == [
        ("Other Lights", "first_release_date", "2093-01", "in the future"),
        ("Aya", "end_date", "1979", "before its beginning in 1980"),
        ("椎名林檎", "begin_date", "2300-13", "no such date"),
        (
            *("Harbour (2011 Remaster)", "first_release_date", "1750"),
            "before 1857, when nothing was recorded yet",
        ),
    ]


def test_artists_with_nearly_one_name(doubtful):
    """A letter more in a name of many, or other capitals; not in short names, nor where both say
    what tells them apart."""
    assert told(doubtful, Doubt.TWINS) == [
        ("Ada Marrow", "name", "Ada Marrow", "ADA MARROW"),
        ("Ada Marrow", "name", "Ada Marrow", "Ada Marow"),
        ("Ada Marow", "name", "Ada Marow", "ADA MARROW"),
    ]


def test_what_is_settled_makes_room(doubtful):
    """A field that somebody looked at, and a pair that somebody decided on, however it is named,
    are left out before the limit counts."""
    length, *_ = suspicions(doubtful, [Doubt.LENGTH], TODAY, 1)
    first, *_ = suspicions(doubtful, [Doubt.TWINS], TODAY, 1)
    settled = Settled(
        frozenset({(length.kind, length.id, "length"), (length.kind, length.id, "title")}),
        frozenset({(first.kind, first.other_id, first.id)}),
    )
    (next_length,) = suspicions(doubtful, [Doubt.LENGTH], TODAY, 1, settled)
    assert next_length.title == "Short"
    twins = suspicions(doubtful, [Doubt.TWINS], TODAY, 100)
    assert suspicions(doubtful, [Doubt.TWINS], TODAY, 100, settled) == twins[1:]
    isrc = suspicions(doubtful, [Doubt.ISRC], TODAY, 1, settled)
    assert isrc == suspicions(doubtful, [Doubt.ISRC], TODAY, 1)


def test_every_pair_of_namesakes_comes_up(tmp_path):
    """However many artists have one name, and whether or not something tells some of them apart:
    until all pairs are settled of which one artist is bare, there are further ones to look at."""
    told_apart = [{}] * 7 + [{"disambiguation": f"of {town}"} for town in ("Hull", "Kiel") * 3]
    people = [by(key, "Ada Marrow", **more) for key, more in enumerate(told_apart, 1)]
    write_source(tmp_path, "plain", together(*people))
    snapshot = build_small(tmp_path)
    pairs = frozenset()
    while found := suspicions(snapshot, [Doubt.TWINS], TODAY, 1000, Settled(pairs=pairs)):
        pairs |= {(one.kind, one.id, one.other_id) for one in found}
    assert len({frozenset(ends) for _, *ends in pairs}) == 7 * 6 // 2 + 7 * 6


def test_all_doubts_are_one_list(doubtful):
    """The most heard first, so many of each at most, each with a command that takes one side."""
    found = suspicions(doubtful, list(Doubt), TODAY, 1)
    assert [one.doubt for one in found] == [Doubt.ISRC, Doubt.LENGTH, Doubt.TWINS, Doubt.DATE]
    assert [one.listens for one in found] == sorted((one.listens for one in found), reverse=True)
    gid, other = UUID(int=1), UUID(int=2)
    commands = [command_for(one, gid, other, ["DEA111100002"]) for one in found]
    assert commands == [
        f"phono edit {gid} isrcs=DEA111100002",
        f"phono edit {gid} length=215000",
        f'phono catalogue merge {other} {gid} --reason "one artist, written in two ways"',
        f"phono edit {gid} first_release_date=",
    ]


def test_one_name_is_not_told_as_two(tmp_path):
    """Two artists of exactly one name are told apart from two of nearly one, and so is the reason
    that is offered."""
    people = [by(1, "U2"), by(2, "U2"), by(3, "Ada Marrow"), by(4, "ADA MARROW")]
    write_source(tmp_path, "plain", together(*people))
    found = suspicions(build_small(tmp_path), [Doubt.TWINS], TODAY, 100)
    gid = UUID(int=1)
    told = {one.title: (words_for(one), command_for(one, gid, gid).split('"')[1]) for one in found}
    assert told == {
        "U2": ("two artists with one name", "one artist, listed twice"),
        "Ada Marrow": ("two artists with nearly one name", "one artist, written in two ways"),
    }
