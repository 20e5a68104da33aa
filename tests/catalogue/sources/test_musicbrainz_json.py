"""MusicBrainz's JSON dumps as a source: documents taken apart, each entity once."""

import io
import json
import lzma
import tarfile
from uuid import UUID, uuid5

import pytest
from tests.catalogue.sources.contract import ALL_FIELDS, ROWS_IN_BATCH, SourceContract, joined

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources.musicbrainz.json_dump import MusicBrainzJson
from phonotheque.errors import BadRequestError, MalformedError

SPACE = UUID("6f0c5f9e-3f0a-5b1e-9a55-0d6f6e6f7465")


def mbid(*named):
    return str(uuid5(SPACE, repr(named)))


def artist(name, **more):
    return {"id": mbid("artist", name), "name": name, "sort-name": name} | more


def credit(*named):
    """A credit of artists with join phrases: credit("A", " feat. ", "B")."""
    return [
        {
            "name": name,
            "artist": artist(name, type="Person", **{"type-id": mbid("type")}),
            "joinphrase": named[place * 2 + 1] if place * 2 + 1 < len(named) else "",
        }
        for place, name in enumerate(named[::2])
    ]


def recording(name, **more):
    return {
        "id": mbid("recording", name),
        "title": f"Title {name}",
        "length": 61_000,
        "video": False,
        "disambiguation": "",
        "artist-credit": credit("Ada"),
        "isrcs": [],
        "first-release-date": "2001-03-09",
        "tags": [{"name": "ambient", "count": 3}],
        "genres": [{"name": "ambient", "count": 3, "id": mbid("genre")}],
        "rating": {"value": 4.5, "votes-count": 2},
        "annotation": "words under another licence",
    } | more


def track(number, of, **more):
    return {
        "id": mbid("track", number),
        "number": str(number),
        "position": number,
        "title": of["title"],
        "length": of["length"],
        "artist-credit": of["artist-credit"],
        "recording": of,
    } | more


def release(name, *tracks, **more):
    return {
        "id": mbid("release", name),
        "title": f"Album {name}",
        "artist-credit": credit("Ada"),
        "release-group": {
            "id": mbid("group", name),
            "title": f"Album {name}",
            "primary-type": "Album",
            "secondary-types": ["Live", "Remix"],
            "first-release-date": "2001",
            "disambiguation": "",
            "artist-credit": credit("Ada"),
        },
        "date": "2001-03-09",
        "country": "DE",
        "status": "Official",
        "barcode": "4006381333931",
        "disambiguation": "",
        "text-representation": {"language": "deu", "script": "Latn"},
        "label-info": [
            {"catalog-number": "K-1", "label": {"id": mbid("label"), "name": "Kettle"}},
            {"catalog-number": None, "label": None},
        ],
        "media": [
            {"position": 1, "format": "CD", "title": "", "track-count": 1, "tracks": list(tracks)}
        ],
        "quality": "normal",
        "relations": [{"type": "download", "url": {"resource": "https://example.org"}}],
    } | more


def lines(*documents):
    parts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in documents]
    return b"\n".join(parts)  # the last line of a dump has no end


def archive(kind, *documents, sequence=1, schema=b"1\n"):
    """A dump as it is published: small files, the documents, and the number of their form."""
    members = {
        "TIMESTAMP": b"2026-05-20 00:10:01.52+00\n",
        "COPYING": b"public domain",
        "README": b"read me",
        "REPLICATION_SEQUENCE": f"{sequence}\n".encode(),
        "SCHEMA_SEQUENCE": b"30\n",
        f"mbdump/{kind}": lines(*documents),
        "JSON_DUMPS_SCHEMA_NUMBER": schema,
    }
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return lzma.compress(data.getvalue(), preset=0)


def rows_of(folder, **kinds):
    """Rows by table of unpacked files, as dictionaries without nulls."""
    for kind, documents in kinds.items():
        (folder / kind.replace("_", "-")).write_bytes(lines(*documents))
    return _plain(MusicBrainzJson([folder]))


