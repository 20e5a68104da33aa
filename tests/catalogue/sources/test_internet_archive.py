"""Items of the Internet Archive as a source: releases with rights and original sound files."""

import gzip
import json

import pytest
from backports import zstd
from tests.catalogue.sources.contract import ROWS_IN_BATCH, SourceContract, joined

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources.internet_archive.source import InternetArchive
from phonotheque.errors import BadRequestError, MalformedError


def sound(name, **more):
    """An original sound file, with its derivative's sake left out."""
    return {
        "name": name,
        "source": "original",
        "format": "Flac",
        "size": "3211264",
        "md5": "0" * 32,
        "sha1": "1" * 40,
        "crc32": "2" * 8,
        "mtime": "1293840000",
        "title": name.removesuffix(".flac"),
    } | more


def item(identifier, *files, **metadata):
    return {
        "created": 1_700_000_000,
        "dir": f"/1/items/{identifier}",
        "server": "ia800000.example",
        "metadata": {
            "identifier": identifier,
            "title": f"Title of {identifier}",
            "mediatype": "audio",
            "collection": ["netlabels", "one-label"],
            "publicdate": "2011-01-01 00:00:00",
        }
        | metadata,
        "files": list(files),
    }


def put(folder, *items):
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in items]
    (folder / "items.jsonl").write_bytes(b"\n".join(lines))
    return folder / "items.jsonl"


def plain(source):
    return {
        name: [{k: v for k, v in row.items() if v is not None} for row in table.to_pylist()]
        for name, table in joined(source.batches()).items()
    }


def rows_of(folder, *items):
    return plain(InternetArchive([put(folder, *items)]))


def reasons(folder, *items):
    batches = InternetArchive([put(folder, *items)]).batches()
    return [one.reason for batch in batches for one in batch.refusals]


class TestContract(SourceContract):
    """Items keep the laws of every source."""

    FIELDS = frozenset(("title", "artist", "length_ms", "date"))
    MEMORY_RECORDS = 300
    BAD_ROWS = (
        ("not a document in JSON", b'{"metadata": {"identifier": "x", '),
        ("not a document in JSON", b'{"metadata": {"identifier": "\xff"}}'),
        ("another shape", b'{"metadata": {"identifier": 7}}'),
        ("another shape", b'{"metadata": {"identifier": "x"}, "files": [{}]}'),
        ("without an identifier", b"{}"),
        ("withdrawn", b'{"is_dark": true, "metadata": {"identifier": "y"}}'),
        ("no sound", b'{"metadata": {"identifier": "z", "mediatype": "texts", "title": "t"}}'),
        ("without a title", b'{"metadata": {"identifier": "z"}}'),
        ("second document", b'{"metadata": {"identifier": "item1", "title": "again"}}'),
    )

    def write(self, folder, records, bad_rows=()):
        items = [
            item(
                f"item{record.number}",
                sound("a.flac", title=record.title, length=_seconds(record.length_ms)),
                creator=record.artist,
                date=record.date,
            )
            for record in records
        ]
        path = put(folder, *items[:1], *bad_rows, *items[1:])
        return InternetArchive([path], rows_per_batch=ROWS_IN_BATCH * 12)

    def write_large(self, folder, records):
        self.write(folder, records)
        path = folder / "items.jsonl"
        padded = [one.ljust(16_000) for one in path.read_bytes().split(b"\n")]
        path.write_bytes(b"\n".join(padded))
        return InternetArchive([path], rows_per_batch=400)


def _seconds(length_ms):
    return None if length_ms is None else f"{length_ms / 1000:.3f}"


