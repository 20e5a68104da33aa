"""Zips of anybody's: what is meant is read, and whatever they say of themselves costs little."""

import io
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.catalogue.match.reading import zips
from phonotheque.catalogue.match.reading.formats import read_list
from phonotheque.errors import BadRequestError

LINE = b'{"artist": "Ada", "title": "Bo"}\n'


def zipped(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


def read(data):
    return list(read_list(io.BytesIO(data), "mine.zip"))


def test_months_come_in_their_order():
    """Of several files the entries are numbered through, in the order of what their names count."""
    months = {f"x/listens/2021/{month}.jsonl": LINE.replace(b"Bo", b"%d" % month) for month in
              (10, 2, 1)}  # fmt: skip
    entries = read(zipped(months))
    assert [(one.number, one.title) for one in entries] == [(1, "1"), (2, "2"), (3, "10")]


def test_the_one_list_is_meant():
    """A zip with one list gives that; what systems put beside it is none."""
    files = {"list.csv": b"artist,title\nAda,Bo\n", "__MACOSX/._list.csv": b"x", ".DS.txt": b"x"}
    assert [one.title for one in read(zipped(files))] == ["Bo"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped({"a.csv": b"x", "b.csv": b"x"}), "2 lists"),
        (zipped({"a.pdf": b"x"}), "no list"),
        (zipped({"a.jsonl": LINE}, zipfile.ZIP_LZMA), "method"),
        (zipped({"a.jsonl": LINE})[:-30], "cannot be read"),
        (zips.MAGIC + b"\x00" * 99, "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused(data, words):
    """Several lists, none, a method that may need much memory, a cut end: each is told."""
    with pytest.raises(BadRequestError, match=words):
        read(data)


def test_an_encrypted_list_is_refused():
    """One that needs a password is told, and named."""
    data = bytearray(zipped({"a.jsonl": LINE}))
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, at + 8, 1)
    with pytest.raises(BadRequestError, match=r"a\.jsonl: it is encrypted"):
        read(bytes(data))


def test_a_bomb_is_stopped(monkeypatch):
    """What unpacks to far more than its size is read no further than is allowed."""
    monkeypatch.setattr(zips, "LEAST_ALLOWED", 100_000)
    with pytest.raises(BadRequestError, match="more than 250 times"):
        read(zipped({"a.jsonl": b" " * 400_000}))


def test_a_great_directory_is_not_read(monkeypatch):
    """A directory that is larger than any of a history is refused before it is in memory."""
    monkeypatch.setattr(zips, "MOST_OF_DIRECTORY", 70_000)
    with pytest.raises(BadRequestError, match="directory"):
        read(zipped({f"{number:04}.jsonl": b"" for number in range(1_500)}))


def test_a_pipe_gives_no_zip():
    """What cannot be sought in is refused with what to do."""

    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    with pytest.raises(BadRequestError, match="not through a pipe"):
        list(read_list(Pipe(zipped({"a.jsonl": LINE})), "-"))


_WHOLE = zipped({"x/listens/2021/1.jsonl": LINE * 50, "x/listens/2021/2.jsonl": LINE * 50})


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(4, len(_WHOLE) - 1), st.integers(0, 255)), max_size=6))
def test_a_damaged_zip_is_read_or_refused(changes):
    """Whatever bytes are changed, entries come, or it is refused in our words."""
    data = bytearray(_WHOLE)
    for at, byte in changes:
        data[at] = byte
    with suppress(BadRequestError):
        read(bytes(data))
