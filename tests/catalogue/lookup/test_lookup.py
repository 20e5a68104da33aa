"""Looking things up: every identifier leads to the card that the snapshot has for it."""

from __future__ import annotations

import subprocess
import sys
import uuid

import pyarrow.parquet as pq
import pytest

from catalogue.lookup.snapshots import mbid, write_snapshot, write_synthetic
from phonotheque.catalogue import cards
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.build import build_lookup
from phonotheque.catalogue.lookup.card import Card, Tombstone
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.music.identifiers import Gtin, Isrc


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    """A synthetic snapshot of 3,000 tracks, and its look-up file, open."""
    folder = tmp_path_factory.mktemp("synthetic")
    write_synthetic(folder, 3_000)
    build_lookup(folder, folder / "ids.db")
    with Lookup(folder / "ids.db") as lookup:
        yield folder, lookup


def rows_of(folder, name):
    return pq.read_table(folder / name).to_pylist()


@pytest.mark.parametrize("kind", list(Kind))
def test_a_card_has_all_that_the_snapshot_has_of_it(synthetic, kind):
    """Every column of every card is as it was, found by rank, by id and by gid."""
    folder, lookup = synthetic
    rows = rows_of(folder, f"cards/{kind}")
    assert lookup.count(kind) == len(rows)
    found = lookup.cards_at(kind, [row["rank"] for row in rows])
    for row, card in zip(rows, found, strict=True):
        assert card.gid == gid_of("synthetic", kind, str(row["id"]))
        facts = {name: getattr(card, name) for name in cards.SCHEMA.names}
        assert facts | {"genres": list(card.genres)} == row | {"genres": row["genres"] or []}
    assert lookup.cards_of_ids(kind, [row["id"] for row in rows]) == found
    named = {card.id: (card.title, card.gid) for card in found}
    assert lookup.names_of_ids(kind, [*named, 1 << 40]) == named
    assert lookup.by_gids([card.gid for card in found]) == found


def test_texts_are_those_of_the_cards(synthetic):
    """The searcher's texts are title and credit of each rank, also of ranks that are not there."""
    folder, lookup = synthetic
    rows = rows_of(folder, "cards/recording")[:50]
    texts = lookup.texts_at(Kind.RECORDING)
    wanted = [(row["title"], row["credit"]) for row in rows]
    assert texts([row["rank"] for row in rows]) == wanted
    assert texts([3, 9_999_999, 1]) == [wanted[2], ("", ""), wanted[0]]


def test_an_isrc_leads_to_all_its_recordings_most_popular_first(synthetic):
    """Answers of every ISRC are the recordings that have it, in order of rank."""
    folder, lookup = synthetic
    rank_of = {row["id"]: row["rank"] for row in rows_of(folder, "cards/recording")}
    wanted: dict[str, list[int]] = {}
    for row in rows_of(folder, "tables/isrc"):
        wanted.setdefault(row["isrc"], []).append(rank_of[row["recording"]])
    assert any(len(ranks) > 1 for ranks in wanted.values())
    for code, ranks in wanted.items():
        assert [card.rank for card in lookup.by_isrc(Isrc(code))] == sorted(ranks)


def test_barcodes_and_catalogue_numbers_lead_to_their_releases(synthetic):
    """Answers of every barcode and catalogue number are the releases that have it."""
    folder, lookup = synthetic
    for row in rows_of(folder, "tables/release"):
        if row["barcode"]:
            found = lookup.by_barcode(Gtin.parse(row["barcode"]))
            assert row["id"] in {card.id for card in found}
            assert {card.barcode for card in found} == {row["barcode"]}
    for row in rows_of(folder, "tables/release_label"):
        found = lookup.by_catalog_number(row["catalog_number"].lower().replace(" ", "-"))
        assert row["release"] in {card.id for card in found}


