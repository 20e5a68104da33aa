"""The plugin that makes tests dig deeper: as much deeper as it was told, and no more."""

from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.torture import deeper, suites


class _Item:
    """An item of pytest, as far as the plugin looks at one."""

    def __init__(self, obj: object) -> None:
        self.obj = obj


def test_a_test_with_many_parameters_is_deepened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three times the examples are three times, however many parameters a test has."""

    @settings(max_examples=30)
    @given(st.none())
    def law(_nothing: None) -> None:
        """Nothing."""

    monkeypatch.setenv("PHONOTHEQUE_EXAMPLES_TIMES", "3")
    items = [_Item(law) for _ in range(19)] + [_Item(print)]
    deeper.pytest_collection_modifyitems(cast(list[pytest.Item], items))
    assert law._hypothesis_internal_use_settings.max_examples == 90  # type: ignore[attr-defined]


def test_the_order_is_the_seed_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tests in another order: each seed has its own, and the same one each time."""
    orders = []
    for seed in ("1", "1", "2"):
        monkeypatch.setenv("PHONOTHEQUE_ORDER", seed)
        items = [_Item(number) for number in range(50)]
        deeper.pytest_collection_modifyitems(cast(list[pytest.Item], items))
        orders.append([item.obj for item in items])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0], key=int) == sorted(orders[2], key=int) == list(range(50))  # type: ignore[call-overload]


def test_any_test_may_be_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows another still follows it, and what is cut off is elsewhere with each seed."""
    firsts = set()
    for seed in range(100):
        monkeypatch.setenv("PHONOTHEQUE_BEGIN", str(seed))
        items = [_Item(number) for number in range(5)]
        deeper.pytest_collection_modifyitems(cast(list[pytest.Item], items))
        order = [cast(int, item.obj) for item in items]
        assert order == [(order[0] + number) % 5 for number in range(5)]
        firsts.add(order[0])
    assert firsts == set(range(5))


def test_each_file_of_other_rooms_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """One file in a round, told by name; as many seeds in a row as there are files reach all."""
    ran: list[str] = []

    def run_suite(_seed: int, paths: list[str], *_: object, **__: object) -> str:
        ran.extend(paths)
        return "1 passed"

    monkeypatch.setattr(suites, "run_suite", run_suite)
    files = suites.files_of_other_rooms()
    told = [suites.other_rooms(1000 * number) for number in range(len(files))]
    assert ran == files
    assert told == [f"{file}: 1 passed" for file in files]
