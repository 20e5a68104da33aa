"""Corrections in a build: they win over sources, survive them, and leave no trace when undone."""

import uuid
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from catalogue.build.small import (
    CHOICES,
    build_small,
    by,
    cards,
    links,
    song,
    table,
    together,
    write_source,
)
from catalogue.build.test_building import album
from phonotheque.catalogue.bulk import parts_in
from phonotheque.catalogue.corrections.reading import said_of
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.build import build_lookup
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.music.identifiers import Gtin, Isrc
from phonotheque.register.catalogue_corrections import StandingCorrection
from phonotheque.register.provenance import Corrected

AT = "2026-11-21T05:00:00.000000Z"
KINDS = ("recording", "release", "artist", "label")


def fixed(kind, key, field, value, source="plain", seq=5):
    """A correction that stands; a key that is bytes is an MBID."""
    is_mbid = isinstance(key, bytes)
    gid = uuid.UUID(bytes=key) if is_mbid else gid_of(source, kind, str(key))
    made = Corrected(seq, AT, field, value, "why", "p1", is_undone=False)
    return StandingCorrection(kind, gid, "" if is_mbid else source, made)


def build(root, *corrections, **more):
    return build_small(root, replace(CHOICES, corrections=corrections, **more))


def card(snapshot, title, kind="recording"):
    (found,) = [one for one in cards(snapshot, kind) if one["title"] == title]
    return found


def bytes_of_cards(snapshot):
    return {kind: [part.read_bytes() for part in parts_in(snapshot.cards(kind))] for kind in KINDS}


ALL = [
    fixed("recording", 20, "title", "Won"),
    fixed("recording", 20, "length", "123000"),
    fixed("recording", 20, "isrcs", '["DEA111100008","DEA111100009"]'),
    fixed("recording", 21, "first_release_date", "1960-01"),
    fixed("recording", 22, "credit", "Somebody & Co."),
    fixed("recording", 22, "genres", '["polka","blues"]'),
    fixed("release", 10, "country", "IT"),
    fixed("release", 10, "barcode", ""),
    fixed("release", 11, "date", "1950"),
    fixed("release", 11, "barcode", "[none]"),
    fixed("artist", 1, "name", "Someone"),
    fixed("artist", 1, "begin_date", ""),
    fixed("label", 30, "name", "Imprint"),
]


@pytest.fixture(scope="module")
def corrected(tmp_path_factory):
    """A snapshot of one source with one of everything, much of it corrected."""
    root = tmp_path_factory.mktemp("corrected")
    write_source(root, "plain", album())
    return build(root, *ALL, make_lookup=build_lookup)


def test_what_was_corrected_is_on_the_cards(corrected):
    """Every kind of field counts before what the source says, also where it is taken away."""
    won, two, loose = (card(corrected, title) for title in ("Won", "Two", "Loose"))
    assert (won["length"], won["isrc"], won["credit"]) == (123_000, "DEA111100008", "Someone")
    assert won["release_title"] == "Again"  # the other release is later now
    assert two["year"] == 1960
    assert (loose["credit"], loose["genres"]) == ("Somebody & Co.", ["polka", "blues"])
    first = card(corrected, "First", "release")
    assert (first["country"], first["barcode"], first["label"]) == ("IT", None, "Imprint")
    again = card(corrected, "Again", "release")
    assert (again["year"], again["barcode"]) == (1950, "[none]")  # a text that looks like a list
    assert card(corrected, "Someone", "artist")["year"] is None
    assert [one["title"] for one in cards(corrected, "label")] == ["Imprint"]


def test_sources_stay_as_they_are_and_corrections_are_told(corrected):
    """No row of a source says anything else; what was corrected stands in a file of its own."""
    assert {row["title"] for row in table(corrected, "recording")} == {"One", "Two", "Loose"}
    assert [row["isrc"] for row in table(corrected, "isrc")] == ["DEA111100001"]
    rows = pq.read_table(corrected.tables / "corrections.parquet").to_pylist()
    assert len(rows) == len(ALL)
    told = [(row["value"], row["reason"]) for row in rows if row["field"] == "barcode"]
    assert told == [(None, "why"), ("[none]", "why")]
    said = said_of(corrected, Kind.RECORDING, [card(corrected, "Won")["id"]])
    (one,) = said.values()
    assert one.values == {
        "title": "One", "credit": "Somebody", "length": "100000", "isrcs": '["DEA111100001"]',
    }  # fmt: skip
    assert one.gids == {gid_of("plain", "recording", "20"): "plain"}


