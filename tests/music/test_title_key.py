"""What is left of a title when all is gone that editions and people add to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.folding import fold
from phonotheque.music.title_key import title_key

SAME = [
    ("Title", "title"),
    ("The Title", "title"),
    ("01 - Title", "title"),
    ("1. Title", "title"),
    ("03) Title", "title"),
    ("1-02 Title", "title"),
    ("01 Title", "title"),
    ("A1 Title", "title"),
    ("B2. Title", "title"),
    ("Track 7 - Title", "title"),
    ("Title - 2011 Remaster", "title"),
    ("Title (Remastered 2009)", "title"),
    ("Title [2011 - Remaster]", "title 2011 remaster"),
    ("Title (2015 Remastered Version)", "title"),
    ("Title \u2013 Digitally Remastered", "title"),
    ("Title - Remastered in 2004", "title"),
    ("Title (feat. Somebody)", "title"),
    ("Title feat. Somebody & Others", "title"),
    ("Title ft. Somebody", "title"),
    ("Title (Album Version)", "title"),
    ("Title (Original Mix)", "title"),
    ("Title [Bonus Track]", "title"),
    ("Title (Explicit)", "title"),
    ("Title (feat. Somebody) [2011 Remaster]", "title"),
    ("The Title (feat. X) - Mono / Remastered", "title"),
    ("Tïtlé", "title"),
    ("\uff34\uff29\uff34\uff2c\uff25", "title"),
]

DIFFERENT = [
    ("Title (Live)", "title live"),
    ("Title - Radio Edit", "title radio edit"),
    ("Title (Somebody Remix)", "title somebody remix"),
    ("Title (Acoustic)", "title acoustic"),
    ("Title (Instrumental)", "title instrumental"),
    ("Title, Pt. 2", "title pt 2"),
    ("99 Luftballons", "99 luftballons"),
    ("1999", "1999"),
    ("7 Rings", "7 rings"),
    ("50 Ways to Leave", "50 ways to leave"),
    ("4:33", "4 33"),
    ("2-4-6-8 Motorway", "2 4 6 8 motorway"),
    ("The The", "the"),
    ("The", "the"),
    ("Feat. of Strength", "feat of strength"),
    ("Defeat", "defeat"),
    ("Remaster", "remaster"),
    ("(Bonus Track)", "bonus track"),
    ("01 - ", "01"),
    ("月の光", "月の光"),
    ("第1楽章", "第1楽章"),
    ("เพลงรัก", "เพลงรัก"),
    ("Ночь", "ночь"),
    ("!!!", ""),
    ("", ""),
]


@pytest.mark.parametrize(("title", "key"), SAME + DIFFERENT)
def test_examples(title, key):
    """What editions and people add goes, what tells recordings apart stays."""
    assert title_key(title) == key


@given(st.text(max_size=60) | st.sampled_from([one for one, _ in SAME + DIFFERENT]))
def test_a_key_is_folded_and_empty_only_without_words(title):
    """A key is folded text, and there is one where there is a letter or digit."""
    key = title_key(title)
    assert key == fold(key)
    assert bool(key) == bool(fold(title))


@given(st.text(alphabet="ab 01.-()[]feat remaster", max_size=3000))
def test_no_title_is_too_much(title):
    """Any text has a key; long ones are folded only."""
    assert isinstance(title_key(title * 3), str)


@pytest.mark.parametrize("unit", ["2011 version ", "(feat. ", " - ", "1. ", " remaster in 2011"])
def test_repetition_is_not_tried_in_every_way(unit):
    """What could be read in exponentially many ways comes back at once."""
    assert title_key("x - remaster " + unit * (900 // len(unit)) + "!") is not None
