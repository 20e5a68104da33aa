"""What `phono guard score` tells people on the terminal: who stands out in a log, and by what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phonotheque.cli.output import print_table, printable
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.guard.score.report import Report

_MOST_NAMED = 20
_LONGEST_AGENT = 100


def tell(report: Report) -> None:
    """Print a report."""
    from phonotheque.guard.score.reasons import summary_of, too_few

    print(summary_of(report))
    print(_read_words(report))
    if words := too_few(report):
        print(words)
    for note in report.notes:
        print(printable(note))
    if report.counted.fetches:
        _tell_named(report)
        _tell_budgets(report)


def _read_words(report: Report) -> str:
    from phonotheque.guard.instants import instant_of
    from phonotheque.guard.score.reasons import looked_at

    read = report.counted
    between = ""
    if read.first_second is not None and read.last_second is not None:
        between = f", {instant_of(read.first_second)} to {instant_of(read.last_second)}"
    lines = f"{counted(read.lines, 'line')}, {read.malformed:,} of them unreadable"
    return f"{lines}; {looked_at(report)}{between}."


def _tell_named(report: Report) -> None:
    from phonotheque.guard.score.reasons import does, ladder, reasons_of, shortened, such_as

    limits = [use.limit for use in report.budgets]
    for one in report.suspects[:_MOST_NAMED]:
        score = "" if one.score is None else f", score {one.score:.2f}"
        print(f"\n{printable(one.account.name)}{score}: a guard would {does(one.rung)}.")
        if one.account.agent:
            print(f"  {shortened(printable(one.account.agent), _LONGEST_AGENT)}")
        for reason in reasons_of(one, limits):
            print(f"  {reason}")
        print(f"  {printable(such_as(one))}")
    if len(report.suspects) > _MOST_NAMED:
        print(f"\nAnd {len(report.suspects) - _MOST_NAMED:,} more; --json names them all.")
    if report.suspects and report.thresholds is not None:
        print(f"\n{ladder()}")


def _tell_budgets(report: Report) -> None:
    from phonotheque.guard.score.reasons import COMES_BACK, share, words

    print("\nWhat a budget would have done:")
    rows = [("budget", "other visitors kept waiting", "of those named", "items kept back")]
    for use in report.budgets:
        others = f"{use.others:,} of {report.others:,}"
        named = f"{use.suspects:,} of {len(report.suspects):,}"
        rows.append((words(use.limit), others, named, f"{use.kept_back:,}"))
    print_table(rows, right=(1, 2, 3))
    print(COMES_BACK)
    if report.most:
        print(
            f"Of the others, 999 in 1,000 had at most {report.most:,} items"
            f" ({share(report.most / max(report.items, 1))} of all)."
        )