def _plain(source):
    return {
        name: [{k: v for k, v in row.items() if v is not None} for row in table.to_pylist()]
        for name, table in joined(source.batches()).items()
    }


class TestContract(SourceContract):
    """JSON dumps keep the laws of every source."""

    FIELDS = ALL_FIELDS
    MEMORY_RECORDS = 150
    BAD_ROWS = (
        ("not a document in JSON", b'{"id": "x", '),
        ("not a document in JSON", b'{"id": "\xff", "title": "t"}'),
        ("not a document in JSON", b'{"id": "\\ud800", "title": "t"}'),
        ("another shape", b'{"id": 7, "title": "t"}'),
        ("another shape", b"[]"),
        ("another shape", b'{"title": "no id"}'),
        ("not a MusicBrainz identifier", b'{"id": "x", "title": "t"}'),
    )

    def write(self, folder, records, bad_rows=()):
        documents = [
            release(
                record.number,
                track(
                    1,
                    recording(
                        record.number,
                        title=record.title,
                        length=record.length_ms,
                        isrcs=[record.isrc] if record.isrc else [],
                        **{"artist-credit": credit(record.artist), "first-release-date": None},
                    ),
                    length=None,
                ),
                date=record.date,
                barcode=record.barcode,
            )
            for record in records
        ]
        (folder / "release").write_bytes(lines(*documents[:1], *bad_rows, *documents[1:]))
        return MusicBrainzJson([folder], rows_per_batch=ROWS_IN_BATCH * 7)

    def write_large(self, folder, records):
        self.write(folder, records)
        # Files are read a MiB at a time: documents are made so long that the small one has that.
        padded = [one.ljust(8_000) for one in (folder / "release").read_bytes().split(b"\n")]
        (folder / "release").write_bytes(b"\n".join(padded))
        return MusicBrainzJson([folder], rows_per_batch=400, stretch_bytes=1 << 14)


def test_a_release_is_taken_apart(tmp_path):
    """A document of a release gives all that is within it, and references lead there."""
    song = recording("r", isrcs=["DEABC0100001"], length=61_234)
    rows = rows_of(tmp_path, release=[release("x", track(1, song))])
    (made,) = rows["release"]
    assert made["key"] == key_of(mbid("release", "x"))
    assert made["mbid"] == UUID(mbid("release", "x")).bytes
    wanted = {
        "title": "Album x",
        "date": "2001-03-09",
        "country": "DE",
        "status": "Official",
        "barcode": "04006381333931",
        "language": "deu",
        "script": "Latn",
        "release_group": key_of(mbid("group", "x")),
    }
    assert wanted.items() <= made.items()
    (group,) = rows["release_group"]
    assert (group["primary_type"], group["secondary_types"]) == ("Album", "Live; Remix")
    assert rows["medium"] == [{"release": made["key"], "position": 1, "format": "CD"}]
    assert rows["label"][0]["name"] == "Kettle"
    assert [row["catalog_number"] for row in rows["release_label"]] == ["K-1"]
    (song,) = rows["recording"]
    assert (song["title"], song["length"]) == ("Title r", 61_234)
    assert rows["isrc"] == [{"recording": song["key"], "isrc": "DEABC0100001"}]
    (place,) = rows["track"]
    assert (place["recording"], place["release"]) == (song["key"], made["key"])
    assert (place["number"], place["position"], place["medium_position"]) == ("1", 1, 1)


def test_what_a_track_repeats_is_left_out(tmp_path):
    """A track has a title and a credit of its own only where they differ from the recording's."""
    song = recording("r")
    other = track(2, song, title="Otherwise", **{"artist-credit": credit("Ada B.")})
    rows = rows_of(tmp_path, release=[release("x", track(1, song), other)])
    assert [row.get("title") for row in rows["track"]] == [None, "Otherwise"]
    named = {row["key"]: row["name"] for row in rows["artist_credit"]}
    assert [named.get(row.get("artist_credit")) for row in rows["track"]] == [None, "Ada B."]


