"""A plugin of pytest that makes its tests dig deeper than `make test` has time for.

- `PHONOTHEQUE_EXAMPLES_TIMES`: every Hypothesis test tries so many times its own number of examples
- `PHONOTHEQUE_TESTS_S`: after so many seconds no further test is begun; the rest are skipped
- `PHONOTHEQUE_STATES_SEED`: power loss explores other random subsets
- `PHONOTHEQUE_ORDER`: tests are run in the order that this seed gives, so that where they are cut
  off is elsewhere each time
- `PHONOTHEQUE_BEGIN`: the same for tests that share what is dear to make: their order stays, and
  this seed says which is the first
"""

from __future__ import annotations

import os
import random
import time
from typing import Any

import hypothesis
import pytest

_BEGAN = time.monotonic()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Multiply the examples of every property test, for which Hypothesis has no setting; put the
    tests in the order that was asked for.

    Items with parameters share one function: it is deepened once, not once for each of them.
    """
    times = int(os.environ.get("PHONOTHEQUE_EXAMPLES_TIMES", "1"))
    tests = {getattr(test, "__func__", test) for item in items if (test := _test_of(item))}
    for test in tests:
        own = getattr(test, "_hypothesis_internal_use_settings", None)
        if own is not None and times > 1:
            more = hypothesis.settings(own, max_examples=own.max_examples * times, deadline=None)
            test._hypothesis_internal_use_settings = more
    if order := os.environ.get("PHONOTHEQUE_ORDER"):
        random.Random(order).shuffle(items)
    if (begin := os.environ.get("PHONOTHEQUE_BEGIN")) and items:
        first = random.Random(begin).randrange(len(items))
        items[:] = items[first:] + items[:first]


def _test_of(item: pytest.Item) -> Any:
    return getattr(item, "obj", None)


def pytest_runtest_setup() -> None:
    """Begin no test when the time for this round is up: the next round has another seed."""
    if time.monotonic() - _BEGAN > float(os.environ.get("PHONOTHEQUE_TESTS_S", "inf")):
        pytest.skip("the time of this round is up")


def pytest_configure() -> None:
    """Give `explore` another seed wherever a test leaves it at its default."""
    seed = os.environ.get("PHONOTHEQUE_STATES_SEED")
    if seed is None:
        return
    from faults import powerloss, sites

    explorers = (powerloss.explore, powerloss.explore_trace)
    for explore in (*explorers, sites.needless_syncs, sites.assert_every_sync_matters):
        defaults = explore.__kwdefaults__ or {}
        explore.__kwdefaults__ = {**defaults, "seed": int(seed)}
