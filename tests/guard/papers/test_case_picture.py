"""The picture of a case: everything that it says stands where it can be read."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from guard.book.making import BEGIN, GROUP
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.papers.case_picture import HOURS, Seen, case_picture

LETTER_WIDTH = 8.5
"""Of the title, at most, in units of the drawing."""


def drawn(title="46 of the 187 new tracks are played by fewer than 2 others.", group=None, **more):
    """The texts of a picture with their places, and its width."""
    own = list(range(BEGIN, BEGIN + 8 * DAY_S, 3_000))
    seen = Seen(
        title=title, since=BEGIN, until=BEGIN + 8 * DAY_S, own=own, middle=own[:9], most=own[:40],
        others=649, other_hours=[1] * HOURS, group=group, **more,
    )  # fmt: skip
    root = ET.fromstring(case_picture(seen))
    texts = [element for element in root.iter() if element.tag.endswith("text")]
    width = float(root.attrib["viewBox"].split()[2])
    return root, {"".join(text.itertext()).strip(): text for text in texts}, width


def test_a_long_title_is_wrapped_and_nothing_lies_on_it():
    """Each of its lines ends before the edge, and all that is drawn begins below the last one."""
    words = [f"word{number}" for number in range(40)]
    root, texts, width = drawn(" ".join(words))
    lines = [text for text in texts if text.startswith("word")]
    assert " ".join(lines).split() == words
    assert len(lines) > 1
    assert all(8 + LETTER_WIDTH * len(line) < width for line in lines)
    (group,) = (element for element in root if element.tag.endswith("g"))
    down = float(group.attrib["transform"].removesuffix(")").split()[1])
    assert down >= max(float(texts[line].attrib["y"]) for line in lines)


def test_time_has_dates_at_both_ends():
    """In UTC, below the first and the last second that is drawn."""
    _, texts, _ = drawn()
    first, last = texts["2027-01-15"], texts["2027-01-23"]
    assert float(first.attrib["x"]) < float(last.attrib["x"])
    assert first.attrib["y"] == last.attrib["y"]


def test_what_a_group_shares_stands_beside_what_was_expected():
    """As bars in proportion, with how many they are; of an account alone it says so."""
    root, texts, _ = drawn(group=GROUP)
    assert any("one of 312" in text for text in texts)
    assert {"5 tracks in common, found", "80 expected of people with their tastes"} < set(texts)
    found, expected = (float(e.attrib["width"]) for e in root.iter() if e.get("height") == "14")
    assert abs(found / expected - GROUP.shared / GROUP.expected) < 0.01
    _, alone, _ = drawn()
    assert any("found by itself" in text for text in alone)
    _, by_hand, _ = drawn("Opened 900.", is_by_hand=True)
    assert any("A person decided it" in text for text in by_hand)
    assert not any("found by itself" in text for text in by_hand)
