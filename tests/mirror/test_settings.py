"""mirror.toml, source.toml and excluded.toml: what people may read and change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.memory import MemoryDisk
from phonotheque.disk import write_whole
from phonotheque.errors import BadSettingError, FormatTooNewError, MalformedError
from phonotheque.mirror.by_signature import parse_key
from phonotheque.mirror.exclusions import Exclusion, load_exclusions, store_exclusions
from phonotheque.mirror.home import following
from phonotheque.mirror.settings import (
    changed,
    format_settings,
    new_settings,
    parse_filter,
    parse_settings,
)
from phonotheque.mirror.sources import Origin, load_origin, store_origin
from phonotheque.mirror.values import Filter, Medium
from phonotheque.publish.choice import Freedom, Priority

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30
)


@given(
    WORDS,
    st.sampled_from(list(Medium)),
    st.lists(WORDS, max_size=3),
    st.sampled_from(list(Priority)),
    st.integers(0, 1 << 60),
)
def test_settings_are_read_back(operator, medium, collections, order, space_bytes):
    """Whatever was chosen is the same after it was written and read."""
    wanted = Filter(Freedom.CHANGE, tuple(collections), ("50", "rest"), order, 5)
    settings = changed(new_settings(space_bytes), {"operator": operator, "medium": medium.value})
    settings = following(settings, "weir-2", wanted)
    assert parse_settings(format_settings(settings)) == settings


@pytest.mark.parametrize(
    "more",
    [
        "sapce_bytes = 5",
        "country = 'de'",
        "country = 'GERMANY'",
        "target_copies = 0",
        "space_bytes = -1",
        "medium = 'paper'",
        'operator = "a\\u0007b"',
        "[swarm]\nport = 70000",
        "[swarm]\nhours = '25-06'",
        "[scrub]\nevery_days = 0",
        '[archives."../../etc"]',
        '[archives.""]',
        '[archives."a\\n"]',
        '[archives.a]\nlicence = "free"',
        "[archives.a]\nsinger = 1",
        "= 5",
        "\x00",
    ],
)
def test_what_cannot_be_meant_is_refused(more):
    """An unknown setting or an impossible value is an error that says where, never a default."""
    head = [
        line
        for line in format_settings(new_settings(5)).decode().split("\n[")[0].splitlines()
        if line.split(" ")[0] not in (*more.splitlines()[0].split(" ")[:1], "#")
    ]
    text = "\n".join([*head, more]) + "\n"
    with pytest.raises(BadSettingError):
        parse_settings(text.encode())


def test_a_mirror_of_a_later_program_is_refused():
    """Nothing is touched that a newer Phonotheque made."""
    text = format_settings(new_settings(5)).replace(b"format = 1", b"format = 2")
    with pytest.raises(FormatTooNewError):
        parse_settings(text)


def test_each_mirror_has_another_name():
    """Two mirrors never draw the same tickets."""
    assert new_settings(5).id != new_settings(5).id


@pytest.mark.parametrize(
    "table", [{"licence": "gpl"}, {"order": "size"}, {"tiers": ["80"]}, {"tiers": ["t50"]}]
)
def test_words_of_a_command_are_checked(table):
    """A filter that cannot be meant is refused."""
    with pytest.raises(BadSettingError):
        parse_filter(table)


@given(st.lists(st.builds(Exclusion, WORDS, WORDS, st.just(""), torrent=WORDS.filter(bool))))
def test_exclusions_are_read_back(exclusions):
    """Whatever is excluded is the same after it was written and read."""
    disk = MemoryDisk()
    store_exclusions(disk, exclusions)
    assert list(load_exclusions(disk)) == exclusions


@pytest.mark.parametrize(
    "text",
    [
        "[[excluded]]\nreason='x'\nat='y'\n",
        "[[excluded]]\nreason='x'\nat='y'\ntorrent='a'\nrecording='b'\n",
        "[[excluded]]\nreason='x'\nat='y'\nsha256='abc'\n",
        "[[excluded]]\ntorrent='a'\n",
        "excluded = 1\n",
        "[[exclude]]\n",
    ],
)
def test_a_list_that_cannot_be_read_stops_everything(text):
    """What a law forbids is not fetched because a list had a typing mistake."""
    disk = MemoryDisk()
    write_whole(disk, "excluded.toml", text.encode())
    with pytest.raises(BadSettingError):
        load_exclusions(disk)


@given(st.lists(WORDS, max_size=3), WORDS)
def test_a_source_is_read_back(addresses, key):
    """Where an archive is followed from is the same after it was written and read."""
    disk = MemoryDisk()
    assert load_origin(disk) is None
    origin = Origin(tuple(addresses), "an archive", "0" * 64, key)
    store_origin(disk, origin)
    assert load_origin(disk) == origin


@pytest.mark.parametrize("text", ["", "x", "RWQ", "untrusted comment: x\n"])
def test_what_is_no_key_for_people_is_refused(text):
    """A key is the second line of minisign.pub, or the whole file."""
    with pytest.raises(MalformedError):
        parse_key(text)
