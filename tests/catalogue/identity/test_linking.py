"""Which entities of different sources are one."""

import json
import uuid

from catalogue.build.small import (
    build_small,
    by,
    cards,
    link_small,
    links,
    song,
    table,
    together,
    write_source,
)
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.identity.decisions import Named, merge, split
from phonotheque.catalogue.identity.reasons import CONFIDENCE, SURE_ENOUGH, Reason
from phonotheque.disk import LocalDisk

WHEN = {"at": "2024-05-06T07:08:09Z", "reason": "heard it"}
MBID = b"0123456789abcdef"


def source(base, names, artist="Somebody", **more):
    """Recordings (title, length, other columns) by one artist; keys from `base` + 1."""
    songs = [
        song(base + n, title, base, length=length, **extra)
        for n, (title, length, extra) in enumerate(names, 1)
    ]
    return together(by(base, artist), {"recording": songs}, more)


def two(root, one, other, first="holdings", second="other", make=build_small):
    write_source(root, first, one)
    write_source(root, second, other)
    return make(root)


def linked(root, one, other):
    """The same without cards."""
    return two(root, one, other, make=link_small)


def reasons(snapshot, kind="recording"):
    return [(r["reason"], r["is_joined"]) for r in links(snapshot) if r["entity_type"] == kind]


def isrc(recording):
    return {"recording": recording, "isrc": "DEA111100001"}


def test_mbid(tmp_path):
    """The same MBID is the same recording, whatever else differs."""
    made = two(
        tmp_path,
        source(1, [("A", 1000, {"mbid": MBID})]),
        source(9, [("B", 90_000, {"mbid": MBID})], "Another"),
    )
    assert reasons(made) == [(Reason.MBID, True)]
    assert [card["title"] for card in cards(made)] == ["A"]


def test_an_mbid_that_redirects(tmp_path):
    """An MBID that was given up is the one it was given up for, through all steps."""
    given_up = [
        {"entity_type": "recording", "old_gid": b"a" * 16, "new_gid": b"b" * 16},
        {"entity_type": "recording", "old_gid": b"b" * 16, "new_gid": MBID},
    ]
    made = linked(
        tmp_path,
        source(1, [("A", 1000, {"mbid": MBID})]) | {"gid_redirect": given_up},
        source(9, [("B", 90_000, {"mbid": b"a" * 16})]),
    )
    assert reasons(made) == [(Reason.MBID, True)]


def test_a_claimed_mbid_joins_within_a_source(tmp_path):
    """Two recordings that an archive holds under one MBID are one, and one with MusicBrainz's."""
    claim = {"entity_type": "recording", "entity": 3, "scheme": "musicbrainz"}
    value = str(uuid.UUID(bytes=MBID)).upper()
    nonsense = claim | {"entity": 2, "value": "not an MBID"}
    made = two(
        tmp_path,
        source(1, [("A", 1000, {"mbid": MBID}), ("B", 5000, {})])
        | {"external_id": [claim | {"value": value}, nonsense]},
        source(9, [("C", 90_000, {"mbid": MBID})], "Another"),
        second="musicbrainz",
    )
    assert {one for one, _ in reasons(made)} == {Reason.MBID, Reason.CLAIMED_MBID}
    assert [card["title"] for card in cards(made)] == ["A"]


def test_external_id(tmp_path):
    """An identifier of somebody else joins where it names one row in each source."""

    def named(key, value):
        return {"entity_type": "recording", "entity": key, "scheme": "acoustid", "value": value}

    made = linked(
        tmp_path,
        source(1, [("A", None, {}), ("B", None, {}), ("C", None, {})])
        | {"external_id": [named(2, "x"), named(3, "y"), named(4, "y")]},
        source(9, [("D", None, {}), ("E", None, {})])
        | {"external_id": [named(10, "x"), named(11, "y")]},
    )
    assert reasons(made) == [(Reason.EXTERNAL_ID, True)]


def pairs(rows, **more):
    """Recordings of which each is by somebody else: (title, length, artist)."""
    return together(
        *(source(100 * n, [(title, length, {})], artist)
          for n, (title, length, artist) in enumerate(rows, 1)),
        more,
    )  # fmt: skip


