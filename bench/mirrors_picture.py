"""The days of the simulation as a picture: `python -m bench.mirrors_picture FILE.svg`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bench.mirrors_simulated import DAYS, TARGET, World, play
from phonotheque.look.drawing import INK, PAPER, svg_of

_NAMED_ON = 11
"""The day at which each line has its name below it: there they lie far apart."""

_RULES = {
    "need": "each missing copy draws tickets (Phonotheque)",
    "noise": "least seeded with noise, chosen once",
    "rarest": "strictly the rarest first",
}


def picture(volumes: int = 10_500, mirrors: int = 1000) -> str:
    """Play three rules on one world and draw them: SVG."""
    import altair

    world = World.made(volumes, mirrors, seed=1)
    rows = [
        {"day": day, "share": share, "rule": words}
        for rule, words in _RULES.items()
        for day, share in enumerate(play(world, rule).at_target)
    ]
    return svg_of(_chart(altair, rows, mirrors, volumes))


def _chart(altair: Any, rows: list[dict[str, Any]], mirrors: int, volumes: int) -> Any:
    base = altair.Chart(altair.Data(values=rows)).encode(
        x=altair.X("day:Q").title("day").axis(grid=False, tickCount=6).scale(domain=[0, DAYS]),
        y=altair.Y("share:Q").title(None).axis(format=".0%", tickCount=5).scale(domain=[0, 1]),
    )
    lines = base.mark_line(color=INK, strokeWidth=2).encode(
        strokeDash=altair.StrokeDash("rule:N").legend(None).sort(list(_RULES.values()))
    )
    named = [row for row in rows if row["day"] == _NAMED_ON]
    words = altair.Chart(altair.Data(values=named)).mark_text(
        align="left", dy=20, color=INK, fontSize=13
    )
    words = words.encode(x="day:Q", y="share:Q", text="rule:N")
    title = altair.TitleParams(
        f"Each missing copy draws tickets: all volumes have {TARGET} copies after a week",
        subtitle=[
            f"Volumes with {TARGET} copies or more. {mirrors:,} mirrors of mixed sizes have 1.3",
            f"times the room that {volumes:,} volumes need; a fifth of the mirrors leave for ever.",
        ],
        anchor="start",
        offset=16,
    )
    return altair.layer(lines, words).properties(
        width=720, height=360, background=PAPER, padding=24, title=title
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
