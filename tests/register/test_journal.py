"""The register as files: appending, reading, torn ends, damage."""

import pytest

from faults.memory import MemoryDisk
from phonotheque.disk import LocalDisk, make_folders
from phonotheque.errors import BrokenRegisterError, UnavailableError
from phonotheque.register import journal
from phonotheque.register.events import Deposit, Founding
from phonotheque.register.journal import (
    START,
    Journal,
    Torn,
    check_place,
    read,
    segment_path,
    set_aside,
)

AT = "2026-11-21T05:00:00.000000Z"


@pytest.fixture(params=["memory", "local"])
def disk(request, tmp_path):
    made = MemoryDisk() if request.param == "memory" else LocalDisk(tmp_path)
    make_folders(made, "register")
    return made


def write(disk, count, start=START):
    kept = Journal(disk, start)
    for number in range(count):
        event = Founding(1, "a") if kept.end.head.seq == 0 else Deposit(f"p{number}")
        kept.append(AT, [event])
    kept.close()
    return kept.end


def bytes_of(disk, segment=1):
    with disk.open(segment_path(segment)) as file:
        return file.read()


def put(disk, data, segment=1):
    disk.remove(segment_path(segment))
    writer = disk.append(segment_path(segment))
    writer.write(data)
    writer.close()


def test_what_is_appended_is_read_in_order(disk):
    """Reading gives every entry in order, and the place after the last is the journal's end."""
    end = write(disk, 5)
    found = list(read(disk))
    assert [entry.seq for entry, _ in found] == [1, 2, 3, 4, 5]
    assert found[-1][1] == end


def test_reading_goes_on_from_any_place(disk):
    """From the place after any entry, exactly the entries after it are read."""
    write(disk, 5)
    places = [place for _, place in read(disk)]
    for number, place in enumerate(places, start=1):
        assert [entry.seq for entry, _ in read(disk, place)] == list(range(number + 1, 6))


def test_a_full_segment_is_followed_by_a_new_one(disk, monkeypatch):
    """Segments stay small, and the chain runs on across them."""
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 400)
    end = write(disk, 12)
    assert end.segment > 2
    assert [entry.seq for entry, _ in read(disk)] == list(range(1, 13))


def test_a_missing_segment_is_named(disk, monkeypatch):
    """A gap in the segments is refused by the name of the one that is missing."""
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 400)
    write(disk, 12)
    disk.remove(segment_path(2))
    with pytest.raises(BrokenRegisterError, match="000002"):
        list(read(disk))


@pytest.mark.parametrize("tail", [b'{"seq":4,"pr', b"\0" * 300, b'{"seq":4\0\0\n\0\0\n', b"x"])
def test_an_interrupted_append_is_torn_not_damaged(disk, tail):
    """A last line without its newline, or blocks of zeros, are what a crash leaves."""
    end = write(disk, 3)
    put(disk, bytes_of(disk) + tail)
    *entries, torn = read(disk)
    assert len(entries) == 3
    assert torn == Torn(end, tail)


def test_a_torn_end_is_set_aside_and_never_lost(disk):
    """Its bytes are kept in register/torn/, and the register goes on as if it had not been."""
    end = write(disk, 3)
    put(disk, bytes_of(disk) + b'{"seq":4,"pr')
    *_, torn = read(disk)
    copy = set_aside(disk, torn)
    with disk.open(copy) as file:
        assert file.read() == b'{"seq":4,"pr'
    write(disk, 1, end)
    assert [entry.seq for entry, _ in read(disk)] == [1, 2, 3, 4]


def test_a_flipped_byte_is_refused_by_name_and_position(disk):
    """Damage in any line is refused with segment, line and byte; nothing is changed."""
    write(disk, 4)
    whole = bytes_of(disk)
    starts = [0, *(i + 1 for i, byte in enumerate(whole[:-1]) if byte == 10)]
    for place in range(0, len(whole) - 1, 7):
        changed = bytearray(whole)
        changed[place] ^= 0x01
        put(disk, bytes(changed))
        line = max(number for number, start in enumerate(starts, 1) if start <= place)
        if line == 4:  # a last line that still parses has nothing after it to contradict it
            continue
        with pytest.raises(BrokenRegisterError) as refused:
            list(read(disk))
        assert "000001.jsonl" in str(refused.value)
        named = int(str(refused.value).split("line ")[1].split()[0])
        assert named in (line, line + 1)
        assert f"byte {starts[named - 1]}" in str(refused.value)
        assert bytes_of(disk) == bytes(changed)


def test_a_place_that_still_stands_is_accepted(disk):
    """Every place after an entry is recognised by reading one line."""
    write(disk, 6)
    for _, place in read(disk):
        check_place(disk, place)


def test_a_flipped_byte_in_the_last_line_is_found_at_the_checkpoint(disk):
    """What no later line contradicts, the checkpoint does."""
    end = write(disk, 3)
    changed = bytearray(bytes_of(disk))
    changed[-6] ^= 1
    put(disk, bytes(changed))
    with pytest.raises(BrokenRegisterError, match="line 3"):
        check_place(disk, end)


def test_lost_lines_are_found_at_the_checkpoint(disk):
    """A register shorter than it was acknowledged to be is refused."""
    end = write(disk, 3)
    put(disk, bytes_of(disk)[: end.offset - 10])
    with pytest.raises(BrokenRegisterError, match="missing"):
        check_place(disk, end)


def test_after_a_failed_append_nothing_more_is_written(disk, monkeypatch):
    """What reached the disk is unknown, so the journal refuses until it is opened again."""
    kept = Journal(disk, START)
    kept.append(AT, [Founding(1, "a")])

    class _Refusing:
        def write(self, data):
            raise UnavailableError("register", "no", "Wait.")

        def close(self):
            pass

    monkeypatch.setattr(kept, "_writer", _Refusing())
    with pytest.raises(UnavailableError):
        kept.append(AT, [Deposit()])
    with pytest.raises(UnavailableError, match="earlier write failed"):
        kept.append(AT, [Deposit()])
