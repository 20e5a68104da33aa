"""Questions about all objects are answered a page at a time, and the pages join without a seam."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.register.test_projection import accession, index_of

from phonotheque.music.digest import Sha256
from phonotheque.register import index as index_module
from phonotheque.register.events import Deposit, Founding, Role

READABLE = {"readability": "readable"}
COUNT = 23
NAMES = [hashlib.sha256(bytes([n])).hexdigest() for n in range(COUNT)]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    """Pages of four."""
    monkeypatch.setattr(index_module, "_PAGE", 4)


@pytest.fixture
def index():
    """Objects taken in one after the other, with other lines between them."""
    events = [Founding(1, "x")]
    for number, name in enumerate(NAMES):
        events += [Deposit()] * (number % 6)
        role = Role.COMPANION if number % 5 == 4 else Role.RECORDING
        events.append(accession(name, role=role, **READABLE))
    return index_of(events)


def test_pages_join(index):
    """All come, once each, in order of (last check, name), and as many as were asked for."""
    rows = index.db.execute("SELECT sha256 FROM object ORDER BY checked_at, sha256")
    expected = [name.hex() for (name,) in rows]
    for limit in (-1, 0, 1, 3, 4, 5, 8, 9, COUNT, 99):
        wanted = expected if limit < 0 else expected[:limit]
        assert [one.sha256.hex for one in index.oldest_checked(limit)] == wanted
        assert index.count_checked(limit)[0] == len(wanted)


def test_only_a_page_is_read_ahead(index, monkeypatch):
    """Whoever takes one object has had four read, however many there are."""
    read = []
    real = index_module._held
    monkeypatch.setattr(index_module, "_held", lambda row: read.append(row) or real(row))
    for asked in (index.oldest_checked(), index.unsealed()):
        read.clear()
        next(asked)
        assert 1 <= len(read) <= 4


@given(st.integers(0, COUNT), st.integers(1, 9))
def test_what_is_proven_meanwhile_is_passed_over(taken, minutes):
    """Objects that others prove while the run goes on are not read again, and none is left out."""
    index = index_of([Founding(1, "x"), *(accession(name, **READABLE) for name in NAMES)])
    run = index.oldest_checked()
    seen = [next(run).sha256.hex for _ in range(taken)]
    proven = [Sha256.parse(name) for name in NAMES[::3]]
    with index.transaction():
        index.seal_into("v", f"2099-01-01T00:0{minutes}:00.000000Z", proven)
    seen += [one.sha256.hex for one in run]
    assert len(seen) == len(set(seen))
    assert {*seen, *(name.hex for name in proven)} == set(NAMES)


def test_recordings_to_be_sealed_come_as_they_were_taken_in(index):
    """Between any two lines of the register come the recordings in no volume, in their order."""
    expected = [name for number, name in enumerate(NAMES) if number % 5 != 4]
    assert [one.sha256.hex for one in index.unsealed()] == expected
    seqs = {one.sha256.hex: one.first_seq for one in index.unsealed()}
    last = max(seqs.values())
    for first in range(1, last + 2, 3):
        for until in range(first, last + 2, 5):
            wanted = [name for name in expected if first <= seqs[name] <= until]
            assert [one.sha256.hex for one in index.unsealed(first, until)] == wanted