def test_numbers_are_looked_up_as_corrected(corrected):
    """An ISRC or barcode that was taken away leads nowhere, one that was given leads there."""
    with Lookup(corrected.ids) as lookup:
        for code, titles in (("DEA111100001", []), ("DEA111100009", ["Won"])):
            assert [one.title for one in lookup.by_isrc(Isrc(code))] == titles
        assert lookup.by_barcode(Gtin.parse("4006381333931")) == []


def test_a_correction_survives_an_import_and_ends_when_it_is_undone(tmp_path):
    """Whatever a source says next, the correction counts, also of what was away for a while; the
    same ones make nothing new; undone, the cards are the bytes that they were before."""
    write_source(tmp_path, "plain", album())
    before = bytes_of_cards(build(tmp_path))
    again = album()
    again["recording"][0]["title"] = "Uno"
    again["recording"].pop()
    write_source(tmp_path, "plain", again, generation=2)
    made = build(tmp_path, *ALL)
    assert {one["title"] for one in cards(made)} == {"Won", "Two"}
    lost = gid_of("plain", "recording", "22")
    assert str(lost) in (made.folder / "identity.json").read_text()
    assert build(tmp_path, *ALL) == made
    write_source(tmp_path, "plain", album(), generation=3)
    assert card(build(tmp_path, *ALL), "Loose")["credit"] == "Somebody & Co."
    undone = build(tmp_path)
    assert bytes_of_cards(undone) == before
    assert not (undone.tables / "corrections.parquet").exists()


def mbid(number):
    return bytes([*range(15), number])


def claimed(recording, number):
    """A row that knows an MBID as somebody else's identifier: its own gid is made of its key."""
    return {"entity_type": "recording", "entity": recording, "scheme": "musicbrainz",
            "value": str(uuid.UUID(bytes=mbid(number)))}  # fmt: skip


def named(credit, position, artist, name, join_phrase=""):
    return {"artist_credit": credit, "position": position, "artist": artist, "name": name,
            "join_phrase": join_phrase}  # fmt: skip


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """A snapshot of two sources that have much in common, corrected by whichever gid."""
    root = tmp_path_factory.mktemp("linked")
    plain = {
        "recording": [
            song(20, "One", mbid=mbid(1)), song(21, "Two", mbid=mbid(2)),
            song(22, "Three", mbid=mbid(3)), song(23, "Moorings", length=90_000),
            song(24, "Harbour", length=80_000), song(25, "Five", mbid=mbid(5)),
            song(26, "Solo", 2), song(27, "Together", 4), song(28, "Initials", 5),
        ],
        "artist_credit": [{"key": 4, "name": "Ada Marow & Bo"}, {"key": 5, "name": "A. M."}],
        "artist_credit_name": [
            named(4, 0, 2, "Ada Marow", " & "), named(4, 1, 3, "Bo"), named(5, 0, 2, "A. M."),
        ],
        "gid_redirect": [
            {"entity_type": "recording", "old_gid": mbid(4), "new_gid": mbid(5)}
        ],
    }  # fmt: skip
    second = {
        "recording": [
            song(70, "Uno", 50, length=5000, mbid=mbid(1)), song(71, "Due", 50, length=6000),
            song(72, "Tre", 50), song(73, "Morings", 50, length=90_000),
            song(74, "Harbor", 50, length=80_000),
        ],
        "external_id": [claimed(71, 2), claimed(72, 3)],
    }  # fmt: skip
    people = by(1, "Odile Marrow"), by(2, "Ada Marow"), by(3, "Bo")
    write_source(root, "plain", together(*people, plain))
    write_source(root, "second", together(by(50, "Odile Marrow"), second))
    return build(
        root,
        fixed("recording", mbid(1), "title", "Right", seq=1),
        fixed("recording", mbid(1), "length", "", seq=2),
        fixed("recording", 71, "title", "Right, too", "second", seq=3),
        fixed("recording", 71, "length", "", "second", seq=4),
        fixed("recording", 72, "title", "Early", "second", seq=5),
        fixed("recording", mbid(3), "title", "Late", seq=6),
        fixed("recording", mbid(3), "length", "1000", seq=7),
        fixed("recording", 72, "length", "2000", "second", seq=8),
        fixed("recording", 73, "title", "Moorings", "second", seq=9),
        fixed("recording", mbid(4), "title", "Led on", seq=10),
        fixed("artist", 2, "name", "Ada Marrow", seq=11),
    )


