"""Discogs as a source: dumps in XML taken apart, in every form they ever had."""

import gzip
from xml.etree import ElementTree

import pytest
from tests.catalogue.sources.contract import ALL_FIELDS, ROWS_IN_BATCH, SourceContract, joined
from tests.catalogue.sources.discogs_dump import (
    artist,
    dump,
    element,
    identifier,
    label,
    master,
    media,
    named,
    parts,
    release,
    track,
    write_dumps,
)

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources.discogs.source import Discogs
from phonotheque.errors import BadRequestError, MalformedError


def rows_of(folder, **dumps):
    """Rows by table of some dumps, as dictionaries without nulls."""
    return plain(Discogs([write_dumps(folder, dumps)]))


def plain(source):
    return {
        name: [{k: v for k, v in row.items() if v is not None} for row in table.to_pylist()]
        for name, table in joined(source.batches()).items()
    }


def dropped(folder):
    """Reasons for which values were dropped, and rows refused, of what lies in a folder."""
    return [one.reason for batch in Discogs([folder]).batches() for one in batch.refusals]


class TestContract(SourceContract):
    """Dumps of Discogs keep the laws of every source."""

    FIELDS = ALL_FIELDS
    MEMORY_RECORDS = 800
    BAD_ROWS = (
        ("not well-formed", b'<release id="91"><title>a</titel></release>'),
        ("not well-formed", b'<release id="92"><title>a\x00b</title></release>'),
        ("not well-formed", b'<release id="93"><title>a\xffb</title></release>'),
        ("an entity that XML does not have", b'<release id="94"><title>&nbsp;</title></release>'),
        ("does not end", b'<release id="95"><title>a</title>'),
        ("without a number", b'<release id="x"><title>a</title></release>'),
        ("without a name or title", b'<release id="96"><title> </title></release>'),
        ("second element", b'<release id="1"><title>again</title></release>'),
        ("no element of this dump", b"words between <b>elements</b>"),
    )

    def write(self, folder, records, bad_rows=()):
        releases = [
            release(
                record.number,
                f"Album {record.number}",
                artists=[artist(record.artist, 1_000 + int(record.artist.split()[1]))],
                released=record.date or "",
                identifiers=_identifiers(record),
                tracklist=[track("1", record.title, _clock(record.length_ms))],
            )
            for record in records
        ]
        # What is no element at all stands apart, or it would be one with the next that is none.
        write_dumps(folder, {"release": [*releases[:1], *bad_rows, *releases[1:]]})
        return Discogs([folder], elements_per_batch=ROWS_IN_BATCH)

    def write_large(self, folder, records):
        self.write(folder, records)
        # Files are read a MiB at a time: elements are made so long that the small one has that.
        (path,) = folder.iterdir()
        path.write_bytes(path.read_bytes().replace(b"<title>Album", b" " * 4_000 + b"<title>Album"))
        return Discogs([folder], elements_per_batch=100)


def _identifiers(record):
    told = (("Barcode", record.barcode), ("ISRC", record.isrc))
    return [identifier(kind, value) for kind, value in told if value]


