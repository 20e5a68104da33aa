"""Showing how far something long is: what is being done, a bar, and the time left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from phonotheque.cli.output import format_duration

if TYPE_CHECKING:
    from phonotheque.catalogue.build.steps import BuildProgress

Tell = Callable[[str, float | None, float | None], None]
"""Is told what is being done, the share of it that is done, and the seconds left, where known."""


def of_build(told: Tell) -> Callable[[BuildProgress], None]:
    """Return what takes the progress of steps and tells it."""

    def on_progress(made: BuildProgress) -> None:
        told(made.step, made.share, made.seconds_left)

    return on_progress


@contextmanager
def watched() -> Iterator[Tell]:
    """Show what is being done and the time left while the block runs, if anybody is watching."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[left]}"),
    )
    by_pace = TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, left="")

        def told(words: str, share: float | None, seconds_left: float | None) -> None:
            left = str(by_pace.render(bar.tasks[0])) if share else ""
            if seconds_left is not None:
                left = f"{format_duration(round(seconds_left * 1000))} left"
            if share is not None:
                bar.update(task, total=1.0, completed=share)
            bar.update(task, description=words, left=left)

        yield told
