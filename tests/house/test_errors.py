"""The error tree is whole: every class has a code, an exit status, an HTTP status and a page."""

import importlib
import re
from pathlib import Path

import pytest

from phonotheque import errors
from phonotheque.cli.exit_status import STATUS, exit_status
from phonotheque.errors import PhonothequeError
from phonotheque.listen.http_status import http_status

DOCS = Path(__file__).parents[2] / "docs" / "reference"


def _below(cls):
    for child in cls.__subclasses__():
        yield child
        yield from _below(child)


SRC = Path(errors.__file__).parents[1]

# A class is found only where its module is imported: all those that say `class …Error(` are.
for path in SRC.rglob("*.py"):
    if re.search(r"^class \w+\(.*Error\)", path.read_text(encoding="utf-8"), re.MULTILINE):
        parts = path.relative_to(SRC).with_suffix("").parts
        importlib.import_module(".".join(parts))

# The branches are listed, so that a class added anywhere in the product is found through them.
ALL = sorted(
    {c for c in _below(PhonothequeError) if c.__module__.startswith("phonotheque.")}, key=str
)


def test_the_branches_say_who_must_act():
    """The tree has exactly the five branches, each with a status of its own."""
    branches = set(PhonothequeError.__subclasses__())
    assert branches == set(STATUS)
    assert len(set(STATUS.values())) == len(STATUS) == 5


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_every_error_has_both_statuses(cls):
    """Every error ends a command with 2 to 6 and a request with 4xx or 5xx."""
    error = cls("the thing", "is wrong", "Do this.")
    assert 2 <= exit_status(error) <= 6
    assert 400 <= http_status(error) < 600


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_every_error_says_what_and_what_next(cls):
    """The message names the thing, what is wrong with it and what to do."""
    error = cls("objects/x", "it is gone", "Bring it back.")
    assert str(error) == "objects/x: it is gone. Bring it back."
    assert error.fields()["error"] == cls.code


def test_codes_are_unique_and_documented():
    """Every code names one class, and stands in the reference with its exit status."""
    codes = [cls.code for cls in ALL]
    assert len(set(codes)) == len(codes)
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    for cls in ALL:
        error = cls("t", "w", "d")
        row = f"| `{cls.code}` | {exit_status(error)} | {http_status(error)} |"
        assert row in page, f"docs/reference/errors.md lacks: {row}"


def test_no_error_of_ours_is_a_programming_mistake():
    """Our errors are not ValueError and the like: those are never caught."""
    assert not any(issubclass(cls, ValueError | TypeError | AssertionError) for cls in ALL)


def test_all_errors_live_in_one_place():
    """The tree is read in one file."""
    assert {cls.__module__ for cls in ALL} == {errors.__name__}
