"""A descriptor is read without moving it."""

import io
import os
import tempfile

import pytest

from phonotheque.audio.private_file import open_private


def test_reads_like_a_file() -> None:
    """Reads and seeks answer as those of an ordinary file, while the descriptor stays put."""
    with tempfile.TemporaryFile(buffering=0) as owner:
        owner.write(bytes(range(256)) * 1000)
        owner.seek(77)
        file, _ = open_private(owner.fileno())
        assert file.read(3) == b"\0\1\2"
        assert file.seek(-2, io.SEEK_END) == 255_998
        assert file.read() == b"\xfe\xff"
        assert file.seek(-256, io.SEEK_CUR) == 255_744
        assert file.read(1) == b"\0"
        assert os.lseek(owner.fileno(), 0, os.SEEK_CUR) == 77


def test_places_that_cannot_be() -> None:
    """Behind the end there is nothing, however far; before the start nobody can go."""
    with tempfile.TemporaryFile(buffering=0) as owner:
        owner.write(b"abc")
        file, raw = open_private(owner.fileno())
        for place in (3, 1 << 40, (1 << 63) - 1):
            file.seek(place)
            assert file.read(10) == b""
        with pytest.raises(ValueError, match="negative"):
            raw.seek(-1)
        assert raw.failure is None


def test_the_descriptor_outlives_the_view() -> None:
    """Closing the view leaves the descriptor open: it belongs to someone else."""
    with tempfile.TemporaryFile(buffering=0) as owner:
        owner.write(b"abc")
        file, _ = open_private(owner.fileno())
        file.close()
        assert os.pread(owner.fileno(), 3, 0) == b"abc"