def test_a_thousand_at_once_are_answered_as_each_alone(synthetic):
    """Every door for many gives, in the order asked for, what the door for one gives."""
    folder, lookup = synthetic
    releases, labelled = rows_of(folder, "tables/release"), rows_of(folder, "tables/release_label")
    isrcs = [Isrc(row["isrc"]) for row in rows_of(folder, "tables/isrc")[:1_000]]
    isrcs.insert(7, Isrc("FRZ999999999"))
    assert lookup.by_isrcs(isrcs) == [lookup.by_isrc(isrc) for isrc in isrcs]
    barcodes = [Gtin.parse(row["barcode"]) for row in releases if row["barcode"]][:1_000]
    assert lookup.by_barcodes(barcodes) == [lookup.by_barcode(one) for one in barcodes]
    numbers = ["[none]", *(row["catalog_number"] for row in labelled[:300]), "nobody's 1"]
    found = lookup.by_catalog_numbers(numbers)
    assert found == [lookup.by_catalog_number(number) for number in numbers]
    assert (found[0], found[-1]) == ([], [])
    gids = [gid_of("synthetic", "recording", str(n)) for n in range(2_500, 500, -1)]
    gids.insert(3, uuid.UUID(int=1))
    assert lookup.by_gids(gids) == [lookup.by_gid(gid) for gid in gids]
    assert lookup.by_gids([]) == lookup.by_isrcs([]) == []


def test_tracks_stand_in_the_order_of_their_release(synthetic):
    """Every release has the recordings of the table `track`, at their positions."""
    folder, lookup = synthetic
    wanted: dict[int, list[tuple[int, int]]] = {}
    for row in rows_of(folder, "tables/track"):
        wanted.setdefault(row["release"], []).append((row["position"], row["recording"]))
    for release, places in wanted.items():
        tracks = lookup.tracks_of(release)
        assert [(track.position, track.recording.id) for track in tracks] == sorted(places)
    assert lookup.tracks_of(10**9) == []


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_of_an_artist_are_his_recordings_each_once_in_order(synthetic, size):
    """Going on after the last rank seen gives all recordings that name an artist, by popularity."""
    folder, lookup = synthetic
    credit_of = {row["id"]: row["artist_credit"] for row in rows_of(folder, "tables/recording")}
    rank_of = {row["id"]: row["rank"] for row in rows_of(folder, "cards/recording")}
    of_artist: dict[int, set[int]] = {}
    named = {}
    for row in rows_of(folder, "tables/artist_credit_name"):
        named.setdefault(row["artist_credit"], set()).add(row["artist"])
    for recording, credit in credit_of.items():
        for artist in named[credit]:
            of_artist.setdefault(artist, set()).add(rank_of[recording])
    for artist in sorted(of_artist, key=lambda one: -len(of_artist[one]))[:3]:
        seen: list[int] = []
        while page := lookup.recordings_of(artist, after=seen[-1] if seen else 0, limit=size):
            seen += [card.rank for card in page]
        assert seen == sorted(of_artist[artist])


def test_long_lists_are_paged_over_the_ends_of_their_rows(tmp_path):
    """An artist with 1,000 recordings has them all, whatever the page begins after."""
    count = 1_000
    write_snapshot(
        tmp_path,
        {
            Kind.ARTIST: [{"id": 1, "title": "A"}, {"id": 2, "title": "B"}],
            Kind.RECORDING: [{"id": n, "title": f"{n}", "artist": 2} for n in range(count)],
        },
        {
            "artist": [{"id": n, "key": n, "name": "x"} for n in (1, 2)],
            "artist_credit_name": [{"artist_credit": 1, "position": 0, "artist": 2}],
            "recording": [{"id": n, "key": n, "artist_credit": 1} for n in range(count)],
        },
    )
    build_lookup(tmp_path, tmp_path / "ids.db")
    with Lookup(tmp_path / "ids.db") as lookup:
        for after in (0, 1, 255, 256, 257, 511, 512, 990, 1_000, 5_000):
            ranks = [card.rank for card in lookup.recordings_of(2, after=after, limit=300)]
            assert ranks == list(range(after + 1, count + 1))[:300]
        assert lookup.recordings_of(1) == []
        assert lookup.recordings_of(3) == []


