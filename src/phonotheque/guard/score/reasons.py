"""Why somebody is named, in sentences; and the report as a record for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from phonotheque.guard.budgets import DAY, HOUR, Limit
from phonotheque.guard.instants import instant_of
from phonotheque.guard.rungs import FROM_SCORE, Rung
from phonotheque.guard.score.gathering import AHEAD_S, LEAST_REQUESTS
from phonotheque.guard.score.report import LEAST_VISITORS, Report, Suspect
from phonotheque.music.number_words import counted

_LONGEST_EXAMPLE = 80

_DOES = {
    Rung.NONE: "do nothing",
    Rung.OBSERVE: "look on",
    Rung.BUDGET: "halve its budget",
    Rung.CHALLENGE: "ask it a question",
    Rung.SUSPEND: "look again, then suspend",
}


def reasons_of(suspect: Suspect, limits: Sequence[Limit]) -> tuple[str, ...]:
    """Return sentences that say what was seen, the weightiest first."""
    taken = (
        f"{suspect.items:,} different items in {span(suspect.last - suspect.first)}, "
        f"{share(suspect.share)} of all that anybody fetched; {suspect.rare:,} of them were "
        "fetched by at most one other."
    )
    found = [taken]
    if suspect.needed is not None and suspect.score is not None and suspect.score >= 1:
        found.append(
            f"With fewer than {suspect.needed:,} items that nobody else has it would not have "
            "stood out."
        )
    if suspect.counts_through:
        found.append(f"{suspect.in_sequence:,} of them followed the number before.")
    beyond = [f"{words(limit)} ({count:,} items)" for limit, count in zip(
        limits, suspect.beyond, strict=True) if count]  # fmt: skip
    if beyond:
        found.append(f"It went beyond {' and '.join(beyond)}.")
    if suspect.hours >= 22:
        found.append(f"It came in {suspect.hours} of the 24 hours of the day.")
    if suspect.account.is_robot:
        found.append("It calls itself a robot.")
    return tuple(found)


def does(rung: Rung) -> str:
    """What a guard would do on a rung: words that follow "A guard would"."""
    return _DOES[rung]


def summary_of(report: Report) -> str:
    """Return the finding in one sentence; where nothing was fetched, that there is none."""
    if not report.counted.lines:
        return "The log is empty: it says nothing about anybody."
    if not report.counted.fetches:
        lines = counted(report.counted.lines, "line")
        return f"None of {lines} is a fetch of an item: nobody was looked at."
    named = [one for one in report.suspects if not one.account.is_robot]
    robots = len(report.suspects) - len(named)
    if not named:
        but = f" but {_robots(robots)}" if robots else ""
        return f"Nobody stands out{but}."
    by_word = f", and {_robots(robots)}" if robots else ""
    together = sum(one.items for one in named)
    verb = "goes" if len(named) == 1 else "go"
    return (
        f"{counted(len(named), 'account')} of {report.accounts:,} with {LEAST_REQUESTS} fetches or "
        f"more {verb} through the catalogue ({together:,} items together){by_word}."
    )


def _robots(count: int) -> str:
    return f"{counted(count, 'robot')} by {'its' if count == 1 else 'their'} own word"


def too_few(report: Report) -> str:
    """Say that nobody has a score, and how many visitors are lacking; empty where they have one."""
    if report.thresholds is not None or not report.counted.fetches:
        return ""
    return (
        f"Too few visitors to know what is ordinary: {report.visitors:,} fetched something that is "
        f"not popular, {LEAST_VISITORS:,} are needed. Only budgets, and counting through numbers, "
        "are held against anybody."
    )


def words_ahead(lines: int) -> str:
    """Say that lines were left out for their time, in a sentence."""
    verbs = ("is", "was") if lines == 1 else ("are", "were")
    return (
        f"{counted(lines, 'line')} {verbs[0]} more than {AHEAD_S // 60} minutes ahead of the "
        f"clock, and {verbs[1]} left out."
    )


def such_as(suspect: Suspect) -> str:
    """Name examples of what was fetched, in a sentence."""
    *most, last = (shortened(one, _LONGEST_EXAMPLE) for one in suspect.examples)
    return f"Such as {', '.join(most)}{' and ' if most else ''}{last}."


def shortened(text: str, most: int) -> str:
    """Return as much of a text as there is room for."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def ladder() -> str:
    """Say from which score a guard would do what, and who is named, in two sentences."""
    *steps, last = (f"{does(rung)} from {least}" for rung, least in FROM_SCORE.items())
    return (
        f"By its score a guard would {', '.join(steps)}, and {last}; "
        f"named is who reached {FROM_SCORE[Rung.CHALLENGE]}."
    )


