"""Only a path in its one plain way is a path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.publish.web.paths import MAX_TARGET, parse_target


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("/", ("index.html",)),
        ("/a.torrent", ("a.torrent",)),
        ("/a.torrent?x=../y", ("a.torrent",)),
        ("/packs/p/index.tsv.zst", ("packs", "p", "index.tsv.zst")),
        ("/.well-known/tdmrep.json", (".well-known", "tdmrep.json")),
        ("http://host.example/a%20b", ("a b",)),
        ("HTTP://host.example", ("index.html",)),
        ("/%C3%A9", ("é",)),
    ],
)
def test_a_plain_path_is_understood(target, parts):
    """Letters, escapes of letters, a query that means nothing, the form that proxies use."""
    assert parse_target(target) == parts


HOSTILE = [
    "",
    "*",
    "a",
    "//",
    "/a/",
    "//etc/passwd",
    "/a//b",
    "/..",
    "/a/../b",
    "/./a",
    "/%2e%2e/a",
    "/%2E%2E%2Fpeople.sqlite",
    "/a%2Fb",
    "/a%5Cb",
    "/a\\b",
    "/.hidden.torrent",
    "/a/.b",
    "/a/.well-known",
    "/.well-known/.x",
    "/a%00",
    "/a%0d%0aX: y",
    "/%",
    "/%zz",
    "/%ff",
    "/%c0%ae%c0%ae/",
    "/é",
    "/a%E2%80%AEb",
    "ftp://host/a",
    "/" + "a" * MAX_TARGET,
]


@pytest.mark.parametrize("target", HOSTILE)
def test_anything_else_is_none(target):
    """Traversal, hidden names, double meanings, control characters, too much of it."""
    assert parse_target(target) is None


def test_nothing_is_decoded_twice():
    """What an escape of an escape says is a name, not a path."""
    assert parse_target("/%252e%252e%252fpeople.sqlite") == ("%2e%2e%2fpeople.sqlite",)


@given(st.text(st.characters(max_codepoint=0x7F), max_size=60))
def test_no_target_leads_out(text):
    """Whatever is asked for, no part goes up, is hidden, empty, or holds a separator."""
    parts = parse_target("/" + text)
    if parts is not None:
        assert parts
        for number, part in enumerate(parts):
            assert part.isprintable()
            assert part not in ("", ".", "..")
            assert not set(part) & {"/", "\\", "\0"}
            assert not part.startswith(".") or (number == 0 and part == ".well-known")
