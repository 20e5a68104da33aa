"""What becomes of one copy, and the words for it."""

import itertools
import re
from pathlib import Path

import pytest

from phonotheque.music.rights import Code, Verdict
from phonotheque.publish.planning.copies import reason_of_copy, status_of_copy
from phonotheque.publish.planning.words import MEANINGS, Status

YES = Verdict(Code.LICENSED, "CC BY 4.0 allows passing copies on.")
NO = Verdict(Code.NOT_EVALUATED, "Nothing is known.")
REFERENCE = Path(__file__).parents[3] / "docs/reference/plan.md"

TABLE = """
condition  readable  offered  allowed  | status           reason
intact     yes       no       yes      | to-share         CC BY 4.0 allows passing copies on.
intact     yes       yes      yes      | shared           It is in a volume that is offered.
intact     yes       no       no       | held-not-shared  Nothing is known.
intact     yes       yes      no       | held-not-shared  Nothing is known.
intact     no        no       yes      | unreadable       No audio reader understands it.
intact     no        no       no       | unreadable       No audio reader understands it.
intact     no        yes      yes      | shared           It is in a volume that is offered.
intact     no        yes      no       | held-not-shared  Nothing is known.
missing    yes       no       yes      | damaged          A check found it missing.
missing    yes       yes      no       | damaged          A check found it missing.
changed    no        no       no       | damaged          A check found it changed.
removed    yes       no       yes      | removed          It was taken down.
removed    yes       yes      yes      | removed          It was taken down.
removed    no        no       no       | removed          It was taken down.
"""
"""The golden table: what becomes of a copy that is looked at alone."""


@pytest.mark.parametrize("line", TABLE.strip().splitlines()[1:])
def test_what_becomes_of_a_copy_is_in_the_table(line):
    """Condition before readability, rights before sealing; the reason is whose word it is."""
    given, expected = line.split(" | ")
    condition, *flags = given.split()
    is_readable, is_offered, is_allowed = (flag == "yes" for flag in flags)
    verdict = YES if is_allowed else NO
    status = status_of_copy(condition, verdict, is_readable=is_readable, is_offered=is_offered)
    assert [status, reason_of_copy(status, verdict, condition)] == expected.split(maxsplit=1)


def test_nothing_that_may_not_be_shared_ever_is():
    """Whatever else is true of a copy, without leave it is neither shared nor to be shared."""
    for condition in ("intact", "missing", "changed", "removed"):
        for is_readable, is_offered in itertools.product((True, False), repeat=2):
            status = status_of_copy(condition, NO, is_readable=is_readable, is_offered=is_offered)
            assert status not in (Status.SHARED, Status.TO_SHARE)


def test_every_status_is_documented_in_its_order():
    """The table of statuses in the reference is this list, word for word."""
    section = REFERENCE.read_text("utf-8").split("## Statuses")[1].split("## ")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", section, re.MULTILINE)
    assert rows == [(str(one), meaning) for one, meaning in MEANINGS.items()]


def test_numbers_of_statuses_never_change():
    """They stand in tables on disks."""
    assert [(str(one), one.number) for one in Status] == [
        ("shared", 0),
        ("to-share", 1),
        ("better-copy-held", 2),
        ("below-threshold", 3),
        ("beyond-space", 4),
        ("held-not-shared", 5),
        ("damaged", 6),
        ("unreadable", 7),
        ("removed", 8),
        ("wanted", 9),
    ]