def world(**changes):
    """Two sources that know one recording; alpha names things by number, beta by text or MBID."""
    rows = {
        "recording": [
            {"id": 0, "key": 70, "title": "One"},
            {"id": 3, "key": 71, "title": "Two"},
            {"id": 1, "source": 2, "key": 5, "source_id": "uno", "title": "One!"},
            {"id": 400, "source": 2, "key": 6, "mbid": mbid(6).bytes, "title": "Mbid"},
        ],
        "release": [
            {"id": 9, "key": 9, "title": "Album", "barcode": "04006408262121"},
            {"id": 10, "source": 2, "key": 1, "title": "Raw", "barcode": "B-17"},
        ],
        "label": [{"id": 2, "key": 2, "name": "Imprint"}],
        "release_label": [
            {"release": 9, "label": 2, "catalog_number": "IMP 001"},
            {"release": 9, "label": 2, "catalog_number": "IMP-CD-001"},
            {"release": 10, "label": 2, "catalog_number": "[none]"},
        ],
        "isrc": [
            {"recording": 0, "isrc": "USRC17607839"},
            {"recording": 1, "source": 2, "isrc": "DEA230000001"},
            {"recording": 3, "isrc": "DEA230000001"},
            {"recording": 3, "isrc": "not an isrc"},
            {"recording": 99, "isrc": "DEA230000001"},
        ],
        "external_id": [
            {"entity_type": "recording", "entity": 1, "scheme": "discogs", "value": "r1"},
            {"entity_type": "label", "entity": 2, "scheme": "discogs", "value": "r1"},
            {"entity_type": "work", "entity": 2, "scheme": "discogs", "value": "r1"},
        ],
        "track": [
            {"release": 9, "recording": 3, "medium_position": 2, "position": 1, "number": "B1"},
            {"release": 9, "recording": 0, "medium_position": 1, "position": 1, "title": "Eins"},
            {"release": 9, "recording": 99, "medium_position": 1, "position": 2},
        ],
    }
    of_kind = {
        Kind.RECORDING: [
            {"id": 3, "title": "Two"},
            {"id": 0, "title": "One", "release": 9, "isrc": "USRC17607839"},
            {"id": 400, "title": "Mbid"},
        ],
        Kind.RELEASE: [
            {"id": 10, "title": "Raw", "barcode": "B-17"},
            {"id": 9, "title": "Album", "barcode": "04006408262121"},
        ],
        Kind.LABEL: [{"id": 2, "title": "Imprint"}],
    }
    return of_kind, rows | changes, [("recording", 1, 0)]


@pytest.fixture
def two_sources(tmp_path):
    """The look-up file of `world`."""
    write_snapshot(tmp_path, *world())
    build_lookup(tmp_path, tmp_path / "ids.db")
    with Lookup(tmp_path / "ids.db") as lookup:
        yield lookup


def test_every_gid_of_a_group_leads_to_the_groups_card(two_sources):
    """A member is found by its own gid, ISRC and external identifier; the card is the group's."""
    member = gid_of("beta", "recording", "uno")
    group = two_sources.by_gid(gid_of("alpha", "recording", "70"))
    assert isinstance(group, Card)
    assert group.id == 0
    assert two_sources.by_gid(member) == group
    assert two_sources.cards_of_ids(Kind.RECORDING, [1]) == [group]
    assert two_sources.names_of_ids(Kind.RECORDING, [1]) == {1: (group.title, group.gid)}
    assert {card.id for card in two_sources.by_isrc(Isrc("DEA230000001"))} == {0, 3}
    many = two_sources.by_externals([("x", "r1"), ("discogs", "r1"), ("discogs", "R1")])
    assert [len(cards) for cards in many] == [0, 2, 0]
    assert [(card.kind, card.id) for card in two_sources.by_external("Discogs", "r1")] == [
        (Kind.LABEL, 2),
        (Kind.RECORDING, 0),
    ]


def test_an_mbid_is_the_gid_of_what_has_one(two_sources):
    """A row with an MBID is found by it, and not by what would be made of its key."""
    card = two_sources.by_gid(mbid(6))
    assert isinstance(card, Card)
    assert (card.id, card.gid) == (400, mbid(6))
    assert two_sources.by_gid(gid_of("beta", "recording", "6")) is None