def _clock(length_ms):
    if length_ms is None:
        return ""
    seconds, ms = divmod(abs(length_ms), 1000)
    sign = "-" if length_ms < 0 else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def test_a_release_is_taken_apart(tmp_path):
    """An element of a release gives all that is within it, and references lead there."""
    rows = rows_of(
        tmp_path,
        release=[
            release(
                249504,
                "Never Gonna",
                artists=[artist("Ada (3)", 72872, anv="A. L.", join="&"), artist("Bo", 5)],
                labels=[label("Kettle (2)", "K 001", 895), label("Kettle (2)", "none", 895)],
                formats=[media("Vinyl", 2, '12"', "Promo")],
                genres=[element("genre", "Electronic")],
                styles=[element("style", "Deep House")],
                country="UK",
                released="1987-07-00",
                master_id="96559",
                identifiers=[
                    identifier("Barcode", "4 006381 333931"),
                    identifier("Barcode", "4006381333931", "Scanned"),
                    identifier("Matrix / Runout", "PB 41447"),
                    identifier("ISRC", "GB-ARL-93-00135", "A1"),
                ],
                tracklist=[track("A1", "Side One", "3:32"), track("B", "Other", "1:02:03")],
            )
        ],
    )
    (made,) = rows["release"]
    wanted = {
        "key": 249504,
        "title": "Never Gonna",
        "date": "1987-07",
        "country": "GB",
        "status": "Promotion",
        "barcode": "04006381333931",
        "release_group": 96559,
    }
    assert wanted.items() <= made.items()
    assert [(one["key"], one["title"]) for one in rows["release_group"]] == [(96559, "Never Gonna")]
    assert [(one["name"], one.get("disambiguation")) for one in rows["artist"]] == [
        *(("Ada", "3"), ("Bo", None)),
    ]
    assert [one["name"] for one in rows["artist_credit"]] == ["A. L. & Bo"]
    named_in = [
        (one["artist"], one["name"], one["join_phrase"]) for one in rows["artist_credit_name"]
    ]
    assert named_in == [(72872, "A. L.", " & "), (5, "Bo", "")]
    assert rows["label"] == [{"key": 895, "name": "Kettle", "disambiguation": "2"}]
    assert [one.get("catalog_number") for one in rows["release_label"]] == ["K 001", None]
    assert [(one["position"], one["format"]) for one in rows["medium"]] == [
        *((1, '12" Vinyl'), (2, '12" Vinyl')),
    ]
    assert [(one["kind"], one["name"]) for one in rows["tag"]] == [
        *(("genre", "electronic"), ("style", "deep house")),
    ]
    songs = [(one["key"], one["title"], one["length"]) for one in rows["recording"]]
    assert songs == [(2495040001, "Side One", 212_000), (2495040002, "Other", 3_723_000)]
    places = [(one["recording"], one["number"], one["position"]) for one in rows["track"]]
    assert places == [(2495040001, "A1", 1), (2495040002, "B", 2)]
    assert rows["isrc"] == [{"recording": 2495040001, "isrc": "GBARL9300135"}]
    numbers = {(one["entity_type"], one["value"]) for one in rows["external_id"]}
    assert {("release", "249504"), ("artist", "72872"), ("label", "895")} <= numbers
    assert dropped(tmp_path) == []


def test_the_element_is_rebuilt_from_rows(tmp_path):
    """What was read of a release can be written down again from the rows, letter by letter."""
    written = release(
        7,
        "Alles & Nichts",
        artists=[artist("Ada (3)", 1, anv="Ada L.", join=","), artist("Bo", 2)],
        labels=[label("Kettle", "K-1", 9)],
        genres=[element("genre", "rock")],
        country="Germany",
        released="1999",
        tracklist=[
            track("1-01", "Eins", "4:45"),
            track("", "Suite", "", parts(track("2-01", "Air", "0:30"), track("2-02", "Ende"))),
        ],
    )
    rows = rows_of(tmp_path, release=[written])
    assert _rebuilt(rows) == ElementTree.canonicalize(written)


def _rebuilt(rows):
    """A release as Discogs writes it, of rows alone."""
    (one,) = rows["release"]
    artists = {row["key"]: row for row in rows["artist"]}
    credit = [
        artist(
            " ".join([who["name"], *(f"({n})" for n in [who.get("disambiguation")] if n)]),
            who["key"],
            **({"anv": row["name"]} if row["name"] != who["name"] else {}),
            **({"join": row["join_phrase"].strip()} if row["join_phrase"] else {}),
        )
        for row in rows["artist_credit_name"]
        for who in [artists[row["artist"]]]
    ]
    names = {row["key"]: row["name"] for row in rows["label"]}
    titles = {row["key"]: row["title"] for row in rows["recording"]}
    listed, suite = [], []
    for row in rows["track"]:
        length = row.get("length")
        clock = f"{length // 60_000}:{length // 1000 % 60:02}" if length else ""
        if "title" not in row:
            listed.append(track(row["number"], titles[row["recording"]], clock))
        else:
            index = titles[row["recording"]].removesuffix(f": {row['title']}")
            suite.append(track(row["number"], row["title"], clock))
    written = release(
        one["key"],
        one["title"],
        artists=credit,
        labels=[
            label(names[r["label"]], r["catalog_number"], r["label"]) for r in rows["release_label"]
        ],
        genres=[element("genre", row["name"]) for row in rows["tag"]],
        country={"DE": "Germany"}[one["country"]],
        released=one["date"],
        tracklist=[*listed, track("", index, "", parts(*suite))],
    )
    return ElementTree.canonicalize(written)


