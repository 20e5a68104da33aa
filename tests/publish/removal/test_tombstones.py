"""tombstones.jsonl: frozen bytes, read back or refused by name."""

from pathlib import Path

import pytest

from faults.memory import MemoryDisk
from phonotheque.disk import make_folders, read_whole
from phonotheque.errors import MalformedError
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Readability
from phonotheque.publish.removal.tombstones import (
    TOMBSTONES,
    in_force,
    lines,
    read_tombstones,
    text,
    write_tombstones,
)
from phonotheque.register.events import Accession, CounterNotice, Deposit, Founding, Removal, Role
from phonotheque.register.index import Index
from phonotheque.register.journal import START, Journal

AT = "2026-11-21T05:00:00.000000Z"
ONE, OTHER = Sha256(b"\x01" * 32), Sha256(b"\x02" * 32)
ARCHIVE = "6f1c1c52-6a0b-4b53-9a2e-3a86f3a1d1f4"

GOLDEN = (
    f'{{"schema":1,"archive":"{ARCHIVE}","lines":3}}\n'
    f'{{"event":"removal","seq":5,"at":"{AT}","sha256":"{ONE.hex}","size_bytes":10,'
    '"case":"2026-1","reason":"The label asked for it"}\n'
    f'{{"event":"counter-notice","seq":6,"at":"{AT}","case":"2026-1","summary":"They may not"}}\n'
    f'{{"event":"return","seq":7,"at":"{AT}","sha256":"{ONE.hex}"}}\n'
)


class Register:
    """A register in memory."""

    def __init__(self):
        self.disk = MemoryDisk()
        for folder in ("register", "published"):
            make_folders(self.disk, folder)
        self.index = Index(":memory:")
        self.journal = Journal(self.disk, START)
        self.write(Founding(1, ARCHIVE), Deposit("p1", "Live"))
        self.write(accession(ONE), accession(OTHER))

    def write(self, *events):
        written = self.journal.append(AT, events)
        with self.index.transaction():
            self.index.apply(written)


def accession(name):
    more = {"readability": Readability.READABLE}
    return Accession(2, name.hex, 10, "00" * 32, "wav", "a.wav", Role.RECORDING, **more)


@pytest.fixture
def register():
    register = Register()
    evidence = "sha256:" + "ab" * 32
    removal = Removal(ONE.hex, "The label asked for it", "p1", evidence, "2026-1", "p2")
    register.write(removal, CounterNotice("2026-1", "They may not", "p3", evidence))
    register.write(accession(ONE))
    return register


def test_its_bytes_are_frozen(register):
    """Every field, its order and its name are as `docs/reference/tombstones.md` has them."""
    assert text(register.index).decode() == GOLDEN


def test_a_return_is_told_once():
    """An object that was removed twice before it came back came back once, in text and log."""
    register = Register()
    for case in ("2026-1", "2026-2"):
        register.write(Removal(ONE.hex, "The label asked for it", "p1", "", case, "p2"))
    register.write(accession(ONE))
    told = lines(register.index)
    assert [type(line).__name__ for line in told] == ["Removed", "Removed", "Returned"]
    assert text(register.index).count(b'"event":"return"') == 1


def test_the_reference_has_the_same_bytes():
    """The example in the reference is what is frozen here."""
    page = Path(__file__).parents[3] / "docs/reference/tombstones.md"
    assert f"```json\n{GOLDEN}```" in page.read_text(encoding="utf-8")


def test_it_names_nobody(register):
    """No local id of a person and no digest of evidence leaves with it."""
    told = text(register.index).decode()
    assert '"p' not in told
    assert "abab" not in told


def test_what_is_written_is_read_back(register):
    """A mirror learns what is removed now: what came back is not, what did not is."""
    _, lines = read_tombstones(text(register.index))
    assert in_force(lines) == frozenset()
    register.write(Removal(OTHER.hex, "Withdrawn", case="2026-2"))
    register.write(Removal(ONE.hex, "Again", case="2026-3"))
    head, lines = read_tombstones(text(register.index))
    assert in_force(lines) == {ONE, OTHER}
    assert (head.archive, head.lines, len(lines)) == (ARCHIVE, 5, 5)


def test_an_archive_that_removed_nothing_says_so(register):
    """The list exists and is empty: nobody has to guess what its absence means."""
    fresh = Register()
    assert write_tombstones(fresh.disk, fresh.index)
    assert not write_tombstones(fresh.disk, fresh.index)
    head, lines = read_tombstones(read_whole(fresh.disk, TOMBSTONES))
    assert (head.lines, lines) == (0, [])


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[: data.rindex(b'{"event"')],
        lambda data: data.replace(b'"schema":1', b'"schema":2'),
        lambda data: data.replace(b'"size_bytes":10', b'"size_bytes":"x"'),
        lambda data: data.replace(b'"return"', b'"other"'),
        lambda data: data + b"{}\n",
        lambda data: b"\xff" + data,
    ],
)
def test_a_damaged_list_is_refused(register, change):
    """Cut, changed or newer than is known: refused by name, never taken for half a list."""
    with pytest.raises(MalformedError, match="a mirror's copy"):
        read_tombstones(change(text(register.index)), "a mirror's copy")