def test_join_phrases_stay_as_they_are(tmp_path):
    """Who is named together, and what stands between, comes letter by letter."""
    both = credit("Ada", " feat. ", "Bo")
    rows = rows_of(tmp_path, recording=[recording("r", **{"artist-credit": both})])
    assert [row["name"] for row in rows["artist_credit"]] == ["Ada feat. Bo"]
    found = [(r["position"], r["name"], r["join_phrase"]) for r in rows["artist_credit_name"]]
    assert found == [(0, "Ada", " feat. "), (1, "Bo", "")]


def test_tracks_before_and_behind(tmp_path):
    """The track before the first and data tracks are tracks."""
    names = ["p", "a", "d"]
    pregap, first, data = (track(n, recording(name)) for n, name in enumerate(names))
    medium = {"position": 1, "pregap": pregap, "tracks": [first], "data-tracks": [data]}
    rows = rows_of(tmp_path, release=[release("x", media=[medium])])
    assert [row["position"] for row in rows["track"]] == [0, 1, 2]


def test_each_entity_once(tmp_path):
    """What stands on many releases is given once, with what was said first; its places all."""
    song = recording("r", isrcs=["DEABC0100001"])
    documents = [release(n, track(1, song), track(2, song)) for n in range(20)]
    rows = rows_of(tmp_path, release=documents)
    assert [len(rows[name]) for name in ("recording", "artist", "label", "isrc")] == [1, 1, 1, 1]
    assert len(rows["track"]) == 40


def test_its_own_document_says_more(tmp_path):
    """An artist's own document goes before what stands in credits, wherever the files lie."""
    ada = artist(
        "Ada",
        type="Person",
        country=None,
        area={"name": "Berlin", "iso-3166-2-codes": ["DE-BE"]},
        **{"life-span": {"begin": "1999-00-00", "end": None, "ended": False}},
    )
    rows = rows_of(tmp_path, release=[release("x", track(1, recording("r")))], artist=[ada])
    (row,) = rows["artist"]
    assert (row["type"], row["area"], row["begin_date"]) == ("Person", "Berlin", "1999")


@pytest.mark.parametrize(
    ("more", "area"),
    [
        ({"country": "DE", "area": {"name": "Germany"}}, "DE"),
        ({"country": None, "area": {"name": "Germany", "iso-3166-1-codes": ["DE"]}}, "DE"),
        ({"country": None, "area": None}, None),
        ({}, None),
    ],
)
def test_areas(tmp_path, more, area):
    """A country is its code, another place its name."""
    (row,) = rows_of(tmp_path, artist=[artist("Ada", **more)])["artist"]
    assert row.get("area") == area


def test_nothing_under_another_licence_is_read(tmp_path):
    """Tags, genres, ratings and annotations are not in any row: they are not CC0."""
    source = rows_of(tmp_path, recording=[recording("r")])
    assert not {"tag", "popularity"} & set(source)
    assert "ambient" not in repr(source)
    assert "another licence" not in repr(source)
    terms = MusicBrainzJson([tmp_path]).terms
    assert (terms.name, terms.licence) == (
        "musicbrainz",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    )


def test_a_second_document_is_refused(tmp_path):
    """Two documents of one entity: the first stays, the second is counted, its tracks too."""
    one, two = release("x", track(1, recording("r"))), release("x", track(1, recording("s")))
    (tmp_path / "release").write_bytes(lines(one, two))
    batches = list(MusicBrainzJson([tmp_path]).batches())
    assert sum(batch.refused for batch in batches) == 1
    assert joined(batches)["track"].num_rows == 1
    (refusal,) = [one for batch in batches for one in batch.refusals]
    assert refusal.place == "mbdump/release, line 2"


