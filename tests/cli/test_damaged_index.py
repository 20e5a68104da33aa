"""state/index.sqlite is damaged: whoever reads it heals it or is told to rebuild it."""

import random
import sqlite3

import pytest

PAGE_BYTES = 4096


def cut(count):
    return lambda data: data[: len(data) * count // 8]


def spoil_page(number):
    """A change: one page becomes noise."""

    def change(data):
        begin = number * PAGE_BYTES
        noise = random.Random(number).randbytes(PAGE_BYTES)
        return data[:begin] + noise + data[begin + PAGE_BYTES :]

    return change


DAMAGES = {
    "empty": lambda data: b"",
    "noise": lambda data: random.Random(0).randbytes(len(data)),
    "text": lambda data: b"not a database\n",
    **{f"cut to {count}/8": cut(count) for count in range(1, 8)},
    **{f"page {number}": spoil_page(number) for number in (0, 1, 2, 5, 9, 14, 20)},
}


@pytest.fixture
def phono(stocked):
    """An archive with something in it, and its index in one file."""
    db = sqlite3.connect(stocked[0].root / "state/index.sqlite")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    for path in stocked[0].root.glob("state/index.sqlite-*"):
        path.unlink()
    return stocked[0]


@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_index_is_told_or_healed(phono, stocked, change):
    """No command ends as by a fault of ours: it answers, or says with 6 what to run; and after
    `phono rebuild` everything is as it was."""
    before = phono("status", "--json").one()
    name = stocked[1]["release 0/000.wav"]
    index = phono.root / "state/index.sqlite"
    damaged = change(index.read_bytes())
    for command in (["status"], ["show", name], ["export", "--all", "--to", "x", "--dry-run"]):
        for path in phono.root.glob("state/index.sqlite-*"):
            path.unlink()
        index.write_bytes(damaged)
        done = phono(*command)
        assert done.status in (0, 6), done
        if done.status == 6:
            assert "Run `phono rebuild`" in done.err
    phono("rebuild", "--jobs", "1").expect(0)
    assert phono("status", "--json").expect(0).one() == before


def test_an_index_without_rows_fills_itself(phono):
    """A file of no length is as good as none: the register is taken in again, unasked."""
    before = phono("status", "--json").one()
    (phono.root / "state/index.sqlite").write_bytes(b"")
    assert phono("status", "--json").expect(0).one() == before


def test_a_row_that_cannot_be_read_is_told(phono, stocked):
    """Damage that SQLite does not see, inside of a value, is told like the damage it sees."""
    name = stocked[1]["release 0/000.wav"]
    with sqlite3.connect(phono.root / "state/index.sqlite") as db:
        db.execute("UPDATE object SET technical = x'7b7b7b'")
    db.close()
    assert "Run `phono rebuild`" in phono("show", name).expect(6).err
