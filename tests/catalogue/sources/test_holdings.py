"""Our own holdings as a source: what is held, as its makers named it, and nothing invented."""

from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalogue.sources.contract import ALL_FIELDS, ROWS_IN_BATCH, SourceContract, joined

from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.sources.holdings.source import Holdings, terms_of
from phonotheque.catalogue.sources.holdings.values import (
    Copy,
    HeldRecording,
    Like,
    language_code,
    title_of_path,
)
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags
from phonotheque.music.rights import Basis, RightsStatement, may_share_in_torrent

DAY = date(2026, 11, 21)
MBID = "7133862a-0fd3-4d1c-9cb6-3be5e051af13"
OTHER = "0ca2a698-7280-4b40-a357-ca966bbd3a96"
BY = "https://creativecommons.org/licenses/by/4.0/"


@dataclass
class Boards:
    """A shelf in memory."""

    rows: list = field(default_factory=list)
    likes: list = field(default_factory=list)

    def state(self):
        return repr((self.rows, self.likes))

    def recordings(self):
        return iter(self.rows)

    def likenesses(self):
        return iter(self.likes)


def sharing(*licences, **more):
    statements = [
        RightsStatement(
            licence=one, basis=Basis.DEPOSITOR, stated_at="2026-01-01T00:00:00Z", **more
        )
        for one in licences
    ]
    return may_share_in_torrent(statements, DAY)


def copy(number=1, tags=None, **more):
    values = {
        "sha256": Sha256(number.to_bytes(32, "big")),
        "size_bytes": 10,
        "extension": "flac",
        "path": "album/01 - Low Water.flac",
        "deposit": 1,
        "state": "held",
        "tags": tags or Tags(),
        "sharing": sharing(),
    }
    return Copy(**(values | more))


def recordings(*groups):
    return [
        HeldRecording(line, (group,) if isinstance(group, Copy) else tuple(group))
        for line, group in enumerate(groups, 1)
    ]


def rows_of(*groups, likes=()):
    """Rows by table, as dictionaries without nulls."""
    source = Holdings(Boards(recordings(*groups), list(likes)), terms_of("Test"))
    return {
        name: [{k: v for k, v in row.items() if v is not None} for row in table.to_pylist()]
        for name, table in joined(source.batches()).items()
    }


class TestContract(SourceContract):
    """Holdings keep the laws of every source."""

    FIELDS = ALL_FIELDS
    MEMORY_RECORDS = 150

    def write(self, folder, records, bad_rows=()):
        return self._source(records, ROWS_IN_BATCH)

    def write_large(self, folder, records):
        return self._source(records, 100)

    def _source(self, records, per_batch):
        groups = [
            copy(
                record.number,
                Tags(
                    title=record.title,
                    artists=(record.artist,),
                    album=f"Album {record.number}",
                    date=record.date,
                    isrcs=(record.isrc,) if record.isrc else (),
                    barcode=record.barcode,
                ),
                length_ms=record.length_ms,
            )
            for record in records
        ]
        shelf = Boards(recordings(*groups))
        return Holdings(shelf, terms_of("Test"), recordings_per_batch=per_batch)


def test_without_tags_the_name_of_the_file_stands_in():
    """A file without tags has its name for a title and nobody invented for an artist."""
    rows = rows_of(copy())
    assert [row["title"] for row in rows["recording"]] == ["Low Water"]
    assert [row["name"] for row in rows["artist_credit"]] == ["[unknown]"]
    assert [row["name"] for row in rows["artist"]] == ["[unknown]"]
    assert "release" not in rows
    assert "track" not in rows