def test_headings_and_indexes(tmp_path):
    """A heading is no track; parts with places are tracks, those without are words."""
    tracks = [
        track("", "First disc"),
        track("1", "Medley", "9:00", parts(track("", "One"), track("", "Two"))),
        track("", "Suite", "", parts(track("2a", "Air"), track("2b", "Gigue"))),
    ]
    rows = rows_of(tmp_path, release=[release(1, "x", tracklist=tracks)])
    assert [one["title"] for one in rows["recording"]] == ["Medley", "Suite: Air", "Suite: Gigue"]
    assert [one.get("title") for one in rows["track"]] == [None, "Air", "Gigue"]
    assert dropped(tmp_path) == ["a heading, which is no track"]


def test_a_list_without_any_place_has_no_headings(tmp_path):
    """Where nothing has a place or a length, every line is a track."""
    tracks = [track("", "One"), track("", "Two")]
    rows = rows_of(tmp_path, release=[release(1, "x", tracklist=tracks)])
    assert [one["position"] for one in rows["track"]] == [1, 2]
    assert dropped(tmp_path) == []


@pytest.mark.parametrize(
    ("formats", "numbers", "wanted"),
    [
        ([media("CD")], ["1", "2"], [(1, 1), (1, 2)]),
        ([media("CD", 2)], ["1-01", "1-02", "2-01"], [(1, 1), (1, 2), (2, 1)]),
        ([media("Vinyl", 2)], ["A1", "B1", "C1"], [(None, 1), (None, 2), (None, 3)]),
        ([media("All Media"), media("File", 9)], ["11.b"], [(None, 1)]),
        ([], ["A1"], [(1, 1)]),
        ([media("CD", "many")], ["CD-1"], [(1, 1)]),
    ],
)
def test_media(tmp_path, formats, numbers, wanted):
    """A medium is known where a place says it or there is only one; it is never guessed."""
    tracks = [track(number, "t", "1:00") for number in numbers]
    rows = rows_of(tmp_path, release=[release(1, "x", formats=formats, tracklist=tracks)])
    found = [(one.get("medium_position"), one["position"]) for one in rows["track"]]
    assert found == wanted


@pytest.mark.parametrize(
    ("written", "kept", "is_dropped"),
    [
        ("1999-00-00", "1999", False),
        ("1999-03-00", "1999-03", False),
        ("19 May 1999", None, True),
        ("1999?", None, True),
        ("", None, False),
    ],
)
def test_dates_of_release(tmp_path, written, kept, is_dropped):
    """Zeros are what is unknown; a free text is no date, and told."""
    rows = rows_of(tmp_path, release=[release(1, "x", released=written)])
    assert rows["release"][0].get("date") == kept
    assert bool(dropped(tmp_path)) == is_dropped


@pytest.mark.parametrize(
    ("written", "code", "is_dropped"),
    [
        ("US", "US", False),
        ("UK", "GB", False),
        ("Worldwide", "XW", False),
        ("Gambia, The", "GM", False),
        ("Bosnia & Herzegovina", "BA", False),
        ("Unknown", None, False),
        ("UK & Europe", None, True),
        ("Atlantis", None, True),
    ],
)
def test_countries(tmp_path, written, code, is_dropped):
    """A country has its code; what is several, or none, is dropped and told."""
    rows = rows_of(tmp_path, release=[release(1, "x", country=written)])
    assert rows["release"][0].get("country") == code
    assert bool(dropped(tmp_path)) == is_dropped


