"""Compressed files that are read at any place: the same content by any way, and damage is told."""

import io
import shutil
import subprocess
from contextlib import suppress

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.dump.seekable import SeekableReader, SeekableWriter
from phonotheque.errors import MalformedError


def packed(content, frame_bytes=1000, piece_bytes=333, jobs=1):
    out = io.BytesIO()
    writer = SeekableWriter(out.write, level=3, frame_bytes=frame_bytes, jobs=jobs)
    for start in range(0, len(content), piece_bytes):
        writer.write(content[start : start + piece_bytes])
    writer.close()
    return out.getvalue()


def unpacked(data):
    return io.BufferedReader(SeekableReader(io.BytesIO(data), "x.zst"), 64)


CONTENT = bytes(range(256)) * 40


@given(st.binary(max_size=5000), st.integers(1, 1500), st.integers(1, 2000))
def test_content_comes_back(content, frame_bytes, piece_bytes):
    """Whatever the sizes of frames and pieces, all of it comes back; any unpacker can do it."""
    data = packed(content, frame_bytes, piece_bytes)
    assert unpacked(data).read() == content
    assert zstd.decompress(data) == content


def test_threads_change_nothing():
    """Whatever the number of threads, the same bytes are written."""
    assert packed(CONTENT, jobs=1) == packed(CONTENT, jobs=3)


def test_a_writer_that_failed_writes_no_table():
    """What was cut off by an error is not closed as if it were whole."""
    out = io.BytesIO()
    with suppress(KeyError), SeekableWriter(out.write, level=1, frame_bytes=9) as writer:
        writer.write(b"x" * 100)
        raise KeyError
    with pytest.raises(MalformedError):
        unpacked(out.getvalue())


@given(st.integers(0, 12_000), st.integers(0, 3000))
def test_any_place_is_reached(start, count):
    """Reading at a place gives what stands there in the content."""
    file = unpacked(packed(CONTENT))
    file.seek(start)
    assert file.read(count) == CONTENT[start : start + count]
    file.seek(-7, io.SEEK_END)
    assert file.read() == CONTENT[-7:]


@given(st.integers(0), st.integers(1, 255))
def test_damage_is_told(place, flip):
    """A changed byte leads to an error or changes nothing that is read."""
    data = bytearray(packed(CONTENT))
    data[place % len(data)] ^= flip
    try:
        read = unpacked(bytes(data)).read()
    except MalformedError:
        return
    assert read == CONTENT


@pytest.mark.parametrize("count", [0, 1, 8, 100, -1])
def test_a_cut_file_is_refused(count):
    """Without its table a file is not read by guessing."""
    data = packed(CONTENT)
    with pytest.raises(MalformedError):
        unpacked(data[:count])


def test_the_command_line_tool_unpacks_it(tmp_path):
    """Somebody without Phonotheque uses `zstd -d`."""
    if not shutil.which("zstd"):
        pytest.skip("the command zstd is not installed")
    (tmp_path / "x.zst").write_bytes(packed(CONTENT))
    done = subprocess.run(["zstd", "-dc", tmp_path / "x.zst"], capture_output=True, check=True)
    assert done.stdout == CONTENT
