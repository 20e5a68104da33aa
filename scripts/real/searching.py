"""Ten searches that a person would type, each held against the answer that was meant.

Law: what is meant was read off the packages' own tags by a person, once; nothing here asks the
product what is right. A search whose package is not there is left out.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.real.checks import Check
from scripts.real.steps import Step, run_step


@dataclass(frozen=True, slots=True)
class Search:
    """One search.

    Attributes:
        package: Whose music is meant.
        typed: Arguments of `phono search`.
        meant: Title, or name, of the first answer.
        why: What it tries.
    """

    package: str
    typed: tuple[str, ...]
    meant: str
    why: str


@dataclass(frozen=True, slots=True)
class Searched:
    """A search that was made.

    Attributes:
        first: Title and credit of the first answer; "" when nothing was found.
    """

    search: Search
    step: Step
    first: str
    is_right: bool


_WESNOTH, _TUX, _KART = "wesnoth-1.16-music", "supertux-data", "supertuxkart-data"
_ENDGAME = "singularity-music"
SEARCHES = (
    Search(_WESNOTH, ("battle epic",), "Battle Epic", "a whole title"),
    Search(_WESNOTH, ("casualtes of war",), "Casualties of War", "a letter left out"),
    Search(_WESNOTH, ("westlund chains",), "Breaking the Chains", "artist and title mixed"),
    Search(_WESNOTH, ("elvish the",), "Elvish theme", "the last word begun"),
    Search(_WESNOTH, ("release:wesnoth",), "The Battle for Wesnoth OST", "a release by its field"),
    Search(_TUX, ("mortimers chipdisko",), "Mortimer's Chipdisko", "an apostrophe left out"),
    Search(_TUX, ("artist:wansti", "boss"), "Boss Attack", "an artist by his field"),
    Search(_KART, ("zen gardne",), "Zen Garden", "two letters swapped"),
    Search(_ENDGAME, ("awakening", "year:2012", "held:yes"), "Awakening", "filters"),
    Search("hyperrogue-music", ("--kind", "artist", "savino"), "Will Savino", "an artist"),
)


def run_searches(on: Sequence[str], packages: Collection[str], said: Path) -> list[Searched]:
    """Make all searches whose music is there.

    Args:
        on: Program and archive.
        packages: Names of what was taken in.
        said: Where what commands write is kept.

    Raises:
        StepFailedError: A search failed.
    """
    made = []
    for number, search in enumerate(SEARCHES, start=1):
        if search.package in packages:
            command = [*on, "search", "--json", *search.typed]
            step = run_step(f"search {number}", command, said)
            made.append(_judged(search, step))
    return made


def _judged(search: Search, step: Step) -> Searched:
    first = json.loads(step.output.read_text(encoding="utf-8").splitlines()[0])
    title, credit = first.get("title") or "", first.get("credit")
    told = f"{title}, {credit}" if credit else title
    return Searched(search, step, told, title == search.meant)


def check_searches(made: Sequence[Searched]) -> Check:
    """Every search has the answer first that was meant."""
    wrong = [
        f"{' '.join(one.search.typed)}: {one.first or 'nothing'}, not {one.search.meant}"
        for one in made
        if not one.is_right
    ]
    return Check("searches find first what is meant", f"{len(made)} searches", "; ".join(wrong))


def search_rows(made: Sequence[Searched]) -> list[list[str]]:
    """One row for each search."""
    return [
        [
            " ".join(one.search.typed),
            one.search.why,
            one.first or "nothing",
            "yes" if one.is_right else "no",
            f"{one.step.cpu_s:.2f}",
        ]
        for one in made
    ]
