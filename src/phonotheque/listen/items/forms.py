"""Forms that people send: their fields, read once and checked; pure.

Laws: what no form of ours sends is refused; what a person left out, or wrote at too great a length,
is told field by field, all of it at once, with what was written kept to be shown again; nothing
that was sent becomes a path, a name of a file or markup.

Source: WHATWG URL Standard, section 5 (application/x-www-form-urlencoded).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs
from uuid import UUID

from phonotheque.errors import BadRequestError
from phonotheque.listen.items.values import Concern, Message

MAX_FORM_BYTES = 64 << 10
MAX_WORDS = 4_000
MAX_LINE = 200
MAX_ITEMS = 100


class Fault(StrEnum):
    """What is wrong with a field."""

    NOT_CHOSEN = "not-chosen"
    EMPTY = "empty"
    TOO_LONG = "too-long"
    NO_ADDRESS = "no-address"
    NOT_SWORN = "not-sworn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it was sent.

    Attributes:
        concern: What about; None when nothing was chosen.
        sought: Of a form below an answer: what was asked for; "" for none.
    """

    concern: Concern | None = None
    items: tuple[UUID, ...] = ()
    words: str = ""
    name: str = ""
    contact: str = ""
    is_sworn: bool = False
    sought: str = ""

    def faults(self) -> dict[str, Fault]:
        """Return what is wrong, by field, in the order of the form; nothing when it can be sent.

        Whoever says that rights are theirs has to be found again, and to say that it is true.
        """
        is_claim = self.concern in (Concern.REMOVE, Concern.RESERVE)
        checked = {
            "concern": (self.concern is None, Fault.NOT_CHOSEN),
            "words": (not self.words, Fault.EMPTY),
            "name": (len(self.name) > MAX_LINE, Fault.TOO_LONG),
            "contact": (is_claim and not self.contact, Fault.NO_ADDRESS),
            "sworn": (is_claim and not self.is_sworn, Fault.NOT_SWORN),
        }
        found = {field: fault for field, (is_wrong, fault) in checked.items() if is_wrong}
        if len(self.words) > MAX_WORDS:
            found["words"] = Fault.TOO_LONG
        if len(self.contact) > MAX_LINE:
            found["contact"] = Fault.TOO_LONG
        return found

    def message(self) -> Message:
        """Return what it says; of a form without faults."""
        assert self.concern is not None
        return Message(
            concern=self.concern,
            items=self.items,
            words=self.words,
            name=self.name,
            contact=self.contact,
            is_sworn=self.is_sworn,
        )


def parse_form(body: bytes) -> Filled:
    """Read a report or a request to remove.

    Raises:
        BadRequestError: No form of ours sends this.
    """
    fields = _fields(body)
    text = _one(fields, "concern")
    return Filled(
        concern=Concern(text) if text in set(Concern) else None,
        items=_items(fields.get("item", [])),
        words=_one(fields, "words").strip(),
        name=_line(fields, "name"),
        contact=_line(fields, "contact"),
        is_sworn=_one(fields, "sworn") == "yes",
        sought=_line(fields, "q")[:MAX_LINE],
    )


def _fields(body: bytes) -> Mapping[str, list[str]]:
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MAX_ITEMS + 20)
    except ValueError as error:  # not UTF-8, or too many fields
        raise BadRequestError("The form", "it cannot be read", "Send it again.") from error


def _one(fields: Mapping[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[-1]


def _line(fields: Mapping[str, list[str]], name: str) -> str:
    return " ".join(_one(fields, name).split())


def _items(texts: list[str]) -> tuple[UUID, ...]:
    if len(texts) > MAX_ITEMS:
        wrong = f"there are more than {MAX_ITEMS}"
        raise BadRequestError("Recordings", wrong, "Choose fewer, or say it in words.")
    try:
        return tuple(dict.fromkeys(UUID(text) for text in texts))
    except ValueError as error:
        raise BadRequestError("Recordings", "one of them is no gid", "Choose again.") from error
