"""Decisions by hand: two entities are one, or they are not."""

import uuid

import pytest

from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.identity import decisions
from phonotheque.catalogue.identity.decisions import Named, merge, read_all, split, standing
from phonotheque.disk import LocalDisk
from phonotheque.errors import BadRequestError, MalformedError

A, B, C = (Named(uuid.UUID(int=n)) for n in (1, 2, 3))
WHEN = {"at": "2024-05-06T07:08:09Z", "reason": "heard it"}


@pytest.fixture
def disk(tmp_path):
    return LocalDisk(tmp_path)


def test_the_last_decision_on_a_pair_stands(disk):
    """Whichever way round the pair is named."""
    merge(disk, "artist", A, B, **WHEN)
    merge(disk, "artist", A, C, **WHEN)
    split(disk, "artist", B, A, **WHEN)
    assert [(d.action, d.one, d.other) for d in standing(disk)] == [
        ("merge", A, C),
        ("split", B, A),
    ]
    assert len(read_all(disk)) == 3


def test_kinds_have_nothing_to_do_with_each_other(disk):
    """A decision on artists says nothing of labels."""
    merge(disk, "artist", A, B, **WHEN)
    split(disk, "label", A, B, **WHEN)
    assert [d.action for d in standing(disk)] == ["merge", "split"]


def test_circles_are_refused(disk):
    """Nothing is merged into what was merged into it, however far."""
    merge(disk, "artist", A, B, **WHEN)
    merge(disk, "artist", B, C, **WHEN)
    with pytest.raises(BadRequestError, match="into itself"):
        merge(disk, "artist", C, A, **WHEN)
    assert len(read_all(disk)) == 2


@pytest.mark.parametrize("wrong", [("artist", A, A), ("track", A, B)])
def test_what_cannot_be_meant_is_refused(disk, wrong):
    """One entity twice, or a kind that is not linked."""
    with pytest.raises(BadRequestError):
        merge(disk, *wrong, **WHEN)
    with pytest.raises(BadRequestError):
        split(disk, *wrong, **WHEN)


def test_a_named_source_must_make_the_gid(disk):
    """Source and source id, where they are said, are those of which the gid is made."""
    good = Named(gid_of("plain", "artist", "7"), "plain", "7")
    merge(disk, "artist", good, B, **WHEN)
    with pytest.raises(BadRequestError, match="not the gid"):
        merge(disk, "artist", Named(good.gid, "plain", "8"), B, **WHEN)
    assert read_all(disk)[0].one == good


def test_a_torn_end_is_no_decision(disk, tmp_path):
    """What a power cut left unfinished is neither read nor kept."""
    merge(disk, "artist", A, B, **WHEN)
    path = tmp_path / decisions.FILE
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"action":"mer')
    assert len(read_all(disk)) == 1
    split(disk, "artist", A, C, **WHEN)
    assert path.read_bytes().startswith(whole)
    assert len(read_all(disk)) == 2


def test_a_damaged_line_is_named(disk, tmp_path):
    """A whole line that cannot be read stops what would be decided without it."""
    merge(disk, "artist", A, B, **WHEN)
    path = tmp_path / decisions.FILE
    path.write_bytes(b"nonsense\n" + path.read_bytes())
    with pytest.raises(MalformedError, match="line 1"):
        standing(disk)