def test_no_address_of_a_tag_comes_into_a_catalogue():
    """E-mail addresses in tags, in names of files and in licences are left out: the file has them,
    and what is published of the catalogue has not."""
    mail = "odile@example.org"
    tags = Tags(
        title=f"Low Water ({mail})", artists=(f"Odile <{mail}>", mail), album=f"Weir {mail}",
        album_artists=(mail,), label=mail, genres=(f"dub {mail}",), catalogue_number=mail,
        copyright=mail, comments=(mail,), date=mail,
    )  # fmt: skip
    rows = rows_of(
        copy(tags=tags, sharing=sharing(f"Ask {mail}")), copy(2, path=f"x/{mail} Moorings.flac")
    )
    assert "@" not in repr(rows)
    assert [row["title"] for row in rows["recording"]] == ["Low Water", "Moorings"]
    assert [row["name"] for row in rows["artist_credit"]] == ["Odile", "[unknown]"]
    assert [row["raw"] for row in rows["rights"]] == ["Ask"]


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("a/01 - Low Water.flac", "Low Water"),
        ("a/2-07. Moorings.flac", "Moorings"),
        ("07_Belt_Drive.FLAC", "Belt_Drive"),
        ("1999.flac", "1999"),
        ("99 Luftballons.flac", "99 Luftballons"),
        ("09 Luftballons.flac", "Luftballons"),
        ("1-10 Luftballons.flac", "Luftballons"),
        ("2001: A Space.flac", "2001: A Space"),
        ("Seven.flac", "Seven"),
        ("(03) Weir.flac", "(03) Weir"),
        (".flac", ".flac"),
        ("12 .flac", "12 "),
    ],
)
def test_the_title_in_a_file_name(path, title):
    """A track number and the ending are taken off the name of a file, and nothing else is."""
    assert title_of_path(path, "flac") == title


@given(st.text(), st.sampled_from(["flac", ""]))
def test_there_is_always_a_title(name, extension):
    """Whatever a file is called, its recording has a title that is not empty."""
    (row,) = rows_of(copy(path=name, extension=extension))["recording"]
    assert row["title"].strip()


def test_one_text_is_one_artist():
    """A text that names several artists is not taken apart: nobody can know where."""
    rows = rows_of(copy(tags=Tags(artists=("Simon & Garfunkel feat. Nobody",))))
    assert [row["name"] for row in rows["artist_credit_name"]] == ["Simon & Garfunkel feat. Nobody"]


def test_several_texts_are_several_artists():
    """Artists that a file names one by one stand in their order, and MBIDs go with them."""
    tags = Tags(artists=("Ada", "Bo"), musicbrainz=(("artist", MBID), ("artist", OTHER)))
    rows = rows_of(copy(tags=tags))
    assert [row["name"] for row in rows["artist_credit"]] == ["Ada; Bo"]
    found = [(r["position"], r["name"], r["join_phrase"]) for r in rows["artist_credit_name"]]
    assert found == [(0, "Ada", "; "), (1, "Bo", "")]
    assert [row["mbid"] for row in rows["artist"]] == [UUID(MBID).bytes, UUID(OTHER).bytes]


def test_mbids_that_do_not_fit_the_names_are_nobodys():
    """Two MBIDs beside one name say not whose they are: the artist is known by name."""
    tags = Tags(artists=("Ada & Bo",), musicbrainz=(("artist", MBID), ("artist", OTHER)))
    assert "mbid" not in rows_of(copy(tags=tags))["artist"][0]


def test_a_malformed_mbid_is_dropped_and_told():
    """A tag that is no MBID is told as a value; the recording keeps the identity of its bytes."""
    shelf = Boards(recordings(copy(tags=Tags(musicbrainz=(("recording", "none"),)))))
    (batch,) = Holdings(shelf, terms_of("Test")).batches()
    assert batch.rows["recording"]["mbid"].to_pylist() == [None]
    assert [(r.reason, r.place, r.is_row) for r in batch.refusals] == [
        ("not a MusicBrainz identifier", "register, line 1", False)
    ]


def test_copies_are_one_recording():
    """Copies of one payload are one recording with several files, named after the first held."""
    twice = (copy(1, Tags(title="First")), copy(2, Tags(title="Second"), size_bytes=11))
    rows = rows_of(twice)
    assert [row["title"] for row in rows["recording"]] == ["First"]
    assert [row["size_bytes"] for row in rows["file"]] == [10, 11]


def test_a_recording_outlives_its_first_copy():
    """A copy that is let go stays as a removed file; the recording keeps its identity."""
    whole = rows_of((copy(1, Tags(title="First")), copy(2, Tags(title="Second"))))
    gone = rows_of((copy(1, Tags(title="First"), state="removed"), copy(2, Tags(title="Second"))))
    assert gone["recording"][0]["key"] == whole["recording"][0]["key"]
    assert gone["recording"][0]["title"] == "Second"
    assert [row["state"] for row in gone["file"]] == ["removed", "held"]
    assert "removal" not in gone


