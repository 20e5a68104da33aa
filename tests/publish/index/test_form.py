"""The bytes of an index: frozen, read back as written, refused when they cannot be meant."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import FormatTooNewError, MalformedError
from phonotheque.publish.index import form
from phonotheque.publish.index.form import encode_index, index_name, read_index
from phonotheque.publish.index.lines import KINDS, SCHEMA, TIERS, Header, TorrentLine

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GOLDEN = Path(__file__).parents[2] / "golden" / "index" / "index-00002.jsonl.zst"

names = st.from_regex(r"[a-z0-9](-?[a-z0-9]){0,30}", fullmatch=True)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
counts = st.integers(0, 1 << 50)
listens = st.none() | st.integers(0, 1 << 40)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
torrent_lines = st.builds(
    TorrentLine,
    id=names,
    kind=st.sampled_from(KINDS),
    tier=st.sampled_from(TIERS),
    v2=digests,
    v1=st.binary(min_size=20, max_size=20).map(bytes.hex),
    size_bytes=counts,
    files=counts,
    items=counts,
    piece_bytes=counts,
    torrent_bytes=counts,
    torrent_sha256=digests,
    added=texts,
    basis=texts,
    licences=st.dictionaries(texts, counts, max_size=3),
    most_listens=listens,
    least_listens=listens,
    supersedes=texts,
    obsolete=texts,
    superseded_by=texts,
    web_seeds=st.lists(texts, max_size=2).map(tuple),
)


def header(lines: int, **changes: object) -> Header:
    said = {
        "schema": SCHEMA,
        "archive": "7d4f4c1e-0000-4000-8000-000000000000",
        "name": "kettle",
        "title": "Kettle & Comet",
        "seq": 2,
        "previous": "ab" * 32,
        "created": "2026-11-21T05:00:00Z",
        "expires": "2027-11-21T05:00:00Z",
        "torrents": lines,
        "size_bytes": 4096,
        "tdm": "Not licensed for training by this archive.",
        "address": "https://kettle.example/",
    }
    return Header(**{**said, **changes})  # type: ignore[arg-type]


def line(**changes: object) -> TorrentLine:
    said = {
        "id": "kettle-open-t50-00001",
        "kind": "open",
        "tier": "50",
        "v2": "11" * 32,
        "v1": "22" * 20,
        "size_bytes": 4096,
        "files": 7,
        "items": 3,
        "piece_bytes": 1 << 20,
        "torrent_bytes": 2000,
        "torrent_sha256": "33" * 32,
        "added": "2026-11-20T05:00:00Z",
        "basis": "licence",
        "licences": {"https://creativecommons.org/licenses/by/4.0/": 3},
        "most_listens": 900,
        "least_listens": 12,
    }
    return TorrentLine(**{**said, **changes})  # type: ignore[arg-type]


GOLDEN_LINES = [
    line(),
    line(
        id="kettle-nc-rest-00001",
        kind="nc",
        tier="rest",
        most_listens=None,
        least_listens=None,
        obsolete="A recording was removed.",
        superseded_by="kettle-nc-rest-00002",
    ),
    line(
        id="kettle-metadata-all-00001",
        kind="metadata",
        tier="all",
        basis="own work",
        licences={},
        most_listens=None,
        least_listens=None,
        supersedes="kettle-metadata-all-00000",
        web_seeds=("https://kettle.example/packs/",),
    ),
]


def test_the_form_is_frozen() -> None:
    """The golden index, written by version 1, is read as what it was written from."""
    assert read_index(GOLDEN.read_bytes()) == (header(3), GOLDEN_LINES)


def test_the_content_is_frozen() -> None:
    """What is written now has the content of the golden index, byte for byte."""
    written = encode_index(header(3), GOLDEN_LINES)
    assert zstd.decompress(written) == zstd.decompress(GOLDEN.read_bytes())


@given(st.lists(torrent_lines, max_size=4, unique_by=lambda one: one.id))
def test_what_was_written_is_read_back(lines: list[TorrentLine]) -> None:
    """Reading undoes writing, and the same values give the same bytes."""
    data = encode_index(header(len(lines)), lines)
    assert read_index(data) == (header(len(lines)), lines)
    assert encode_index(header(len(lines)), lines) == data


@given(st.data())
def test_a_changed_index_is_refused_or_as_it_was(data: st.DataObject) -> None:
    """A flipped byte is found by the checksum, or changes nothing of what is read."""
    whole = GOLDEN.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    with suppress(MalformedError):
        assert read_index(changed) == (header(3), GOLDEN_LINES)


@given(st.binary(max_size=200))
def test_anything_else_is_refused(data: bytes) -> None:
    """Bytes that are no index are refused with a reason, packed or not."""
    for whole in (data, zstd.compress(data)):
        with pytest.raises(MalformedError):
            read_index(whole)


def packed(*lines: bytes) -> bytes:
    return zstd.compress(b"".join(one + b"\n" for one in lines))


def encoded(value: object) -> bytes:
    return msgspec.json.encode(value)


REFUSED = {
    "a line too few": (encoded(header(2)), encoded(line())),
    "a line too many": (encoded(header(0)), encoded(line())),
    "a line twice": (encoded(header(2)), encoded(line()), encoded(line())),
    "no header": (encoded(line()),),
    "a line that is no object": (encoded(header(1)), b"[]"),
    "a path in a name": (encoded(header(1)), encoded(line(id="../../etc/passwd"))),
    "a name with capitals": (encoded(header(1)), encoded(line(id="Kettle"))),
    "no name": (encoded(header(1)), encoded(line(id=""))),
    "a kind that is none": (encoded(header(1)), encoded(line(kind="all rights reserved"))),
    "a tier that is none": (encoded(header(1)), encoded(line(tier="t50"))),
    "a digest that is none": (encoded(header(1)), encoded(line(torrent_sha256="33"))),
    "an info-hash that is none": (encoded(header(1)), encoded(line(v1="22" * 32))),
    "a count below 0": (encoded(header(1)), encoded(line(size_bytes=-1))),
    "a number without a past": (encoded(header(0, previous="")),),
    "a past without a number": (encoded(header(0, seq=1)),),
    "a past that is none": (encoded(header(0, previous="yesterday")),),
    "deep nesting": (encoded(header(1)), b'{"id":' + b"[" * 100_000),
    "not UTF-8": (encoded(header(1)), b'{"id":"\xff"}'),
}


@pytest.mark.parametrize("wrong", REFUSED, ids=str)
def test_what_cannot_be_meant_is_refused(wrong: str) -> None:
    """One line that cannot be meant refuses the index as a whole."""
    with pytest.raises(MalformedError):
        read_index(packed(*REFUSED[wrong]))


@pytest.mark.parametrize(
    "data",
    [
        packed(encoded(header(0))) + b"more",
        packed(encoded(header(0)))[:-3],
        zstd.compress(encoded(header(0))),
        zstd.compress(bytes(form.MAX_CONTENT_BYTES + 1)),
        bytes(form.MAX_BYTES + 1),
    ],
    ids=["something after it", "cut", "no newline", "a bomb", "too long"],
)
def test_a_file_that_is_none_is_refused(data: bytes) -> None:
    """Cut, continued, and bombs: refused, and no more is unpacked than an index may have."""
    with pytest.raises(MalformedError):
        read_index(data)


def test_a_newer_form_is_told_apart() -> None:
    """An index of a later program is not called damaged: the reader is told to get a newer one."""
    newer = {"schema": SCHEMA + 1, "who knows": []}
    with pytest.raises(FormatTooNewError):
        read_index(packed(json.dumps(newer).encode()))


def test_fields_of_a_later_program_are_passed_over() -> None:
    """Fields are only added: what an older program does not know does not stop it."""
    more = msgspec.to_builtins(line()) | {"mood": "wistful"}
    assert read_index(packed(encoded(header(1)), json.dumps(more).encode()))[1] == [line()]


@pytest.mark.parametrize("wrong", [header(2), header(1, seq=0)])
def test_what_cannot_be_meant_is_not_written(wrong: Header) -> None:
    """A mistake of ours is one: it never becomes a file."""
    with pytest.raises(ValueError, match=r"lines|number"):
        encode_index(wrong, [line()])


def test_names_sort_by_number() -> None:
    """Five digits keep a folder in order, and more digits go on."""
    assert [index_name(12), index_name(123456)] == [
        "index-00012.jsonl.zst",
        "index-123456.jsonl.zst",
    ]


@pytest.mark.skipif(not shutil.which("zstd"), reason="there is no zstd here")
def test_stock_tools_read_it(tmp_path: Path) -> None:
    """`zstd -dc` gives lines that any reader of JSON takes."""
    (tmp_path / "index").write_bytes(encode_index(header(3), GOLDEN_LINES))
    done = subprocess.run(["zstd", "-dc", tmp_path / "index"], capture_output=True, check=True)
    said = [json.loads(one) for one in done.stdout.splitlines()]
    assert [one.get("id", "") for one in said] == ["", *(one.id for one in GOLDEN_LINES)]


def test_a_large_index_stays_small() -> None:
    """2,000 torrents take less than 143 bytes each: the digests of a line alone are 84."""
    lines = [
        line(
            id=f"kettle-open-t50-{number:05d}",
            v2=hashlib.sha256(b"2%d" % number).hexdigest(),
            v1=hashlib.sha1(b"1%d" % number).hexdigest(),
            torrent_sha256=hashlib.sha256(b"t%d" % number).hexdigest(),
            size_bytes=31_000_000_000 + number * 7919,
            added=f"2026-11-{number % 28 + 1:02d}T{number % 24:02d}:{number % 60:02d}:00Z",
        )
        for number in range(2000)
    ]
    assert len(encode_index(header(2000), lines)) < 143 * 2000
