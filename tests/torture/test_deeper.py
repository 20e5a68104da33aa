"""The plugin that makes tests dig deeper: as much deeper as it was told, and no more."""

from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.torture import deeper


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