def test_every_code_of_a_country_is_two_capitals():
    """The table of countries has a code before every name, and each name once."""
    from phonotheque.catalogue.sources.discogs.countries import _CODES

    assert len(_CODES) > 200
    assert all(code.isalpha() and code.isupper() and len(code) == 2 for code in _CODES.values())


def test_own_elements_say_more_than_mentions(tmp_path):
    """Artists, labels and masters are read before releases, and given once, as they say it."""
    members = [element("name", "Bo", id=5)]
    rows = rows_of(
        tmp_path,
        release=[
            release(1, "x", artists=[artist("Ada", 4)], labels=[label("K", "1", 9)], master_id=3)
        ],
        master=[master(3, "The Album", artists=[artist("Ada", 4)], year="1998")],
        artist=[named("artist", 4, "Ada", members=members), named("artist", 5, "Bo")],
        label=[
            named("label", 9, "K", sublabels=[element("label", "K Dub", id=10)]),
            named("label", 10, "K Dub"),
        ],
    )
    assert [(one["key"], one.get("type")) for one in rows["artist"]] == [(4, "Group"), (5, None)]
    assert [one["name"] for one in rows["label"]] == ["K", "K Dub"]
    (group,) = rows["release_group"]
    assert (group["title"], group["first_release_date"]) == ("The Album", "1998")
    assert dropped(tmp_path) == []


def test_earlier_forms(tmp_path):
    """Dumps of 2008 to 2011 name artists and labels without numbers, and have no root."""
    old = release(
        12,
        "Early",
        artists=[artist("Sun (3)", None, join="Vs."), artist("Moon")],
        labels=[label("Kettle", "none")],
        tracklist=[track("A", "x", "1:00", element("artists", [artist("Sun (3)")]))],
    )
    (tmp_path / "discogs_20080309_releases.xml").write_text(f"{old}\n{old.replace('12', '13')}\n")
    rows = plain(Discogs([tmp_path]))
    assert [one["key"] for one in rows["release"]] == [12, 13]
    by_name = {one["source_id"]: one for one in rows["artist"]}
    assert by_name["Sun (3)"]["key"] == key_of("Sun (3)")
    assert (by_name["Sun (3)"]["name"], by_name["Sun (3)"]["disambiguation"]) == ("Sun", "3")
    assert [one["name"] for one in rows["artist_credit"]] == ["Sun Vs. Moon", "Sun"]
    assert {one["entity_type"] for one in rows["external_id"]} == {"release"}


def test_labels_under_a_label_may_be_names_alone(tmp_path):
    """Early dumps write a label below another like one of its own: it is no element."""
    below = "<sublabels><label>Q</label> <label>R &amp; S</label></sublabels>"
    parent = f"<label><id>1</id><name>P</name>{below}</label>"
    endless = "<label><id>2</id><name>Z</name><sublabels><label>Q</label>"
    write_dumps(
        tmp_path, {"label": [parent, endless, parent.replace("1", "3"), named("label", 4, "T")]}
    )
    assert [row["key"] for row in plain(Discogs([tmp_path]))["label"]] == [1, 3, 4]
    assert dropped(tmp_path) == ["an element that does not end"]


def test_numbers_have_room_for_their_tracks(tmp_path):
    """A number of which a track's key would not fit into 63 bits is none."""
    told = {"identifiers": [identifier("ISRC", "GBARL9300135")], "tracklist": [track("1", "a")]}
    numbers = [99_999_999_999_999, 100_000_000_000_000, 10**18 - 1]
    rows = rows_of(tmp_path, release=[release(number, "x", **told) for number in numbers])
    assert [row["key"] for row in rows["release"]] == numbers[:1]
    assert rows["isrc"] == [{"recording": 999_999_999_999_990_001, "isrc": "GBARL9300135"}]
    assert dropped(tmp_path) == ["an element without a number"] * 2