@pytest.mark.parametrize("title", ["Right", "Right, too"])
def test_a_correction_of_one_is_one_of_all_that_are_linked(linked, title):
    """Whichever row has the gid, and whoever speaks for them, the card says what was corrected;
    what was taken away is not taken from another source."""
    assert card(linked, title)["length"] is None
    assert not {"One", "Uno", "Two", "Due"} & {one["title"] for one in cards(linked)}


def test_of_two_gids_of_one_thing_the_newest_counts(linked):
    """Two people corrected two rows that turned out to be one: the later line counts."""
    assert card(linked, "Late")["length"] == 2000


def test_titles_are_linked_as_corrected(linked):
    """Two sources spell a title in two ways; corrected they are one, and uncorrected two."""
    assert card(linked, "Moorings")
    assert card(linked, "Harbour")["id"] != card(linked, "Harbor")["id"]
    reasons = {one["reason"] for one in links(linked) if one["entity_type"] == "recording"}
    assert "title, credit and length" in reasons


def test_a_gid_that_was_given_up_leads_on(linked):
    """A source merged the thing into another: its correction counts for that one."""
    assert card(linked, "Led on")


def test_every_gid_that_was_given_up_leads_on_both_ways(tmp_path):
    """Through others, and to a gid that was made here: a build follows each correction to the
    thing, and the thing is asked for all of those gids; what a row still has leads to that row."""
    gone, kept = gid_of("plain", "recording", "99"), gid_of("plain", "recording", "26")
    pairs = [(mbid(3), mbid(4)), (mbid(4), mbid(5)), (mbid(6), mbid(5)), (gone.bytes, kept.bytes)]
    moved = [{"entity_type": "recording", "old_gid": old, "new_gid": new} for old, new in pairs]
    songs = [song(25, "Five", mbid=mbid(5)), song(26, "Own"), song(27, "Six", mbid=mbid(6))]
    rows = {"recording": songs, "gid_redirect": [*moved, {**moved[1], "entity_type": "release"}]}
    write_source(tmp_path, "plain", together(by(1, "Odile Marrow"), rows))
    away = fixed("recording", 99, "title", "Again", seq=12)
    made = build(tmp_path, fixed("recording", mbid(3), "title", "Led on", seq=10), away)
    ids = {one["title"]: one["id"] for one in cards(made)}
    assert {"Led on", "Again"} <= set(ids)
    said = said_of(made, Kind.RECORDING, list(ids.values()))
    mbids = {n: uuid.UUID(bytes=mbid(n)) for n in (3, 4, 5)}
    assert next(iter(said[ids["Led on"]].gids)) == mbids[5]
    assert set(said[ids["Led on"]].gids) == set(mbids.values())
    assert list(said[ids["Six"]].gids) == [uuid.UUID(bytes=mbid(6))]
    assert said[ids["Again"]].gids == {kept: "plain", gone: ""}


def test_a_renamed_artist_is_renamed_where_credited_so(linked):
    """Credits that name the artist as before say the new name; what is printed otherwise stays."""
    credits = {one["title"]: one["credit"] for one in cards(linked)}
    assert credits["Solo"] == "Ada Marrow"
    assert credits["Together"] == "Ada Marrow & Bo"
    assert credits["Initials"] == "A. M."