def test_what_was_removed_is_a_tombstone():
    """A recording of which no copy is left is in no table; why and when is said."""
    left = copy(1, Tags(title="Gone"), state="removed", removed_because="court order")
    left = replace(left, removed_at="2026-10-01T08:00:00.000000Z")
    rows = rows_of(left)
    assert set(rows) == {"removal"}
    (row,) = rows["removal"]
    assert row["gid"] == gid_of("holdings", "recording", left.sha256.hex).bytes
    assert (row["reason"], row["decided_at"]) == ("court order", "2026-10-01")


def test_a_tombstone_does_not_bury_another():
    """An MBID that another recording bears lives on when one that bore it is removed."""
    tags = Tags(title="Same", musicbrainz=(("recording", MBID),))
    rows = rows_of(copy(1, tags, state="removed"), copy(2, tags))
    assert rows["recording"][0]["mbid"] == UUID(MBID).bytes
    assert rows["removal"][0]["gid"] != UUID(MBID).bytes


def test_an_mbid_names_one_recording():
    """Two recordings whose tags claim one MBID stay two: the second says so, and is not merged."""
    tags = Tags(title="Same", musicbrainz=(("recording", MBID),))
    rows = rows_of(copy(1, tags), copy(2, tags))
    assert [row.get("mbid") for row in rows["recording"]] == [UUID(MBID).bytes, None]
    claimed = [row for row in rows["external_id"] if row["scheme"] == "musicbrainz"]
    assert [(row["entity"], row["value"]) for row in claimed] == [
        (rows["recording"][1]["key"], MBID)
    ]


def test_every_copy_leads_to_its_recording():
    """The digest of each file is an identifier of the recording that it holds."""
    rows = rows_of((copy(1), copy(2, state="removed")), copy(3))
    keys = [row["key"] for row in rows["recording"]]
    assert [(row["scheme"], row["entity"], row["value"]) for row in rows["external_id"]] == [
        ("sha256", keys[which], f"{n:064x}") for n, which in ((1, 0), (2, 0), (3, 1))
    ]


@pytest.mark.parametrize("state", ["missing", "truncated", "changed", "unreadable"])
def test_what_is_not_sound_is_not_called_held(state):
    """A file that a check found wanting says so, and is free to nobody until it is mended."""
    (row,) = rows_of(copy(state=state, sharing=sharing(BY)))["file"]
    assert (row["state"], row["is_free"]) == (state, False)


# -- releases


def album(number, **more):
    values = {"title": f"T{number}", "artists": (f"A{number}",), "album": "Album"}
    path = more.pop("path", f"folder/{number}.flac")
    deposit = more.pop("deposit", 1)
    return copy(number, Tags(**(values | more)), path=path, deposit=deposit)


@pytest.mark.parametrize(
    ("one", "other", "releases"),
    [
        ({}, {}, 1),
        ({}, {"path": "elsewhere/2.flac"}, 2),
        ({}, {"deposit": 2}, 2),
        ({"album_artists": ("X",)}, {"album_artists": ("X",), "path": "elsewhere/2.flac"}, 1),
        ({"album_artists": ("X",)}, {"album_artists": ("Y",)}, 2),
        ({"barcode": "4006381333931"}, {"barcode": "4 006381 333931"}, 1),
        ({"barcode": "4006381333931"}, {"barcode": "036000291452"}, 2),
        ({"catalogue_number": "KNC-1"}, {"catalogue_number": "KNC-2"}, 2),
        ({"musicbrainz": (("release", MBID),)}, {"musicbrainz": (("release", MBID.upper()),)}, 1),
        ({"musicbrainz": (("release", MBID),)}, {"musicbrainz": (("release", OTHER),)}, 2),
        ({"album": "Album "}, {"album": "Album"}, 1),
    ],
)
def test_what_a_release_is(one, other, releases):
    """A release is its MBID, else title, maker or folder, barcode and catalogue number."""
    rows = rows_of(album(1, **one), album(2, **other))
    assert len(rows["release"]) == releases
    assert len({row["release"] for row in rows["track"]}) == releases


def test_places_on_a_release():
    """Disc and track number are taken where they are numbers that stand on sleeves."""
    rows = rows_of(
        album(1, track_number=3, disc_number=2),
        album(2, track_number=0),
        album(3, track_number=-1, disc_number=10**9),
    )
    assert [(r["medium_position"], r.get("position")) for r in rows["track"]] == [
        (2, 3),
        (1, None),
        (1, None),
    ]
    assert [row["position"] for row in rows["medium"]] == [2, 1]


