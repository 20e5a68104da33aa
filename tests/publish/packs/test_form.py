"""What a pack says of itself is read back as it was written, and nothing else is believed."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.memory import MemoryDisk
from phonotheque.disk import write_whole
from phonotheque.errors import FormatTooNewError, MalformedError, NotHeldError
from phonotheque.publish.names import number_of
from phonotheque.publish.packs.form import (
    FORMAT,
    KEY_COLUMNS,
    MAX_ITEM_BYTES,
    MAX_LINE_BYTES,
    Entry,
    Head,
    PackKind,
    decode_entry,
    decode_head,
    encode_entry,
    encode_head,
    pack_files,
    pack_name,
    read_sums,
)

HEAD = Head(
    FORMAT,
    PackKind.PATCHES,
    "x-patches-all-00001",
    "archive",
    "X",
    3,
    "patches.bin.zst",
    99,
    (*KEY_COLUMNS, "original"),
    "0" * 64,
    "tdm",
)
KEYS = st.text("0123456789abcdef-", min_size=1, max_size=64).filter(lambda key: key[0] != "-")


@given(
    KEYS, st.integers(0, 1 << 40), st.integers(1, MAX_ITEM_BYTES), st.lists(st.text(), max_size=7)
)
def test_a_line_of_the_index_comes_back(key, offset, size, texts):
    """Numbers and key are read as written; whatever text stands beside them, a line stays one."""
    line = encode_entry(Entry(key, offset, size, "0123456789abcdef", tuple(texts)))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert len(line) <= MAX_LINE_BYTES
    read = decode_entry(line[:-1], "index")
    assert (read.key, read.offset, read.size_bytes) == (key, offset, size)
    assert len(read.extra) == len(texts)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"abc",
        b"abc\t1\t2",
        b"abc\tone\t2\tv",
        b"abc\t-1\t2\tv",
        b"abc\t0\t0\tv",
        b"abc\t0\t99999999999\tv",
        b"../etc\t0\t1\tv",
        b"\xff\t0\t1\tv",
        b"A\t0\t1\tv",
    ],
)
def test_a_line_that_is_none_is_refused(line):
    """What cannot be a line is refused before anything is sought or read."""
    with pytest.raises(MalformedError):
        decode_entry(line, "index")


def test_a_head_comes_back():
    """What a pack says of itself is read as it was written."""
    assert decode_head(encode_head(HEAD), "pack.json") == HEAD


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"format": FORMAT + 1}, FormatTooNewError),
        ({"kind": "songs"}, MalformedError),
        ({"content": "../../secret"}, MalformedError),
        ({"content": "facts.jsonl.zst"}, MalformedError),
        ({"columns": ["key"]}, MalformedError),
        ({"items": "many"}, MalformedError),
        ({"format": None}, MalformedError),
    ],
)
def test_a_head_that_cannot_be_is_refused(change, error):
    """Another file than the kind's own, another form, a later form: each is refused by name."""
    said = msgspec.json.decode(encode_head(HEAD)) | change
    with pytest.raises(error):
        decode_head(msgspec.json.encode(said), "pack.json")


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 9999, b"\xff", b" " * (2 << 20)])
def test_what_is_no_head_is_refused(data):
    """Any other bytes, however many or deep, are refused."""
    with pytest.raises(MalformedError):
        decode_head(data, "pack.json")


def test_names_count():
    """A name tells archive, kind and number."""
    name = pack_name("small", PackKind.ART, 12)
    assert name == "small-art-all-00012"
    assert number_of(name) == 12


@pytest.mark.parametrize(
    "line", ["", "xyz  a", f"{'0' * 64}  ../a", f"{'0' * 64}  /a", f"{'0' * 64}  a/../../b"]
)
def test_digests_lead_nowhere_else(line):
    """A list of digests that names a file outside of the pack is refused."""
    disk = MemoryDisk()
    disk.make_folder("pack")
    write_whole(disk, "pack/SHA256SUMS", f"{'0' * 64}  fine\n{line}\n".encode())
    with pytest.raises(MalformedError):
        read_sums(disk, "pack")


def test_a_pack_that_lacks_a_file_is_told():
    """The files of a pack are those that its digests name, and all of them are there."""
    disk = MemoryDisk()
    for folder in ("published", "published/packs", "published/packs/p"):
        disk.make_folder(folder)
    write_whole(disk, "published/packs/p/SHA256SUMS", f"{'0' * 64}  a\n".encode())
    with pytest.raises(NotHeldError):
        pack_files(disk, "p")
    write_whole(disk, "published/packs/p/a", b"12")
    assert [(one.path, one.size_bytes) for one in pack_files(disk, "p")] == [
        ("SHA256SUMS", 68),
        ("a", 2),
    ]