def looked_at(report: Report) -> str:
    """Say how much was read and looked at, in a sentence without its full stop."""
    return (
        f"{counted(report.accounts, 'account')} with {LEAST_REQUESTS} fetches or more looked at "
        f"one by one, among them {_robots(report.robots)}; "
        f"{counted(report.items, 'different item')}"
    )


def record_of(report: Report) -> dict[str, Any]:
    """Return the report as `--json` prints it."""
    limits = [use.limit for use in report.budgets]
    return {
        "logs": list(report.logs),
        "summary": summary_of(report),
        "lines": asdict(report.counted),
        "from": _instant(report.counted.first_second),
        "to": _instant(report.counted.last_second),
        "accounts": report.accounts,
        "robots": report.robots,
        "items": report.items,
        "visitors": {"ordinary": report.visitors, "needed": LEAST_VISITORS},
        "thresholds_bits": report.thresholds and list(report.thresholds),
        "suspects": [_suspect_record(one, limits) for one in report.suspects],
        "others": {"accounts": report.others, "items_of_the_thousandth": report.most},
        "budgets": [
            {"items": use.limit.tracks, "seconds": use.limit.seconds, "others": use.others,
             "suspects": use.suspects, "kept_back": use.kept_back}
            for use in report.budgets
        ],
        "notes": list(report.notes),
    }  # fmt: skip


def _suspect_record(suspect: Suspect, limits: Sequence[Limit]) -> dict[str, Any]:
    return {
        "account": suspect.account.name,
        "agent": suspect.account.agent,
        "robot": suspect.account.is_robot,
        "score": None if suspect.score is None else round(suspect.score, 3),
        "rung": suspect.rung.name.lower(),
        "items": suspect.items,
        "share": round(suspect.share, 6),
        "rare": suspect.rare,
        "in_sequence": suspect.in_sequence,
        "hours": suspect.hours,
        "first": instant_of(suspect.first),
        "last": instant_of(suspect.last),
        "examples": list(suspect.examples),
        "beyond": list(suspect.beyond),
        "reasons": list(reasons_of(suspect, limits)),
    }


def _instant(second: int | None) -> str | None:
    return None if second is None else instant_of(second)


COMES_BACK = (
    "All of a budget is there at once, and what is used comes back evenly: at most twice as many "
    "fit into its time."
)


def words(limit: Limit) -> str:
    """A budget in words: "40 new items an hour"."""
    every = {HOUR: "an hour", DAY: "a day"}.get(limit.seconds, f"{limit.seconds // DAY} days")
    return f"{limit.tracks:,} new items {'in ' if every[0].isdigit() else ''}{every}"


def span(seconds: int) -> str:
    """A length of time for people."""
    if seconds >= 2 * DAY:
        return f"{seconds / DAY:.1f} days"
    if seconds >= HOUR:
        return f"{seconds // HOUR} h {seconds % HOUR // 60:02d} min"
    return f"{seconds // 60} min {seconds % 60:02d} s"


def share(part: float) -> str:
    """A share as people read it: "14 %", "0.08 %"."""
    return f"{part * 100:.2g} %" if part < 0.1 else f"{part * 100:.0f} %"