def test_label_and_catalogue_number():
    """A label is given once, and each release says which number it has there."""
    both = {"label": "Kettle", "path": "x/1.flac"}
    rows = rows_of(
        album(1, catalogue_number="K-1", **both), album(2, catalogue_number="K-2", **both)
    )
    assert [row["name"] for row in rows["label"]] == ["Kettle"]
    assert [row["catalog_number"] for row in rows["release_label"]] == ["K-1", "K-2"]


# -- rights


@pytest.mark.parametrize(
    ("answer", "licence", "is_free"),
    [
        (sharing(BY), BY, True),
        (sharing("http://creativecommons.org/licenses/by/4.0"), BY, True),
        (sharing(BY, territories=("DE",)), None, False),
        (sharing(BY, valid_until="2026-12-31"), None, False),
        (sharing(BY, valid_until="2020-12-31"), None, False),
        (sharing("InC"), "http://rightsstatements.org/vocab/InC/1.0/", False),
    ],
)
def test_a_licence_is_named_when_it_holds_for_everybody(answer, licence, is_free):
    """A licence that is limited in time or place is evidence, and not called a licence."""
    rows = rows_of(copy(sharing=answer))
    assert [row.get("licence") for row in rows["rights"]] == [licence]
    assert [row["raw"] for row in rows["rights"]] == [answer.statement.licence]
    assert [row["is_free"] for row in rows["file"]] == [is_free]


def test_a_claim_in_a_file_is_no_licence():
    """What only a tag claims gives no row of rights, and nothing is free."""
    claim = RightsStatement(licence=BY, basis=Basis.CLAIM, stated_at="2026-01-01T00:00:00Z")
    rows = rows_of(copy(sharing=may_share_in_torrent([claim], DAY)))
    assert "rights" not in rows
    assert rows["file"][0]["is_free"] is False


# -- the rest of the tags


def test_isrcs_and_genres_once_each():
    """ISRCs in any disorder and genres in any case are given once."""
    tags = Tags(isrcs=("GB-AAA-99-00303", "gbaaa9900303", "nonsense"), genres=("House", "house"))
    rows = rows_of(copy(tags=tags))
    assert [row["isrc"] for row in rows["isrc"]] == ["GBAAA9900303"]
    assert [(row["name"], row["kind"]) for row in rows["tag"]] == [("house", "genre")]


@pytest.mark.parametrize(
    ("languages", "code"),
    [
        (("eng",), "eng"),
        (("GER",), "deu"),
        (("xxx",), None),
        (("eng", "deu"), None),
        (("English",), None),
        ((), None),
    ],
)
def test_the_language_of_a_recording(languages, code):
    """One language is named by its ISO 639-3 code, also when tags have the library's code."""
    assert language_code(languages) == code


def test_control_characters_do_not_pass():
    """Texts are cleaned, so that no list or terminal is upset by a tag."""
    rows = rows_of(copy(tags=Tags(title="A\x1b[31mB\x00", artists=("\x07",), album="\t")))
    assert rows["recording"][0]["title"] == "A[31mB"
    assert rows["artist_credit"][0]["name"] == "[unknown]"
    assert "release" not in rows


def test_likeness_is_handed_on():
    """What the register found alike is given with its share of differing bits."""
    one, other = copy(1), copy(2)
    rows = rows_of(one, other, likes=[Like(one.sha256, other.sha256, "likely", 0.125)])
    keys = [row["key"] for row in rows["recording"]]
    (row,) = rows["likeness"]
    assert [row["one"], row["other"]] == keys
    assert (row["likeness"], row["bit_errors"]) == ("likely", 0.125)


def test_nothing_held_gives_nothing():
    """An empty archive is a source without batches."""
    assert list(Holdings(Boards(), terms_of("Test")).batches()) == []


def test_nobodys_folders_are_told():
    """Neither the folders of a deposit nor comments in files stand in any row."""
    tags = Tags(title="T", album="A", comments=("a secret comment",), copyright="(c) me")
    rows = rows_of(copy(tags=tags, path="home/secret folder/01 secret name.flac"))
    assert "secret" not in repr(rows)