def reasons_by_title(snapshot):
    """Links of recordings by the title of the one that was first."""
    titles = {row["id"]: row["title"] for row in table(snapshot, "recording")}
    return {
        titles[r["one"]]: (r["reason"], r["is_joined"])
        for r in links(snapshot)
        if r["entity_type"] == "recording"
    }


def test_isrc_needs_length_and_title(tmp_path):
    """Codes get reused: alone an ISRC joins nothing."""
    cases = [
        ("The Remastered - 2011 Remaster", 102_000), ("Longer", 104_000), ("Unknown", None),
        ("Something Else", 100_000),
    ]  # fmt: skip
    codes = [{"recording": 100 * n + 1, "isrc": f"DEA11110000{n}"} for n in range(1, 5)]
    titles = ["Remastered", "Longer", "Unknown", "Another"]
    made = linked(
        tmp_path,
        pairs([(title, 100_000, f"One {title}") for title in titles], isrc=codes),
        pairs([(title, length, f"Other {title}") for title, length in cases], isrc=codes),
    )
    assert reasons_by_title(made) == {"Remastered": (Reason.ISRC, True)}


def test_title_credit_and_length(tmp_path):
    """Title key, credit and length join; without a length a link says so and joins nothing; rows
    credited to nobody in particular have nothing in common."""
    one = [
        ("Guest", 100_000, "Somebody"), ("Unknown", 100_000, "Second"), ("Long", 100_000, "Third"),
        ("Alive", 100_000, "Fourth"), ("Foreign", 100_000, "Fifth"),
        ("Intro", 100_000, "Various Artists"), ("Outro", 100_000, "[unknown]"),
    ]  # fmt: skip
    other = [
        ("01 - Guest (feat. X)", 101_000, "SOMEBODY"), ("Unknown", None, "Second"),
        ("Long", 110_000, "Third"), ("Alive (Live)", 100_000, "Fourth"),
        ("Foreign", 100_000, "Fifth Column"),
        ("Intro", 100_000, "Various Artists"), ("Outro", 100_000, "[unknown]"),
    ]  # fmt: skip
    made = two(tmp_path, pairs(one), pairs(other))
    assert reasons_by_title(made) == {
        "Guest": (Reason.TITLE_AND_LENGTH, True),
        "Unknown": (Reason.TITLE, False),
    }
    assert len(cards(made)) == len(one) + len(other) - 1


def test_nearest_neighbours_are_paired(tmp_path):
    """Of several takes each goes with the one that is nearest, one with one."""
    made = linked(
        tmp_path,
        source(1, [("Take", 100_000, {}), ("Take", 102_500, {})]),
        source(9, [("Take", 102_400, {}), ("Take", 100_100, {}), ("Take", 101_300, {})]),
    )
    lengths = {row["id"]: row["length"] for row in table(made, "recording")}
    pairs = sorted((lengths[r["one"]], lengths[r["other"]]) for r in links(made)
                   if r["entity_type"] == "recording")  # fmt: skip
    assert pairs == [(100_000, 100_100), (102_500, 102_400)]


def test_too_many_of_one_title_tell_nothing(tmp_path):
    """A title that one source has very often under one credit links nothing."""
    made = linked(
        tmp_path,
        source(1, [("Allegro", 60_000 + n, {}) for n in range(60)]),
        source(99, [("Allegro", 60_000, {})]),
    )
    assert reasons(made) == []