def test_the_newer_of_two_dumps_is_taken(tmp_path):
    """A full dump with an hourly one after it: of two documents the newer is taken."""
    old, new = recording("r", title="Old"), recording("r", title="New")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "recording.tar.xz").write_bytes(archive("recording", old, sequence=99))
    (tmp_path / "b" / "recording.tar.xz").write_bytes(archive("recording", new, sequence=100))
    rows = _plain(MusicBrainzJson([tmp_path]))
    assert [row["title"] for row in rows["recording"]] == ["New"]


def test_a_published_archive(tmp_path):
    """An archive as it is published tells its date; kinds that are not read are passed over."""
    (tmp_path / "release.tar.xz").write_bytes(archive("release", release("x")))
    (tmp_path / "event.tar.xz").write_bytes(archive("event", {"id": mbid("event")}))
    source = MusicBrainzJson([tmp_path])
    assert source.terms.as_of == "2026-05-20"
    assert [row["title"] for row in _plain(source)["release"]] == ["Album x"]


def test_another_form_is_refused(tmp_path):
    """Documents of a form that is not known are refused with the number of the form."""
    (tmp_path / "release.tar.xz").write_bytes(archive("release", release("x"), schema=b"2\n"))
    with pytest.raises(MalformedError, match="form"):
        list(MusicBrainzJson([tmp_path]).batches())


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_truncated_archive_is_refused(tmp_path, share):
    """An archive that ends early is refused by name, however much of it was read."""
    whole = archive("release", *(release(n, track(1, recording(n))) for n in range(50)))
    (tmp_path / "release.tar.xz").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(MalformedError, match=r"release\.tar\.xz"):
        list(MusicBrainzJson([tmp_path]).batches())


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_flipped_bit_is_found(tmp_path, share):
    """A changed bit in an archive is found by its digest, and refused by name."""
    whole = bytearray(archive("release", *(release(n) for n in range(50))))
    whole[int(len(whole) * share)] ^= 1
    (tmp_path / "release.tar.xz").write_bytes(whole)
    with pytest.raises(MalformedError, match=r"release\.tar\.xz"):
        list(MusicBrainzJson([tmp_path]).batches())


def test_a_very_long_line_is_passed_over(tmp_path):
    """A line of 17 MiB is refused as a row; those before and after it are read."""
    long = b'{"id": "' + b"x" * (17 << 20)
    (tmp_path / "release").write_bytes(lines(release("a"), long, release("b")))
    batches = list(MusicBrainzJson([tmp_path]).batches())
    assert sum(batch.refused for batch in batches) == 1
    assert joined(batches)["release"].num_rows == 2


def test_deep_nesting_is_refused(tmp_path):
    """A document that is nested without end is refused as a row."""
    deep = b'{"id": "x", "relations": ' + b"[" * 200_000
    (tmp_path / "release").write_bytes(lines(deep, release("b")))
    batches = list(MusicBrainzJson([tmp_path]).batches())
    assert sum(batch.refused for batch in batches) == 1


def test_nothing_to_read_is_refused(tmp_path):
    """A folder without dumps and a path that is not there are refused."""
    with pytest.raises(BadRequestError, match="no JSON dump"):
        MusicBrainzJson([tmp_path])
    with pytest.raises(BadRequestError, match="no such file"):
        MusicBrainzJson([tmp_path / "absent"])


def test_a_track_without_a_recording_is_told(tmp_path):
    """A track that leads nowhere is told as a value of its release, which stays."""
    lost = track(1, recording("r"), recording=None)
    (tmp_path / "release").write_bytes(lines(release("x", lost)))
    batches = list(MusicBrainzJson([tmp_path]).batches())
    assert joined(batches)["release"].num_rows == 1
    assert [one.reason for batch in batches for one in batch.refusals] == [
        "a track without a recording"
    ]
