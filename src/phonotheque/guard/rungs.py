"""The ladder: what may happen to an account, rung by rung, and at which score.

A score says how near somebody is to the threshold that hardly any honest account reaches: 1 is at
it. Laws: only what may be heard and not kept is ever touched; a group's evidence alone goes no
higher than a challenge; nobody is suspended before an exact recount.
"""

from __future__ import annotations

from enum import IntEnum


class Rung(IntEnum):
    """What is done; each rung does what those below it do."""

    NONE = 0
    OBSERVE = 1
    """From now on each new restricted track is written down, so that it can be counted exactly."""
    BUDGET = 2
    """Half of the new restricted tracks an hour, a day and a month."""
    CHALLENGE = 3
    """A question that a person answers once; until then nothing restricted that is new to them."""
    SUSPEND = 4
    """Nothing restricted, until a person has looked at it or it expires."""


FROM_SCORE = {Rung.OBSERVE: 0.3, Rung.BUDGET: 0.5, Rung.CHALLENGE: 0.6, Rung.SUSPEND: 1.0}


def rung_of(score: float) -> Rung:
    """Return the highest rung that a score reaches by itself."""
    return max((rung for rung, least in FROM_SCORE.items() if score >= least), default=Rung.NONE)
