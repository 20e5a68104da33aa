"""A terminal of which every key is read at once, for as long as a block runs.

Laws: the terminal is as it was before, whatever ends the block: an error, Ctrl-C, or a signal that
asks the process to end; keys that were typed are never lost between two reads.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import TYPE_CHECKING

from phonotheque.cli.answers import cut, places
from phonotheque.cli.keys import Key, Keyboard, Line
from phonotheque.cli.output import printable
from phonotheque.errors import BadRequestError

if TYPE_CHECKING:
    from rich.text import Text

_ESCAPE_S = 0.05
"""How long the rest of a key may take after its escape: a terminal sends it in one piece."""
_MOST_AT_ONCE = 4096
_CHOOSING = (Key.UP, Key.DOWN, Key.ENTER)


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands under the line while something is typed.

    Attributes:
        head: Line above the rows; "" for none.
        rows: One for each answer.
        note: What else is to be said; "" for nothing.
        rest: Gives all of it, where time was up before; None where this is all.
    """

    head: str = ""
    rows: tuple[str, ...] = ()
    note: str = ""
    rest: Callable[[], Shown] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What a person sees: the line, what was found for it, and which row is chosen."""

    line: Line
    shown: Shown
    chosen: int = 0

    def after(self, key: Key | str) -> State:
        """Return the state after a key that does not end it; the answer is still the old one."""
        if key is Key.UP or key is Key.DOWN:
            step = 1 if key is Key.DOWN else -1
            chosen = min(max(0, self.chosen + step), max(0, len(self.shown.rows) - 1))
            return replace(self, chosen=chosen)
        line = self.line.after(key)
        return replace(self, line=line, chosen=self.chosen if line.text == self.line.text else 0)


Answer = Callable[[str, int, int], Shown]
"""Gives what is shown for a text, in so many rows of so many places."""


def choose(answer: Answer, text: str = "") -> int | None:
    """Let a person type and choose.

    Args:
        answer: Asked again whenever the text changed.
        text: What stands in the line at first.

    Returns:
        Which row of the last answer was chosen; None when the person left.

    Raises:
        BadRequestError: Nobody can type here: this is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadRequestError(
            "--live", "standard input or output is no terminal", "Leave --live out."
        )
    with _raw(sys.stdin.fileno()) as woken:
        return _Screen(answer, woken).run(State(Line(text, len(text)), Shown()))


class _Screen:
    def __init__(self, answer: Answer, woken: int) -> None:
        from rich.console import Console
        from rich.live import Live

        self._answer = answer
        self._woken = woken
        self._keyboard = Keyboard()
        self._console = Console(file=sys.stdout, highlight=False)
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def run(self, state: State) -> int | None:
        """Read keys and show what they lead to, until one ends it.

        A key that chooses among rows counts for those that were shown when it was pressed: for none
        when others came while it waited.
        """
        with self._live:
            state = self._asked(state)
            while True:
                self._draw(state)
                text, is_of_others = state.line.text, False
                if state.shown.rest is not None and not self._is_typed():
                    rows = state.shown.rows
                    state = self._with(state, state.shown.rest())
                    is_of_others = state.shown.rows != rows and self._is_typed()
                    if not is_of_others:
                        continue
                for key in self._keys():
                    if is_of_others and key in _CHOOSING and state.line.text == text:
                        continue
                    if key is Key.LEAVE:
                        return None
                    if key is Key.ENTER:
                        state = state if state.line.text == text else self._asked(state)
                        return state.chosen if state.shown.rows else None
                    state = state.after(key)
                if state.line.text != text or self._is_resized():
                    state = self._asked(state)

    def _asked(self, state: State) -> State:
        width, height = self._size()
        return self._with(state, self._answer(state.line.text, max(1, height - 5), width))

    def _with(self, state: State, shown: Shown) -> State:
        return replace(state, shown=shown, chosen=min(state.chosen, max(0, len(shown.rows) - 1)))

    def _size(self) -> tuple[int, int]:
        size = shutil.get_terminal_size()
        self._shown_size = (max(20, size.columns), max(6, size.lines))
        return self._shown_size

    def _is_resized(self) -> bool:
        before = self._shown_size
        return self._size() != before

    def _is_typed(self) -> bool:
        """Whether a key, or a signal, waits to be read."""
        return bool(select.select([sys.stdin.fileno(), self._woken], [], [], 0)[0])

    def _keys(self) -> Sequence[Key | str]:
        """Wait for keys; empty when a signal came, such as that of a changed size."""
        descriptor = sys.stdin.fileno()
        wait = _ESCAPE_S if self._keyboard.is_waiting else None
        ready, _, _ = select.select([descriptor, self._woken], [], [], wait)
        if self._woken in ready:
            os.read(self._woken, _MOST_AT_ONCE)
        if descriptor in ready:
            data = os.read(descriptor, _MOST_AT_ONCE)
            return self._keyboard.keys(data) if data else [Key.LEAVE]
        return self._keyboard.give_up_waiting() if not ready else []

    def _draw(self, state: State) -> None:
        from rich.text import Text

        width = self._shown_size[0]
        drawn = Text(no_wrap=True, overflow="crop")
        drawn.append_text(_line(state.line, width))
        if state.shown.head:
            drawn.append(f"\n  {cut(state.shown.head, width - 2)}", style="dim")
        for number, row in enumerate(state.shown.rows):
            is_chosen = number == state.chosen
            mark = ">" if is_chosen else " "
            drawn.append(f"\n{mark} {cut(row, width - 2)}", style="reverse" if is_chosen else "")
        note = state.shown.note or "arrows choose, Enter shows, Esc leaves"
        drawn.append(f"\n{cut(printable(note), width)}", style="dim")
        self._live.update(drawn, refresh=True)


def _line(line: Line, width: int) -> Text:
    """The line that is edited, its place marked; of a long one what stands around the place."""
    from rich.text import Text

    before, behind = printable(line.text[: line.place]), printable(line.text[line.place :])
    room = width - 4
    while places(before) > room - 1:
        before = before[max(1, len(before) - room) :]
    under, behind = (behind[:1] or " "), behind[1:]
    drawn = Text("> ", style="bold")
    drawn.append(before, style="not bold")
    drawn.append(under, style="reverse not bold")
    drawn.append(cut(behind, max(0, room - places(before) - places(under))), style="not bold")
    return drawn


class _Ended(BaseException):
    """The process was asked to end; it is no error, and nobody may catch it as one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _end(number: int, _: FrameType | None) -> None:
    raise _Ended(number)


def _wake(_: int, __: FrameType | None) -> None:
    """Do nothing: that a signal came is read from the descriptor for that."""


@contextmanager
def _raw(descriptor: int) -> Iterator[int]:
    """Give every key as it is typed; yields a descriptor that can be read when a signal came."""
    before = termios.tcgetattr(descriptor)
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    ends = (signal.SIGTERM, signal.SIGHUP)

    handlers = {number: signal.signal(number, _end) for number in ends}
    handlers[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, _wake)
    woken = signal.set_wakeup_fd(writes)
    try:
        tty.setraw(descriptor, termios.TCSADRAIN)
        _keep_line_ends(descriptor)
        yield reads
    except _Ended as ended:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        signal.signal(ended.number, signal.SIG_DFL)
        os.kill(os.getpid(), ended.number)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        signal.set_wakeup_fd(woken)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(reads)
        os.close(writes)


def _keep_line_ends(descriptor: int) -> None:
    """Let a line feed still begin a new line at its beginning: only input is raw."""
    mode = termios.tcgetattr(descriptor)
    mode[1] |= termios.OPOST | termios.ONLCR
    termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)