def test_an_item_is_taken_apart(tmp_path):
    """An item is a release with its licence, its subjects and its original sound files."""
    rows = rows_of(
        tmp_path,
        item(
            "dt006",
            sound("dt006_01.flac", title="Orange Horizon", track="1/2", length="245.1"),
            sound("dt006_01.mp3", source="derivative", format="VBR MP3"),
            sound("dt006 02.mp3", format="VBR MP3", title=None, track="02", length="03:21"),
            sound("cover.jpg", format="JPEG"),
            creator=["Valliam", "Bo"],
            date="2009-05-00",
            licenseurl="http://creativecommons.org/licenses/by-nc-nd/3.0",
            rights="see above",
            subject="Ambient; drone;ambient",
        ),
    )
    (made,) = rows["release"]
    assert (made["source_id"], made["title"], made["date"]) == (
        "dt006",
        "Title of dt006",
        "2009-05",
    )
    assert rows["rights"] == [
        {
            "entity_type": "release",
            "entity": key_of("dt006"),
            "licence": "https://creativecommons.org/licenses/by-nc-nd/3.0/",
            "raw": "http://creativecommons.org/licenses/by-nc-nd/3.0",
        }
    ]
    assert [one["name"] for one in rows["artist_credit"]] == ["Valliam, Bo"]
    assert [one["name"] for one in rows["artist"]] == ["Valliam", "Bo"]
    songs = [(one["source_id"], one["title"], one["length"]) for one in rows["recording"]]
    assert songs == [
        ("dt006/dt006_01.flac", "Orange Horizon", 245_100),
        ("dt006/dt006 02.mp3", "dt006 02.mp3", 201_000),
    ]
    places = [(one["position"], one["number"]) for one in rows["track"]]
    assert places == [(1, "1/2"), (2, "02")]
    files = [
        (one["address"], one["codec"], one["size_bytes"], one["state"]) for one in rows["file"]
    ]
    assert files == [
        ("https://archive.org/download/dt006/dt006_01.flac", "flac", 3_211_264, "elsewhere"),
        ("https://archive.org/download/dt006/dt006%2002.mp3", "mp3", 3_211_264, "elsewhere"),
    ]
    called = {(one["entity_type"], one["scheme"], one["value"]) for one in rows["external_id"]}
    assert called == {
        ("release", "archive.org", "dt006"),
        ("recording", "md5", "0" * 32),
        ("recording", "sha1", "1" * 40),
    }
    assert [(one["kind"], one["name"]) for one in rows["tag"]] == [
        *(("other", "ambient"), ("other", "drone")),
        *(("collection", "netlabels"), ("collection", "one-label")),
    ]


def test_the_item_is_rebuilt_from_rows(tmp_path):
    """What was read of an item can be put together again from the rows."""
    told = item(
        "ca200_vx",
        sound("1.flac", title="Eins", track="1", length="61.5", artist="Ada"),
        sound("2.flac", title="Zwei", track="2", length="7", artist="Bo"),
        creator="Ada",
        date="2010-02",
        licenseurl="https://creativecommons.org/licenses/by/4.0/",
        subject=["dub", "ambient"],
    )
    rows = rows_of(tmp_path, told)
    (release,) = rows["release"]
    credits = {row["key"]: row["name"] for row in rows["artist_credit"]}
    digests = {(row["entity"], row["scheme"]): row["value"] for row in rows["external_id"]}
    files = {row["recording"]: row for row in rows["file"]}
    numbers = {row["recording"]: row["number"] for row in rows["track"]}
    rebuilt = item(
        release["source_id"],
        *(
            sound(
                one["source_id"].partition("/")[2],
                title=one["title"],
                track=numbers[one["key"]],
                length=f"{one['length'] / 1000:g}",
                artist=credits[one["artist_credit"]],
                size=str(files[one["key"]]["size_bytes"]),
                md5=digests[(one["key"], "md5")],
                sha1=digests[(one["key"], "sha1")],
            )
            for one in rows["recording"]
        ),
        title=release["title"],
        creator=credits[release["artist_credit"]],
        date=release["date"],
        licenseurl=rows["rights"][0]["raw"],
        subject=[row["name"] for row in rows["tag"] if row["kind"] == "other"],
        collection=[row["name"] for row in rows["tag"] if row["kind"] == "collection"],
    )
    assert rebuilt == told


@pytest.mark.parametrize(
    ("licenseurl", "rights", "licence", "raw"),
    [
        ("http://creativecommons.org/publicdomain/zero/1.0/", None, "zero", "licenseurl"),
        (None, "CC BY 4.0", "/by/4.0/", "rights"),
        (None, "ask the label", None, "rights"),
        ("", None, None, None),
    ],
)
def test_rights(tmp_path, licenseurl, rights, licence, raw):
    """A licence is named where it can be; the words stay, and without words there is no row."""
    told = {"licenseurl": licenseurl, "rights": rights}
    rows = rows_of(tmp_path, item("x", **told)).get("rights", [])
    assert [one["raw"] for one in rows] == ([told[raw]] if raw else [])
    assert bool(rows and rows[0].get("licence")) == bool(licence)
    assert not licence or licence in rows[0]["licence"]
    is_told = ["a licence that cannot be named"] if raw and not licence else []
    assert reasons(tmp_path, item("x", **told)) == is_told


def test_albums_of_an_item_are_media(tmp_path):
    """Where the files of an item are of several albums, each album is a medium with its title."""
    files = [sound(f"{n}.flac", album=album) for n, album in enumerate(("One", "One", "Two"))]
    rows = rows_of(tmp_path, item("x", *files))
    assert [(one["position"], one["title"]) for one in rows["medium"]] == [(1, "One"), (2, "Two")]
    places = [(one["medium_position"], one["position"]) for one in rows["track"]]
    assert places == [(1, 1), (1, 2), (2, 1)]
    assert "medium" not in rows_of(tmp_path, item("x", *files[:2]))