def test_releases_by_codes_and_by_tracks(tmp_path):
    """Barcode with number, barcode with title, or title, credit and number of tracks."""

    def releases(base, rows, tracks):
        return together(
            by(base, "Somebody"),
            {
                "release": [
                    {"key": base + n, "artist_credit": base, **row} for n, row in enumerate(rows)
                ],
                "label": [{"key": base, "name": "Label"}],
                "release_label": [{"release": base, "label": base, "catalog_number": tracks}],
                "track": [{"release": base + 2, "position": n} for n in range(3)],
            },
        )  # fmt: skip

    made = linked(
        tmp_path,
        releases(
            10,
            [{"title": "A", "barcode": "1"}, {"title": "B", "barcode": "2"}, {"title": "C"}],
            "x-1",
        ),
        releases(
            50,
            [{"title": "Z", "barcode": "1"}, {"title": "b", "barcode": "2"}, {"title": "c"}],
            "X 1",
        ),
    )
    assert reasons(made, "release") == [
        (Reason.BARCODE_AND_NUMBER, True),
        (Reason.BARCODE_AND_TITLE, True),
        (Reason.TITLE_AND_TRACKS, True),
    ]
    assert reasons(made, "label") == [(Reason.NAME_AND_RELEASE, True)]


def test_artists_by_a_recording_and_by_name_alone(tmp_path):
    """A name joins with a common recording beside it; alone it is a hint."""
    made = two(
        tmp_path,
        together(source(1, [("Title", 100_000, {})]), by(70, "Namesake")),
        together(source(9, [("Title", 100_000, {})]), by(80, "namesake")),
    )
    assert sorted(reasons(made, "artist")) == [
        (Reason.NAME, False),
        (Reason.NAME_AND_RECORDING, True),
    ]
    assert [card["title"] for card in cards(made, "artist")].count("Somebody") == 1
    (recording,) = cards(made)
    assert recording["artist"] in {card["id"] for card in cards(made, "artist")}


def test_fingerprints(tmp_path):
    """The same sound joins holdings of one source; what is only likely or related does not."""
    write_source(
        tmp_path,
        "holdings",
        source(1, [(t, 1000, {}) for t in "ABCD"])
        | {
            "likeness": [
                {"one": 2, "other": 3, "likeness": "same", "bit_errors": 0.02},
                {"one": 2, "other": 4, "likeness": "likely", "bit_errors": 0.12},
                {"one": 5, "other": 2, "likeness": "related", "bit_errors": 0.2},
            ]
        },
    )
    made = build_small(tmp_path)
    assert reasons(made) == [
        (Reason.SAME_SOUND, True), (Reason.LIKELY_SOUND, False), (Reason.RELATED_SOUND, False),
    ]  # fmt: skip
    assert [card["title"] for card in cards(made)] == ["A", "C", "D"]


def test_a_card_unites_its_group(tmp_path):
    """The best source speaks, others fill what it does not know; counts add up, genres unite."""

    def counted(key, count):
        return {"entity_type": "recording", "entity": key, "measure": "listens", "period": "all",
                "total_listen_count": count}  # fmt: skip

    def genre(key, name, count):
        return {
            "entity_type": "recording",
            "entity": key,
            "name": name,
            "kind": "genre",
            "count": count,
        }

    made = two(
        tmp_path,
        source(1, [("Title (Remastered)", 100_000, {})])
        | {"popularity": [counted(2, 10)], "tag": [genre(2, "rock", 1)],
           "rights": [{"entity_type": "recording", "entity": 2, "raw": "?"}]},
        source(9, [("Title", 100_500, {"first_release_date": "1999"})])
        | {"popularity": [counted(10, 5)], "tag": [genre(10, "jazz", 3), genre(10, "rock", 1)],
           "file": [{"recording": 10, "state": "held"}], "isrc": [isrc(10)],
           "rights": [{"entity_type": "recording", "entity": 10,
                       "licence": "https://creativecommons.org/licenses/by-nd/4.0/"}]},
        "musicbrainz", "holdings",
    )  # fmt: skip
    (card,) = cards(made)
    assert (card["title"], card["length"]) == ("Title", 100_500)
    assert (card["listens"], card["genres"]) == (15, ["jazz", "rock"])
    assert (card["is_held"], card["is_free"], card["year"]) == (True, True, 1999)
    assert card["isrc"] == "DEA111100001"
    assert len(table(made, "recording")) == 2
    import pyarrow.parquet as pq

    (away,) = [row for row in pq.read_table(made.tables / "canonical.parquet").to_pylist()
               if row["entity_type"] == "recording"]  # fmt: skip
    assert away["canonical"] == card["id"] != away["id"]


