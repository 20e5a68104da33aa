"""Evidence in one sentence, and what would have changed it in another.

Law: a counterfactual is true, not likely: with fewer new tracks than it says, whichever of them
were left out, no clock could have reached what this rung begins at.
"""

from __future__ import annotations

from phonotheque.guard.decisions import Basis, Finding, Group
from phonotheque.guard.rungs import Rung


def sentences(finding: Finding, basis: Basis, rung: Rung) -> tuple[str, str]:
    """Return what was seen, and what would have kept it from this rung."""
    match basis:
        case Basis.CANARY:
            asked = _counted(finding.canaries, "address")
            verb = "names" if finding.canaries == 1 else "name"
            seen = (
                f"{asked} that this account asked for {verb} no recording that was ever "
                f"here: one finds such addresses by trying.{_named(finding.canary_ids)}"
            )
            return seen, "It would not have happened with addresses that this service gives out."
        case Basis.BUDGET:
            seen = (
                f"{_counted(finding.over_budget, 'request')} for new restricted tracks came within "
                "a day when the budget for them was used."
            )
            return seen, "It would not have happened to who waits as long as the answers say."
        case Basis.GROUP if finding.group is not None:
            seen, otherwise = _of_group(finding.group)
        case _:
            seen, otherwise = _of_conduct(finding, rung)
    return (f"{seen} {_ADDRESS}" if finding.is_address else seen), otherwise


_ADDRESS = (
    "This account is an address: all behind it whose players keep no token count as one, and there "
    "may be several of them."
)
_MOST_NAMED = 5
_BY_ITSELF = "It ends by itself as time goes by without many more tracks that hardly anybody plays."


def _named(ids: tuple[str, ...]) -> str:
    if not ids:
        return ""
    begins = " It ends in" if len(ids) == 1 else " They end in"
    if len(ids) > _MOST_NAMED:
        begins = f" The first {_MOST_NAMED} of them, in order, end in"
    return f"{begins} {', '.join(ids[:_MOST_NAMED])}."


def _of_conduct(finding: Finding, rung: Rung) -> tuple[str, str]:
    recount = finding.recount
    if recount is None:
        seen = (
            f"What this account opened scores {finding.score:.2f}, estimated, where 1 is what "
            "hardly anybody who listens reaches."
        )
        return seen, _BY_ITSELF
    fewer = "nobody else" if recount.rare_below == 1 else f"fewer than {recount.rare_below} others"
    seen = (
        f"{recount.rare_tracks:,} of the {_counted(recount.new_tracks, 'new track')} of the last "
        f"{_counted(recount.days, 'day')} are played by {fewer}."
    )
    if rung is Rung.NONE or not recount.least:
        return seen, _BY_ITSELF
    least = recount.least[rung - 1]
    return seen, f"With fewer than {_counted(least, 'new track')} it could not have happened."


def _of_group(group: Group) -> tuple[str, str]:
    seen = (
        f"This account is one of {group.accounts:,} that have {_counted(group.shared, 'track')} in "
        f"common where people of such tastes have about {group.expected:,.0f}: as if they had "
        "divided a catalogue among them."
    )
    return (
        seen,
        "It would not have happened with what listeners have in common. One answer ends it.",
    )


def _counted(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