def test_a_closed_file_is_left_out(tmp_path):
    """A file that the Archive keeps to itself is no recording here."""
    told = item("x", sound("a.flac", private="true"), sound("b.flac"))
    assert len(rows_of(tmp_path, told)["recording"]) == 1
    assert reasons(tmp_path, told) == ["a file that is not open to all"]


def test_a_name_of_a_file_counts_once(tmp_path):
    """Of two files of one name the first is the recording, and the second is told of."""
    files = [sound("a.flac", title="First"), sound("a.flac", title="Second"), sound("b.flac")]
    told = item("x", *files)
    rows = rows_of(tmp_path, told)
    assert [one["title"] for one in rows["recording"]] == ["First", "b"]
    assert [one["position"] for one in rows["track"]] == [1, 2]
    assert len(rows["file"]) == 2
    assert reasons(tmp_path, told) == ["a second file of the same name"]


def test_an_item_of_many_albums(tmp_path):
    """As many albums as files are as many media, each in its place."""
    files = [sound(f"{n}.flac", album=f"Album {n % 3_000}") for n in range(6_000)]
    rows = rows_of(tmp_path, item("x", *files))
    assert [one["position"] for one in rows["medium"]] == [*range(1, 3_001)]
    places = [(one["medium_position"], one["position"]) for one in rows["track"]]
    assert places == [(n % 3_000 + 1, n // 3_000 + 1) for n in range(6_000)]


def test_a_folder_of_files(tmp_path):
    """Each file of a folder has an item, packed or not, on any number of lines."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a_meta.json").write_text(json.dumps(item("a"), indent=2))
    (tmp_path / "one" / "b.json.zst").write_bytes(zstd.compress(json.dumps(item("b")).encode()))
    (tmp_path / "one" / "c.json").write_text('{\n  "metadata": {"identifier": \n')
    (tmp_path / "one" / "notes.txt").write_text("words")
    source = InternetArchive([tmp_path / "one"])
    assert [one["source_id"] for one in plain(source)["release"]] == ["a", "b"]
    (batch,) = source.batches()
    assert [(one.place, one.is_row) for one in batch.refusals] == [("one/c.json, line 1", True)]
    assert batch.done_bytes == source.size_bytes
    with pytest.raises(BadRequestError, match="does not begin"):
        InternetArchive([tmp_path / "one" / "notes.txt"])
    (tmp_path / "one" / "half.gz").write_bytes(gzip.compress(b"x" * 100)[:-9])
    with pytest.raises(MalformedError, match=r"half\.gz"):  # it may have had documents
        InternetArchive([tmp_path / "one"])


def test_a_document_that_is_too_long_is_passed_over(tmp_path, monkeypatch):
    """It is refused, and what follows it is read."""
    from phonotheque.catalogue.sources.reading import json_files, lines

    for module in (json_files, lines):
        monkeypatch.setattr(module, "MOST_LINE_BYTES", 20_000)
    long = item("long", description="x" * 30_000)
    told = [item("a"), long, item("b")]
    assert [one["source_id"] for one in rows_of(tmp_path, *told)["release"]] == ["a", "b"]
    assert reasons(tmp_path, *told) == ["a line of more than 16 MiB"]
    (tmp_path / "items.jsonl").write_text(json.dumps(long, indent=1))
    batches = list(InternetArchive([tmp_path / "items.jsonl"]).batches())
    assert [batch.refused for batch in batches] == [1]


@pytest.mark.parametrize("name", ["../other/a.flac", "disc/../../x.flac", "..", "a/./b.flac"])
def test_a_file_outside_its_item_is_refused(tmp_path, name):
    """A name that leads out of its item is no file of it; dots in a name are a name."""
    good = "disc 1/...And Then.flac"
    items = (item("i", sound(good), sound(name)),)
    assert [row["address"] for row in rows_of(tmp_path, *items)["file"]] == [
        "https://archive.org/download/i/disc%201/...And%20Then.flac"
    ]
    assert reasons(tmp_path, *items) == ["a file whose name leads out of its item"]


def test_an_item_that_leads_elsewhere_is_refused(tmp_path):
    """An identifier is one name, no path."""
    assert (
        reasons(tmp_path, item("..", sound("a.flac")), item("a/b", sound("a.flac")))
        == ["an item whose identifier is a path"] * 2
    )