def test_packed_files_and_months(tmp_path):
    """A packed dump is a dump; of two months the later one counts."""
    write_dumps(tmp_path, {"release": [release(1, "Later")]}, is_packed=True)
    before = dump("release", [release(1, "Before"), release(2, "Gone")])
    (tmp_path / "discogs_20230101_releases.xml").write_bytes(before)
    source = Discogs([tmp_path])
    assert source.terms.as_of == "2024-01-01"
    assert [one["title"] for one in plain(source)["release"]] == ["Later", "Gone"]


def test_what_is_no_dump(tmp_path):
    """A file that was named must be a dump; in a folder what is none is passed over."""
    (tmp_path / "page.html").write_text("<html><label>x</label></html>")
    with pytest.raises(BadRequestError, match="does not begin"):
        Discogs([tmp_path / "page.html"])
    with pytest.raises(BadRequestError, match="no dump of Discogs"):
        Discogs([tmp_path])
    write_dumps(tmp_path, {"release": [release(1, "x")]})
    assert len(plain(Discogs([tmp_path]))["release"]) == 1
    (tmp_path / "half.gz").write_bytes(gzip.compress(b"x" * 100)[:-9])
    with pytest.raises(MalformedError, match=r"half\.gz"):  # it may have been one
        Discogs([tmp_path])


def test_barcodes_that_differ_are_told(tmp_path):
    """A release has one barcode; another one beside it is dropped with its reason."""
    told = [identifier("Barcode", "4006381333931"), identifier("Barcode", "036000291452")]
    rows = rows_of(tmp_path, release=[release(1, "x", identifiers=told)])
    assert rows["release"][0]["barcode"] == "04006381333931"
    assert dropped(tmp_path) == ["another barcode of the release"]


def test_an_isrc_needs_its_track(tmp_path):
    """An ISRC of a release with several tracks is kept only where it names one of them."""
    told = [identifier("ISRC", "GBARL9300135", "Track 2"), identifier("ISRC", "GBARL9300136")]
    tracks = [track("1", "a", "1:00"), track("2", "b", "1:00")]
    rows = rows_of(tmp_path, release=[release(1, "x", identifiers=told, tracklist=tracks)])
    assert rows["isrc"] == [{"recording": 10002, "isrc": "GBARL9300135"}]
    assert dropped(tmp_path) == ["an ISRC that names no track"]


def test_two_dumps_behind_one_another(tmp_path):
    """Two documents in one file, or two members of gzip, are one dump; a number counts once."""
    one, other = (dump("release", [release(n, f"r{n}"), release(9, "both")]) for n in (1, 2))
    (tmp_path / "releases.xml").write_bytes(one + other)
    assert [row["key"] for row in plain(Discogs([tmp_path]))["release"]] == [1, 9, 2]
    assert dropped(tmp_path) == ["a second element of the same number"]
    (tmp_path / "releases.xml").write_bytes(gzip.compress(one) + gzip.compress(other))
    assert [row["key"] for row in plain(Discogs([tmp_path]))["release"]] == [1, 9, 2]


def test_an_artist_without_a_number_is_told(tmp_path):
    """It is known by its name alone, and the report says so."""
    alone = element("artist", [element("name", "Nobody")])
    rows = rows_of(tmp_path, artist=[named("artist", 6, "Ada"), alone])
    assert [row["name"] for row in rows["artist"]] == ["Ada", "Nobody"]
    (refusal,) = [one for batch in Discogs([tmp_path]).batches() for one in batch.refusals]
    assert (refusal.reason, refusal.is_row, refusal.sample) == (
        "no number: known by its name alone",
        False,
        "Nobody",
    )


def test_what_is_no_length_is_not_told_as_a_short_one(tmp_path):
    """Words where a length should be are no length at all, and told so."""
    rows_of(tmp_path, release=[release(1, "R", tracklist=[track("A", "Song", "abc")])])
    assert dropped(tmp_path) == ["not a length between 1 ms and 7 days"]
