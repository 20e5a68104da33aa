"""Statements of rights for tests: plain ones by hand, any by Hypothesis."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from phonotheque.music.rights import Basis, RightsStatement, Tdm, Use

TODAY = date(2026, 6, 15)
BY = "https://creativecommons.org/licenses/by/4.0/"
BY_NC = "https://creativecommons.org/licenses/by-nc/4.0/"
BY_ND = "https://creativecommons.org/licenses/by-nd/4.0/"
IN_COPYRIGHT = "http://rightsstatements.org/vocab/InC/1.0/"
LICENCES = (
    "",
    BY,
    BY_NC,
    BY_ND,
    IN_COPYRIGHT,
    "http://rightsstatements.org/vocab/CNE/1.0/",
    "GPL-2.0-or-later",
    "LicenseRef-Band",
    "https://licences.example/of-a-later-version",
)


def stated(licence: str = BY, basis: Basis = Basis.DEPOSITOR, **fields: Any) -> RightsStatement:
    """A statement made at the beginning of 2026."""
    given = {"stated_at": "2026-01-01T00:00:00.000000Z", **fields}
    return RightsStatement(licence=licence, basis=basis, **given)


_DAYS = st.dates(date(2026, 6, 10), date(2026, 6, 20)).map(date.isoformat)
_INSTANTS = st.integers(0, 5).map(lambda n: f"2026-01-0{1 + n // 2}T00:00:00{'.5' * (n % 2)}Z")
_USES = st.lists(st.sampled_from(Use), unique=True, max_size=4)


@st.composite
def statements(draw: st.DrawFn, basis: Basis | None = None) -> RightsStatement:
    """Any valid statement: few days, instants and places, so that they meet."""
    on_whose_word = basis or draw(st.sampled_from(Basis))
    window = sorted(draw(st.lists(_DAYS, unique=True, max_size=2)))
    is_from = draw(st.booleans())
    uses = draw(_USES)
    cut = draw(st.integers(0, len(uses)))
    onsite_only = draw(st.booleans()) and draw(st.booleans())
    may_grant = on_whose_word is not Basis.CLAIM and not onsite_only
    return RightsStatement(
        licence=draw(st.sampled_from(LICENCES)),
        basis=on_whose_word,
        valid_from=window[0] if window and (is_from or len(window) == 2) else None,
        valid_until=window[-1] if window and (not is_from or len(window) == 2) else None,
        territories=draw(st.sampled_from([(), (), ("DE",), ("AT", "DE")])),
        onsite_only=onsite_only,
        granted=tuple(uses[:cut]) if may_grant else (),
        excluded=tuple(uses[cut:]),
        tdm=(tdm := draw(st.sampled_from(Tdm))),
        tdm_by="" if tdm is Tdm.UNKNOWN else "holder",
        stated_at=draw(_INSTANTS),
    )