def test_two_of_one_source_are_not_joined_through_a_third(tmp_path):
    """A source knows its own: what links two of its rows to one of another is joined once."""
    write_source(tmp_path, "a", source(1, [("T", 100_000, {"mbid": MBID}), ("T", 100_000, {})]))
    write_source(tmp_path, "b", source(9, [("T", 100_000, {"mbid": MBID})]))
    write_source(tmp_path, "c", source(20, [("T", 100_000, {})]))
    made = build_small(tmp_path)
    sources = {row["id"]: row["source"] for row in table(made, "recording")}
    joined = [(sources[r["one"]], sources[r["other"]]) for r in links(made)
              if r["is_joined"] and r["entity_type"] == "recording"]  # fmt: skip
    assert len(cards(made)) == 2
    assert all(a != b for a, b in joined)


def gid(kind, source_name, key):
    return Named(gid_of(source_name, kind, str(key)))


def test_merged_by_hand(tmp_path):
    """After a merge two are one card, the second speaks, and the old gid redirects."""
    write_source(tmp_path, "holdings", source(1, [("A", 1000, {})]))
    write_source(tmp_path, "other", source(9, [("B", 2000, {})], "Another"))
    old, into = gid("recording", "holdings", 2), gid("recording", "other", 10)
    merge(LocalDisk(tmp_path), "recording", old, into, **WHEN)
    for generation in (2, 3):  # and it survives an import
        made = build_small(tmp_path)
        assert [card["title"] for card in cards(made)] == ["B"]
        assert reasons(made) == [(Reason.BY_HAND, True)]
        (row,) = table(made, "gid_redirect")
        assert (row["source"], row["old_gid"], row["new_gid"]) == (0, old.gid.bytes, into.gid.bytes)
        write_source(tmp_path, "holdings", source(1, [("A", 1000, {})]), generation=generation)


def titled(root):
    """Titles of a build's recordings, its redirects as pairs of gids, and what its report says of
    merges that wait."""
    made = build_small(root)
    moved = {(row["old_gid"], row["new_gid"]) for row in table(made, "gid_redirect")}
    report = json.loads((made.folder / "identity.json").read_text())
    return [card["title"] for card in cards(made)], moved, report["waiting"]


def test_a_merge_waits_while_nothing_has_its_target(tmp_path):
    """What was merged into a thing that its source dropped stands again, under its own gid, and the
    merge is told as waiting; when the thing is back, both are one as before."""
    theirs = source(9, [("B", 2000, {})], "Another")
    write_source(tmp_path, "holdings", source(1, [("A", 1000, {})]))
    write_source(tmp_path, "other", theirs)
    old, into = gid("recording", "holdings", 2), gid("recording", "other", 10)
    merge(LocalDisk(tmp_path), "recording", old, into, **WHEN)
    both = ["B"], {(old.gid.bytes, into.gid.bytes)}, []
    assert titled(tmp_path) == both
    write_source(tmp_path, "other", source(9, [], "Another"), generation=2)
    waiting = {"entity_type": "recording", "one": str(old.gid), "into": str(into.gid)}
    assert titled(tmp_path) == (["A"], set(), [waiting])
    write_source(tmp_path, "other", theirs, generation=3)
    assert titled(tmp_path) == both


def test_a_merge_stands_when_what_was_merged_is_dropped(tmp_path):
    """A gid that was merged away leads on, also where no row has it any more."""
    write_source(tmp_path, "holdings", source(1, []))
    write_source(tmp_path, "other", source(9, [("B", 2000, {})], "Another"))
    old, into = gid("recording", "holdings", 2), gid("recording", "other", 10)
    merge(LocalDisk(tmp_path), "recording", old, into, **WHEN)
    assert titled(tmp_path) == (["B"], {(old.gid.bytes, into.gid.bytes)}, [])


