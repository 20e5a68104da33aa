"""What `phono guard score` tells people on the terminal: who stands out in a log, and by what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phonotheque.cli.output import print_table, printable

if TYPE_CHECKING:
    from phonotheque.guard.score.judging import Report

_MOST_NAMED = 20
_LONGEST_AGENT = 100


def tell(report: Report) -> None:
    """Print a report."""
    from phonotheque.guard.score.reasons import summary_of

    print(summary_of(report))
    print(_read_words(report))
    if report.thresholds is None and report.counted.fetches:
        print(
            "Too few visitors to know what is ordinary: only budgets, and counting through "
            "numbers, are held against anybody."
        )
    for note in report.notes:
        print(printable(note))
    if report.counted.fetches:
        _tell_named(report)
        _tell_budgets(report)


def _read_words(report: Report) -> str:
    from phonotheque.guard.score.reasons import instant

    counted = report.counted
    between = ""
    if counted.last_second:
        between = f", {instant(counted.first_second)} to {instant(counted.last_second)}"
    return (
        f"{counted.lines:,} lines, {counted.malformed:,} of them unreadable; "
        f"{report.accounts:,} accounts looked at one by one, {report.robots:,} of which call "
        f"themselves robots; {report.items:,} different items{between}."
    )


def _tell_named(report: Report) -> None:
    from phonotheque.guard.score.reasons import does, reasons_of

    limits = [use.limit for use in report.budgets]
    for one in report.suspects[:_MOST_NAMED]:
        score = "" if one.score is None else f", score {one.score:.2f}"
        print(f"\n{printable(one.account.name)}{score}: a guard would {does(one.rung)}.")
        if one.account.agent:
            print(f"  {_shortened(printable(one.account.agent))}")
        for reason in reasons_of(one, limits):
            print(f"  {reason}")
    if len(report.suspects) > _MOST_NAMED:
        print(f"\nAnd {len(report.suspects) - _MOST_NAMED:,} more; --json names them all.")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_AGENT else f"{text[: _LONGEST_AGENT - 1]}…"


def _tell_budgets(report: Report) -> None:
    from phonotheque.guard.score.reasons import share, words

    print("\nWhat a budget would have done:")
    rows = [("budget", "other visitors kept waiting", "of those named", "items kept back")]
    for use in report.budgets:
        others = f"{use.others:,} of {report.others:,}"
        named = f"{use.suspects:,} of {len(report.suspects):,}"
        rows.append((words(use.limit), others, named, f"{use.kept_back:,}"))
    print_table(rows, right=(1, 2, 3))
    if report.most:
        print(
            f"Of the others, 999 in 1,000 had at most {report.most:,} items"
            f" ({share(report.most / max(report.items, 1))} of all)."
        )
