"""The verdict map: the right row in a file of any size, and nothing from a damaged one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phonotheque.guard.rungs import Rung
from phonotheque.guard.verdicts import VerdictRow, encode_rows, is_map, look_up

names = st.integers(0, 2**64 - 1).map("{:016x}".format)
rows = st.builds(
    VerdictRow,
    account=names,
    rung=st.sampled_from(Rung),
    factor=st.integers(1, 1000),
    case=st.integers(0, 2**40 - 1),
    until=st.integers(0, 2**40),
    asked_from=st.integers(0, 2**40),
    factor_until=st.integers(0, 2**40),
)


@given(st.lists(rows, max_size=40, unique_by=lambda row: row.account), names)
def test_every_row_is_found_and_no_other(some, name):
    """Each account's row comes back as it was written; an account without one has none."""
    data = encode_rows(some)
    assert is_map(data)
    for row in some:
        assert look_up(data, row.account) == row
    if name not in {row.account for row in some}:
        assert look_up(data, name) is None


@given(st.lists(rows, max_size=5, unique_by=lambda row: row.account), st.integers(1, 60))
def test_a_map_that_is_cut_or_longer_is_none(some, count):
    """A file that is not whole is no map."""
    data = encode_rows(some)
    assert not is_map(data[:-count])
    assert not is_map(data + bytes(count))


class Counted(bytes):
    """Bytes that count how often somebody looked at a part of them."""

    looks = 0

    def __getitem__(self, place):
        Counted.looks += 1
        return super().__getitem__(place)


def test_a_look_up_in_a_hundred_thousand_rows_takes_17_looks():
    """Half of what is left is ruled out at each look: no look-up scans the map."""
    body = encode_rows([VerdictRow(account="00" * 8, rung=Rung.SUSPEND, until=1)])[16:]
    many = b"".join(number.to_bytes(8, "big") + body[8:] for number in range(100_000))
    data = Counted(b"PHGUARD1" + (100_000).to_bytes(8, "big") + many)
    for number in range(0, 100_000, 10_000):
        Counted.looks = 0
        found = look_up(data, f"{number:016x}")
        assert found is not None
        assert found.account == f"{number:016x}"
        assert Counted.looks <= 17
