"""How sizes, days and strangers' words are written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.publish.pages.texts import (
    format_day,
    format_moment,
    format_share,
    format_size,
    group_words,
    plain,
    web_address,
)


@given(st.text())
def test_plain_text_is_one_line_that_shows_what_it_holds(text):
    """No control, no direction, no line break, bounded; plain text stays as it is."""
    shown = plain(text)
    assert plain(shown) == shown
    assert len(shown) <= 500
    hidden = [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
    assert set(hidden) <= {"\u200c", "\u200d"}


@pytest.mark.parametrize(
    "text",
    [
        "Kettle & Comet",
        "\u05e9\u05dc\u05d5\u05dd",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646",
        "\U0001f3b5 \u97f3\u697d",
    ],
)
def test_all_scripts_stay(text):
    """Letters of every script, and joiners inside words, are left alone."""
    assert plain(text) == text


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (34_310_000_000, "34.3 GB"),
        (999_499_999, "999 MB"),
        (999_500_000, "1.00 GB"),
        (6_020_000_000_000, "6.02 TB"),
        (300 * 10**12, "300 TB"),
        (5 * 10**18, "5000 PB"),
    ],
)
def test_sizes_have_three_digits_that_count(size_bytes, words):
    """Sizes are powers of 1000, as disks are sold."""
    assert format_size(size_bytes) == words


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.5, "50 %"),
        (0.996, "99.6 %"),
        (0.9996, "99.96 %"),
        (0.99999, "99.999 %"),
        (5e-6, "0.0005 %"),
        (1e-6, "0.0001 %"),
        (1e-7, "0.00001 %"),
        (1e-12, "less than 0.00001 %"),
        (1 - 1e-7, "99.99999 %"),
        (1 - 1e-12, "more than 99.99999 %"),
    ],
)
def test_a_share_has_the_digits_that_it_takes(share, text):
    """Only all is 100 % and only nothing is 0 %, and no share looks twice as large as it is."""
    assert format_share(share) == text


@given(st.floats(0, 1))
def test_a_share_that_is_written_is_nearly_the_share(share):
    """What is read back is wrong by little, beside the share and beside what lacks; bounds hold."""
    text = format_share(share)
    number = float(text.removesuffix(" %").rpartition(" ")[2]) / 100
    if text.startswith("less"):
        assert 0 < share < number
    elif text.startswith("more"):
        assert number < share < 1
    else:
        assert abs(number - share) <= max(min(share, 1 - share) / 4, 5e-8) * 1.001
        assert "e" not in text


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://archive.example", "https://archive.example/"),
        ("http://10.0.0.1:8000/t/", "http://10.0.0.1:8000/t/"),
        ("mail@archive.example", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://[", ""),
        ("https://a.example/\u202etxt", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_are_linked(address, link):
    """What is no address of the web is never made a link."""
    assert web_address(address) == link


def test_days_and_moments():
    """A day and a minute are written in one way; what is neither stays as it was."""
    assert format_day("2026-11-21T18:05:59Z") == "21 Nov 2026"
    assert format_moment("2026-05-01T08:00:00Z") == "1 May 2026, 08:00 UTC"
    assert format_day("yester\u202eday") == "yester day"


def test_groups_have_words_also_when_they_are_new():
    """Kinds and tiers that this program does not know are named as they are."""
    assert group_words("open", "rest") == "Recordings under open licences: the rest"
    assert group_words("maps", "all") == "maps"