def test_all_catalogue_numbers_and_odd_barcodes(two_sources):
    """A release is found by each of its numbers; a barcode that is no GTIN is shown as written."""
    assert [card.id for card in two_sources.by_catalog_number("imp cd 001")] == [9]
    assert [card.id for card in two_sources.by_catalog_number("IMP001")] == [9]
    assert two_sources.by_catalog_number("[none]") == []
    assert [card.id for card in two_sources.by_barcode(Gtin.parse("4006408262121"))] == [9]
    assert two_sources.cards_of_ids(Kind.RELEASE, [10])[0].barcode == "B-17"
    assert [card.id for card in two_sources.releases_of_label(2)] == [10, 9]


def test_tracks_keep_what_is_printed(two_sources):
    """Media, printed numbers and titles are kept; a recording that is absent leaves its place."""
    printed = [
        (track.medium_position, track.position, track.number, track.title, track.recording)
        for track in two_sources.tracks_of(9)
    ]
    one, two = two_sources.cards_of_ids(Kind.RECORDING, [0, 3])
    assert printed == [
        (1, 1, None, "Eins", one),
        (1, 2, None, None, None),
        (2, 1, "B1", None, two),
    ]


def test_what_is_not_there_is_answered_by_nothing(two_sources):
    """Unknown numbers of every kind give nothing; those beside them in a batch are found."""
    assert two_sources.by_gid(uuid.uuid4()) is None
    assert two_sources.by_isrc(Isrc("FRZ999999999")) == []
    assert two_sources.by_barcode(Gtin.parse("96385074")) == []
    assert two_sources.by_external("x", "\ud800") == []
    assert two_sources.cards_at(Kind.ARTIST, [1, 2]) == []
    found = two_sources.cards_of_ids(Kind.RECORDING, [-1, 400, 2, 10**12, 3])
    assert [card.id for card in found] == [400, 3]


def test_a_gid_that_was_given_up_leads_to_its_heir(tmp_path):
    """Redirects are followed through 16 steps; a circle leads nowhere and is counted."""
    heir = gid_of("alpha", "recording", "70").bytes
    chain = [uuid.UUID(int=n).bytes for n in range(1, 17)]
    circle = [uuid.UUID(int=n << 8).bytes for n in (1, 2)]  # ends in a zero byte
    pairs = [*zip(chain, [*chain[1:], heir], strict=True), (circle[0], circle[1])]
    pairs += [(circle[1], circle[0]), (uuid.UUID(int=99).bytes, chain[0])]
    redirects = [{"entity_type": "recording", "old_gid": old, "new_gid": new} for old, new in pairs]
    write_snapshot(tmp_path, *world(gid_redirect=redirects))
    build_lookup(tmp_path, tmp_path / "ids.db")
    with Lookup(tmp_path / "ids.db") as lookup:
        cards_found = lookup.by_gids([uuid.UUID(bytes=gid) for gid in chain])
        assert [card.id for card in cards_found] == [0] * 16
        assert lookup.by_gid(uuid.UUID(int=99)) is None  # one step too many
        assert lookup.by_gid(uuid.UUID(bytes=circle[0])) is None


def test_what_was_withdrawn_is_answered_by_its_tombstone(tmp_path):
    """A removed gid says so, also when an old gid leads to it, and even if rows are left."""
    gone = gid_of("alpha", "recording", "70")
    old = uuid.UUID(int=5)
    moved = {"entity_type": "recording", "old_gid": old.bytes, "new_gid": gone.bytes}
    removal = {"entity_type": "recording", "gid": gone.bytes, "reason": "asked for"}
    write_snapshot(tmp_path, *world(gid_redirect=[moved], removal=[removal, removal]))
    build_lookup(tmp_path, tmp_path / "ids.db")
    with Lookup(tmp_path / "ids.db") as lookup:
        stone = Tombstone(gid=gone, entity_type="recording", reason="asked for")
        assert lookup.by_gids([gone, old]) == [stone, stone]


def test_asking_needs_neither_arrow_nor_numpy():
    """A command that looks one thing up does not wait for the libraries of the build."""
    code = (
        "import sys, phonotheque.catalogue.lookup.reader;"
        "print([name for name in ('pyarrow', 'duckdb', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