def test_a_merge_follows_a_target_that_was_merged_on(tmp_path):
    """By hand or by its source: what was merged into it is one with what it leads to now."""
    mbids = {name: Named(uuid.UUID(int=n)) for n, name in enumerate("MN", 1)}
    write_source(tmp_path, "holdings", source(1, [("A", 1000, {})]))
    last = [("C", 3000, {"mbid": mbids["N"].gid.bytes})]
    given_up = {"entity_type": "recording", "old_gid": mbids["M"].gid.bytes,
                "new_gid": mbids["N"].gid.bytes}  # fmt: skip
    write_source(tmp_path, "other", source(9, last, "Another") | {"gid_redirect": [given_up]})
    old, lost = gid("recording", "holdings", 2), gid("recording", "nobody", 7)
    merge(LocalDisk(tmp_path), "recording", old, lost, **WHEN)
    merge(LocalDisk(tmp_path), "recording", lost, mbids["M"], **WHEN)
    names, moved, waiting = titled(tmp_path)
    assert (names, waiting) == (["C"], [])
    assert (old.gid.bytes, lost.gid.bytes) in moved


def test_a_merge_ends_when_a_source_merges_the_other_way_round(tmp_path):
    """Then its source says it all: both gids lead to the one that stands."""
    kept, gone = (uuid.UUID(int=n) for n in (1, 2))
    back = {"entity_type": "recording", "old_gid": gone.bytes, "new_gid": kept.bytes}
    rows = source(1, [("A", 1000, {"mbid": kept.bytes})]) | {"gid_redirect": [back]}
    write_source(tmp_path, "musicbrainz", rows)
    merge(LocalDisk(tmp_path), "recording", Named(kept), Named(gone), **WHEN)
    assert titled(tmp_path) == (["A"], {(gone.bytes, kept.bytes)}, [])


def test_split_by_hand(tmp_path):
    """A split keeps two apart that everything links, also through others, and survives imports."""
    rows = [("Title", 100_000, {"mbid": MBID})]
    write_source(tmp_path, "holdings", source(1, rows))
    write_source(tmp_path, "musicbrainz", source(9, rows))
    write_source(tmp_path, "zoo", source(20, rows))
    assert len(cards(build_small(tmp_path))) == 1
    one = Named(gid_of("zoo", "recording", "21"), "zoo", "21")
    with_source = Named(gid_of("holdings", "recording", "2"), "holdings", "2")
    split(LocalDisk(tmp_path), "recording", one, with_source, **WHEN)
    for generation in (2, 3):
        made = build_small(tmp_path)
        assert len(cards(made)) == 2
        assert [joined for _, joined in reasons(made)].count(True) == 1
        write_source(tmp_path, "zoo", source(20, rows), generation=generation)


def test_circles_of_redirects_are_refused_and_told(tmp_path):
    """A circle through two sources is left out; what stands beside it stays."""

    def redirect(old, new):
        return {"entity_type": "artist", "old_gid": old * 16, "new_gid": new * 16}

    made = linked(
        tmp_path,
        source(1, []) | {"gid_redirect": [redirect(b"a", b"b"), redirect(b"x", b"a")]},
        source(9, []) | {"gid_redirect": [redirect(b"b", b"a")]},
    )
    assert [row["old_gid"] for row in table(made, "gid_redirect")] == [b"x" * 16]
    report = json.loads((made.folder / "identity.json").read_text())
    assert report["refused"] == 2
    assert len(report["examples"]) == 2


def test_decisions_on_what_nobody_has_are_told(tmp_path):
    """A gid that no entity has changes nothing and is named in the report."""
    write_source(tmp_path, "holdings", source(1, [("A", 1000, {})]))
    lost = Named(uuid.UUID(int=5))
    merge(LocalDisk(tmp_path), "recording", lost, gid("recording", "holdings", 2), **WHEN)
    made = link_small(tmp_path)
    report = json.loads((made.folder / "identity.json").read_text())
    assert report["unknown"] == [str(lost.gid)]


def test_every_reason_has_a_confidence():
    """The surer reasons come first; the bound stands between joining and hinting."""
    assert set(CONFIDENCE) == set(Reason)
    figures = [CONFIDENCE[reason] for reason in Reason]
    assert figures == sorted(figures, reverse=True)
    assert min(figures) < SURE_ENOUGH < max(figures)
