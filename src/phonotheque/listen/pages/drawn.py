"""The sentence that draws: what it offers, what was chosen, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from markupsafe import Markup

from phonotheque.listen.pages.words import Words
from phonotheque.listen.ports import Library
from phonotheque.listen.values import Drawn, Facet, Pool

DRAWN_AT_ONCE = 20
_LICENCES = 8
_POPULAR = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What was chosen: who heard it, and under which licence; "" for any."""

    heard: str = ""
    licence: str = ""

    def pool(self) -> Pool:
        """Return what is drawn from. What *this* person never heard only his browser knows."""
        return Pool(
            licence=self.licence or None,
            is_never_heard=self.heard == "nobody",
            min_score=_POPULAR if self.heard == "many" else None,
        )


@dataclass(frozen=True, slots=True)
class DrawView:
    """What the sentence shows.

    Attributes:
        heard: Values and words to choose from.
        licences: Likewise.
        drawn: What came of it; None before anything was drawn.
        seed: That plays the same order again.
        first: Number of the first song shown.
        next: Address of the next draw; "" at the end of the pool.
    """

    asked: Asked
    heard: list[tuple[str, Markup]]
    licences: list[tuple[str, Markup]]
    drawn: Drawn | None = None
    seed: str = ""
    first: int = 1
    next: str = ""


def draw_view(
    words: Words,
    library: Library,
    asked: Asked | None = None,
    drawn: Drawn | None = None,
    after: int = 0,
) -> DrawView:
    """Return what the sentence shows, with what was drawn if anything was."""
    asked = asked or Asked()
    heard = [
        ("", words("anyone may have heard")),
        ("nobody", words("nobody is known to have heard")),
        ("mine", words("I have never heard")),
        ("many", words("many have heard")),
    ]
    shelves = library.shelves(Facet.LICENCE)[:_LICENCES]
    licences = [("", words("any free licence"))]
    licences += [(shelf.name, Markup("{}").format(shelf.title)) for shelf in shelves]
    if drawn is None:
        return DrawView(asked, heard, licences)
    again = {"heard": asked.heard, "licence": asked.licence, "seed": drawn.seed}
    following = f"/shuffle?{urlencode(again | {'after': drawn.after})}" if drawn.after else ""
    return DrawView(asked, heard, licences, drawn, drawn.seed, after + 1, following)
