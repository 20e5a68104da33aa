"""What is said about text and data mining: a right holder reserves, silence says nothing."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.rights import Basis, RightsStatement, Tdm
from phonotheque.music.tdm_statement import (
    SENTENCE,
    UNSAID,
    Mining,
    counted_sentence,
    headers,
    mining_of,
    sentence_of,
)

DAY = date(2026, 6, 1)
BY = "https://creativecommons.org/licenses/by/4.0/"
MARK = "https://creativecommons.org/publicdomain/mark/1.0/"
RESERVED, FREE = Mining(Tdm.RESERVED, "holder"), Mining(Tdm.NOT_RESERVED, "holder")


def stated(tdm=Tdm.UNKNOWN, by="", *, basis=Basis.DEPOSITOR, licence=BY, at="2026-01-01", **more):
    return RightsStatement(
        licence=licence, basis=basis, tdm=tdm, tdm_by=by, stated_at=f"{at}T00:00:00Z", **more
    )


reserved = stated(Tdm.RESERVED, "holder")
waived = stated(Tdm.NOT_RESERVED, "holder", at="2026-02-01")


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ([], UNSAID),
        ([stated()], UNSAID),
        ([stated(licence="")], UNSAID),
        ([reserved], RESERVED),
        ([reserved, waived], FREE),
        ([waived, stated(Tdm.RESERVED, "holder", at="2026-03-01")], RESERVED),
        ([reserved, stated(at="2026-03-01", basis=Basis.DECISION)], RESERVED),
        ([stated(Tdm.RESERVED, "society")], Mining(Tdm.RESERVED, "society")),
        ([stated(Tdm.RESERVED, "p17")], RESERVED),
        ([stated(licence=MARK)], Mining(Tdm.NOT_RESERVED, "law")),
        ([stated(licence=MARK, basis=Basis.CLAIM)], UNSAID),
        ([stated(Tdm.RESERVED, "holder", basis=Basis.CLAIM)], UNSAID),
        ([stated(Tdm.NOT_RESERVED, "holder", valid_until="2026-05-01")], UNSAID),
        ([stated(Tdm.NOT_RESERVED, "holder", valid_from="2026-07-01")], UNSAID),
        ([stated(Tdm.RESERVED, "holder", valid_until="2026-05-01")], RESERVED),
        ([reserved, stated(Tdm.NOT_RESERVED, "holder")], RESERVED),
    ],
)
def test_the_newest_word_of_who_can_speak_governs(statements, said):
    """A table of what is said, and what follows from it on one day."""
    assert mining_of(statements, DAY) == said


@given(
    st.lists(
        st.builds(
            lambda word, basis, at: stated(*word, basis=basis, at=at),
            st.sampled_from(
                [(Tdm.UNKNOWN, ""), (Tdm.RESERVED, "holder"), (Tdm.NOT_RESERVED, "registry")]
            ),
            st.sampled_from(list(Basis)),
            st.sampled_from(["2026-01-01", "2026-01-02", "2026-01-03"]),
        ),
        max_size=6,
    ),
    st.randoms(),
)
def test_the_answer_does_not_hang_on_the_order(statements, random):
    """Statements in any order give one answer, and nothing but a reservation reserves."""
    shuffled = list(statements)
    random.shuffle(shuffled)
    said = mining_of(statements, DAY)
    assert mining_of(shuffled, DAY) == said
    if said.tdm is Tdm.RESERVED:
        assert any(one.tdm is Tdm.RESERVED and one.basis is not Basis.CLAIM for one in statements)


def test_an_instant_is_no_day():
    """Which day it is depends on a zone, so an instant is refused."""
    with pytest.raises(TypeError):
        mining_of([], datetime(2026, 1, 1, tzinfo=UTC))


def test_headers_declare_what_a_holder_said_and_nothing_else():
    """Silence is sent as a wish of the archive; `TDM-Reservation` only where somebody spoke."""
    assert headers(None) == headers(UNSAID) == {"Content-Usage": "train-ai=n"}
    assert headers(FREE) == {"Content-Usage": "train-ai=y", "TDM-Reservation": "0"}
    assert headers(RESERVED) == {"Content-Usage": "train-ai=n", "TDM-Reservation": "1"}
    assert headers(RESERVED, "https://a/p")["TDM-Policy"] == "https://a/p"


def test_sentences_never_speak_for_a_holder():
    """What nobody said is the archive's word; what somebody said names who."""
    assert sentence_of(UNSAID).startswith("Not licensed for training by this archive")
    assert "no term is added to its licence" in sentence_of(UNSAID)
    assert "the right holder says so" in sentence_of(RESERVED)
    assert "adds no term to any licence" in SENTENCE
    counts = {Tdm.RESERVED: 2, Tdm.UNKNOWN: 3}
    told = "Of 5 recordings: 2 reserved, 3 not licensed for training by this archive."
    assert counted_sentence(counts) == told
    assert counted_sentence({}) == ""
