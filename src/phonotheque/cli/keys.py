"""Keys of a terminal, and a line of text that they edit. Pure: no terminal is met here.

Source: ECMA-48 (control sequences), as xterm and the Linux console send them.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from enum import Enum, auto


class Key(Enum):
    """Keys that do something; letters are texts of one character."""

    ENTER = auto()
    LEAVE = auto()
    UP = auto()
    DOWN = auto()
    LEFT = auto()
    RIGHT = auto()
    HOME = auto()
    END = auto()
    BACK = auto()
    DELETE = auto()
    CLEAR = auto()
    WORD_BACK = auto()
    NOTHING = auto()
    """A key that means nothing here."""


_CONTROLS = {
    "\r": Key.ENTER,
    "\n": Key.ENTER,
    "\x03": Key.LEAVE,  # Ctrl-C
    "\x04": Key.LEAVE,  # Ctrl-D
    "\x7f": Key.BACK,
    "\x08": Key.BACK,
    "\x01": Key.HOME,
    "\x05": Key.END,
    "\x02": Key.LEFT,
    "\x06": Key.RIGHT,
    "\x10": Key.UP,
    "\x0e": Key.DOWN,
    "\x15": Key.CLEAR,
    "\x17": Key.WORD_BACK,
}
_SEQUENCES = {
    **{f"\x1b{lead}A": Key.UP for lead in "[O"},
    **{f"\x1b{lead}B": Key.DOWN for lead in "[O"},
    **{f"\x1b{lead}C": Key.RIGHT for lead in "[O"},
    **{f"\x1b{lead}D": Key.LEFT for lead in "[O"},
    **{f"\x1b{lead}H": Key.HOME for lead in "[O"},
    **{f"\x1b{lead}F": Key.END for lead in "[O"},
    "\x1b[1~": Key.HOME,
    "\x1b[4~": Key.END,
    "\x1b[3~": Key.DELETE,
}
_WHOLE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~]|[^\[O\x1b])")
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O)?")


@dataclass(slots=True)
class Keyboard:
    """Makes keys of the bytes that a terminal sends, whatever way they come in pieces."""

    _bytes: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )
    _begun: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether an escape was sent that may be the beginning of a key."""
        return bool(self._begun)

    def keys(self, data: bytes) -> list[Key | str]:
        """Return the keys that are whole."""
        text, self._begun = self._begun + self._bytes.decode(data), ""
        found: list[Key | str] = []
        while text:
            if text[0] != "\x1b":
                found.append(_key(text[0]))
                text = text[1:]
            elif whole := _WHOLE.match(text):
                found.append(_SEQUENCES.get(whole[0], Key.NOTHING))
                text = text[whole.end() :]
            elif _BEGUN.fullmatch(text):
                self._begun, text = text, ""
            else:  # an escape within a sequence: the key before it was the escape alone
                found.append(Key.LEAVE)
                text = text[1:]
        return found

    def give_up_waiting(self) -> list[Key | str]:
        """Return what was begun as keys: nothing followed, so it was the escape key."""
        begun, self._begun = self._begun, ""
        return [Key.LEAVE] if begun else []


def _key(letter: str) -> Key | str:
    if key := _CONTROLS.get(letter):
        return key
    return letter if letter.isprintable() else Key.NOTHING


@dataclass(frozen=True, slots=True)
class Line:
    """A text and the place in it where the next letter goes."""

    text: str = ""
    place: int = 0

    def after(self, key: Key | str) -> Line:
        """Return the line after a key; keys that don't edit leave it as it is."""
        before, behind = self.text[: self.place], self.text[self.place :]
        match key:
            case str():
                return Line(before + key + behind, self.place + len(key))
            case Key.BACK:
                return Line(before[:-1] + behind, max(0, self.place - 1))
            case Key.DELETE:
                return Line(before + behind[1:], self.place)
            case Key.CLEAR:
                return Line(behind)
            case Key.WORD_BACK:
                kept = before[: before.rstrip().rfind(" ") + 1]
                return Line(kept + behind, len(kept))
            case _:
                return Line(self.text, self._moved(key))

    def _moved(self, key: Key) -> int:
        match key:
            case Key.LEFT:
                return max(0, self.place - 1)
            case Key.RIGHT:
                return min(len(self.text), self.place + 1)
            case Key.HOME:
                return 0
            case Key.END:
                return len(self.text)
            case _:
                return self.place
