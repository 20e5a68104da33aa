"""Forms that people send: their fields, read once and checked; pure.

Laws: what is too long, or is not there, is refused with the name of its field, before anything is
kept; nothing that was sent becomes a path, a name of a file or markup.

Source: WHATWG URL Standard, section 5 (application/x-www-form-urlencoded).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs
from uuid import UUID

from phonotheque.errors import BadRequestError
from phonotheque.listen.items.values import Concern, Message

MAX_FORM_BYTES = 64 << 10
MAX_WORDS = 4_000
MAX_LINE = 200
MAX_ITEMS = 100


def parse_message(body: bytes) -> Message:
    """Read a report or a request to remove.

    Raises:
        BadRequestError: A field is missing, too long, or says what it cannot say.
    """
    fields = _fields(body)
    concern = _concern(_one(fields, "concern"))
    words = _one(fields, "words").strip()
    if not words or len(words) > MAX_WORDS:
        wrong = "it is empty" if not words else f"it has more than {MAX_WORDS:,} letters"
        raise BadRequestError("What you write", wrong, "Say in a few sentences what is wrong.")
    message = Message(
        concern=concern,
        items=_items(fields.get("item", [])),
        words=words,
        name=_line(fields, "name"),
        contact=_line(fields, "contact"),
        is_sworn=_one(fields, "sworn") == "yes",
    )
    if concern in (Concern.REMOVE, Concern.RESERVE):
        _check_claim(message)
    return message


def _check_claim(message: Message) -> None:
    """Whoever says that rights are theirs has to be found again, and to say that it is true."""
    if not message.contact:
        todo = "Give an address, so that the archive can ask and answer."
        raise BadRequestError("Where we can write to you", "it is empty", todo)
    if not message.is_sworn:
        todo = "Tick the last field if it is so; else report a problem without it."
        raise BadRequestError("That the rights are yours", "it is not ticked", todo)


def _fields(body: bytes) -> Mapping[str, list[str]]:
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MAX_ITEMS + 20)
    except ValueError as error:  # not UTF-8, or too many fields
        raise BadRequestError("The form", "it cannot be read", "Send it again.") from error


def _one(fields: Mapping[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[-1]


def _line(fields: Mapping[str, list[str]], name: str) -> str:
    text = " ".join(_one(fields, name).split())
    if len(text) > MAX_LINE:
        wrong = f"it has more than {MAX_LINE} letters"
        raise BadRequestError(f"The field {name}", wrong, "Write less.")
    return text


def _concern(text: str) -> Concern:
    try:
        return Concern(text)
    except ValueError as error:
        todo = f"Choose one of: {', '.join(Concern)}."
        raise BadRequestError("What it is about", "nothing was chosen", todo) from error


def _items(texts: list[str]) -> tuple[UUID, ...]:
    if len(texts) > MAX_ITEMS:
        wrong = f"there are more than {MAX_ITEMS}"
        raise BadRequestError("Recordings", wrong, "Choose fewer, or say it in words.")
    try:
        return tuple(dict.fromkeys(UUID(text) for text in texts))
    except ValueError as error:
        raise BadRequestError("Recordings", "one of them is no gid", "Choose again.") from error
