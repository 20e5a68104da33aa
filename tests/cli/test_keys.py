"""Keys of a terminal and the line they edit."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.cli.keys import Key, Keyboard, Line


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"moon", list("moon")),
        ("é愛".encode(), ["é", "愛"]),
        (b"\x1b[A\x1b[B\x1bOC\x1bOD", [Key.UP, Key.DOWN, Key.RIGHT, Key.LEFT]),
        (b"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[3~", [Key.HOME, Key.END, Key.HOME, Key.END, Key.DELETE]),
        (b"\r", [Key.ENTER]),
        (b"\x03", [Key.LEAVE]),
        (b"\x7f\x08\x15\x17", [Key.BACK, Key.BACK, Key.CLEAR, Key.WORD_BACK]),
        (b"\x1b[1;5C\x1b[15~\x1bx\x00\t", [Key.NOTHING] * 5),
        (b"\x1b\x1b[A", [Key.LEAVE, Key.UP]),
        (b"a\xff\xfeb", ["a", "\ufffd", "\ufffd", "b"]),
    ],
)
def test_bytes_are_keys(data, keys):
    """Letters of any script, keys with names, and nothing for what has no meaning here."""
    assert Keyboard().keys(data) == keys


def test_an_escape_alone_is_known_by_what_does_not_follow():
    """A lone escape waits for the rest of a key, and leaves when none comes."""
    keyboard = Keyboard()
    assert keyboard.keys(b"\x1b") == []
    assert keyboard.is_waiting
    assert keyboard.give_up_waiting() == [Key.LEAVE]
    assert not keyboard.is_waiting


@given(st.binary(max_size=40), st.lists(st.integers(0, 40)))
def test_pieces_make_no_difference(data, cuts):
    """However the bytes come in pieces, the keys are the same."""
    whole, pieces = Keyboard(), Keyboard()
    bounds = sorted({0, len(data), *(place for place in cuts if place < len(data))})
    found = [
        key for begin, end in itertools.pairwise(bounds) for key in pieces.keys(data[begin:end])
    ]
    assert found == whole.keys(data)


def typed(*keys, line=None):
    line = line or Line()
    for key in keys:
        line = line.after(key)
    return line


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("moon", Line("moon", 4)),
        ((*"mon", Key.LEFT, "o"), Line("moon", 3)),
        ((*"moon", Key.HOME, Key.DELETE, "n"), Line("noon", 1)),
        ((*"moon", Key.BACK, Key.BACK), Line("mo", 2)),
        ((*"dark side", Key.WORD_BACK), Line("dark ", 5)),
        ((*"dark side ", Key.WORD_BACK), Line("dark ", 5)),
        ((*"dark", Key.LEFT, Key.CLEAR), Line("k", 0)),
        ((Key.BACK, Key.DELETE, Key.LEFT, Key.RIGHT, Key.NOTHING), Line()),
        ((*"a", Key.END, Key.RIGHT, Key.UP), Line("a", 1)),
    ],
)
def test_keys_edit_the_line(keys, line):
    """Each key does to the line what it does in every editor of one line."""
    assert typed(*keys) == line


@given(st.lists(st.sampled_from([*Key, "a", " ", "愛"]), max_size=30))
def test_the_place_is_always_in_the_line(keys):
    """Whatever is typed, the next letter has a place in or at the end of the text."""
    line = typed(*keys)
    assert 0 <= line.place <= len(line.text)
