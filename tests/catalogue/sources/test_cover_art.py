"""Indexes of the Cover Art Archive as a source: addresses of pictures, and no picture."""

import json
from uuid import UUID, uuid5

import pytest
from tests.catalogue.sources.contract import ROWS_IN_BATCH, Record, SourceContract, joined

from phonotheque.catalogue.sources.cover_art.source import CoverArt

SPACE = UUID("6f0c5f9e-3f0a-5b1e-9a55-0d6f6e6f7465")


def mbid(name):
    return str(uuid5(SPACE, str(name)))


def image(release, number, **more):
    address = f"https://coverartarchive.org/release/{mbid(release)}/{number}"
    sizes = {"250": "-250", "500": "-500", "1200": "-1200", "small": "-250", "large": "-500"}
    return {
        "id": number,
        "types": ["Front"],
        "front": True,
        "back": False,
        "approved": True,
        "comment": "",
        "edit": 1,
        "image": f"{address}.jpg",
        "thumbnails": {name: f"{address}{size}.jpg" for name, size in sizes.items()},
    } | more


def index(release, *images):
    return {"images": list(images), "release": f"https://musicbrainz.org/release/{mbid(release)}"}


def put(folder, *documents):
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in documents]
    (folder / "index.jsonl").write_bytes(b"\n".join(lines))
    return CoverArt([folder / "index.jsonl"], rows_per_batch=ROWS_IN_BATCH * 2)


def rows_of(folder, *documents):
    return {
        name: [{k: v for k, v in row.items() if v is not None} for row in table.to_pylist()]
        for name, table in joined(put(folder, *documents).batches()).items()
    }


class TestContract(SourceContract):
    """Indexes keep the laws of every source; a record's title is the comment of its picture."""

    FIELDS = frozenset(("title",))
    MEMORY_RECORDS = 4_000
    BAD_ROWS = (
        ("not a document in JSON", b'{"images": [], '),
        ("another shape", b'{"images": []}'),
        ("another shape", b'{"images": {}, "release": "x"}'),
        ("not a MusicBrainz identifier", b'{"images": [], "release": "https://x.example/y"}'),
        ("second index", json.dumps(index(1)).encode()),
    )

    def write(self, folder, records, bad_rows=()):
        documents = [index(one.number, image(one.number, 1, comment=one.title)) for one in records]
        return put(folder, *documents[:1], *bad_rows, *documents[1:])

    def records_of(self, tables):
        rows = tables["artwork"].to_pylist()
        nothing = dict.fromkeys(Record.__dataclass_fields__)
        return [nothing | {"title": row["comment"]} for row in rows]


def test_an_index_is_rebuilt_from_rows(tmp_path):
    """All that is read of an index can be put together again from the rows."""
    told = index(
        "r",
        image("r", 7, comment="in colour"),
        image("r", 8, types=["Back", "Spine"], front=False, approved=False),
    )
    rows = rows_of(tmp_path, told)
    (release,) = rows["release"]
    assert release["mbid"] == UUID(mbid("r")).bytes
    rebuilt = [
        image(
            "r",
            int(row["number"]),
            types=row["types"].split("; "),
            front=row["is_front"],
            approved=row["is_approved"],
            comment=row.get("comment", ""),
            image=row["address"],
            thumbnails={
                name: row[f"thumbnail_{size}"]
                for name, size in (
                    *((size, size) for size in ("250", "500", "1200")),
                    *(("small", "250"), ("large", "500")),
                )
            },
        )
        for row in rows["artwork"]
        if row["entity"] == release["key"]
    ]
    assert rebuilt == told["images"]
    assert [row["position"] for row in rows["artwork"]] == [1, 2]


def test_the_front_is_a_type(tmp_path):
    """A picture that is told to be the front has that type, whether the list says so or not."""
    rows = rows_of(tmp_path, index("r", image("r", 1, types=[]), image("r", 2, types=None)))
    assert [row["types"] for row in rows["artwork"]] == ["Front", "Front"]


def test_earlier_names_of_thumbnails(tmp_path):
    """Thumbnails may have words for names; a length goes before a word."""
    both = {
        "small": "http://x.example/s",
        "500": "http://x.example/5",
        "large": "http://x.example/l",
    }
    (row,) = rows_of(tmp_path, index("r", image("r", 1, thumbnails=both)))["artwork"]
    assert (row["thumbnail_250"], row["thumbnail_500"]) == (
        "http://x.example/s",
        "http://x.example/5",
    )
    assert "thumbnail_1200" not in row


@pytest.mark.parametrize(
    "address", ["", "ftp://x.example/a", "javascript:alert(1)", 'https://x.example/"', "x" * 3_000]
)
def test_an_address_is_one_of_the_web(tmp_path, address):
    """A picture without an address that a browser may follow is dropped and told."""
    source = put(tmp_path, index("r", image("r", 1, image=address), image("r", 2)))
    (batch,) = source.batches()
    assert [one.reason for one in batch.refusals] == ["a picture without an address of the web"]
    assert batch.rows["artwork"].num_rows == 1


@pytest.mark.parametrize("bad", [{"id": 4}, {"id": 4, "image": 7}, 5, None, "picture"])
def test_one_bad_picture_costs_no_other(tmp_path, bad):
    """A picture of another shape is refused for itself, with its index's line; the others of its
    release stay, each at its place."""
    source = put(tmp_path, index("r", image("r", 1), bad, image("r", 3)))
    (batch,) = source.batches()
    assert batch.rows["artwork"]["position"].to_pylist() == [1, 3]
    (refusal,) = batch.refusals
    assert (refusal.reason, refusal.is_row) == ("a picture of another shape", False)
    assert json.loads(refusal.sample) == bad
