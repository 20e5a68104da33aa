"""A statement sent to the archive's listening door, instead of by mail.

Laws: a stranger's server costs bounded memory and time; what it refuses is said in its own words,
as far as they are words of ours.

Not here: making the statement (`reporting`), the address at the archive (`listen`).
"""

from __future__ import annotations

from collections import defaultdict

import msgspec
import urllib3

from phonotheque.errors import BadRequestError, ConflictError, PhonothequeError, UnavailableError
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.publish.unreachable import why_unreachable

PATH = "mirrors/statements"
_MOST_ANSWER_BYTES = 1 << 16
_TIMEOUT = urllib3.Timeout(connect=20, read=600)
"""Seconds; the archive reads what the mirror had to read before it answers."""


class Answer(msgspec.Struct, frozen=True):
    """What the archive made of a statement.

    Attributes:
        mirror: The id by which it knows this mirror.
        new: Whether it did not have this statement yet.
        torrents: How many were judged how.
    """

    mirror: str
    new: bool
    torrents: dict[str, int]


class _Refusal(msgspec.Struct, frozen=True):
    """An error, as every door of an archive tells one."""

    thing: str = "the statement"
    wrong: str = "it was refused"
    todo: str = "Send the file to the archive's people."


_KIND: defaultdict[int, type[PhonothequeError]] = defaultdict(
    lambda: UnavailableError, {400: BadRequestError, 409: ConflictError}
)


def send(address: str, statement: bytes) -> Answer:
    """Send a statement to an archive's listening door; returns what it made of it.

    Args:
        address: Of the door: `https://music.example.org`.
        statement: The file's bytes.

    Raises:
        BadRequestError: The archive does not believe it.
        ConflictError: The archive's people do not know this mirror yet.
        UnavailableError: Nobody answers there, or nothing that takes statements.
    """
    where = f"{address.rstrip('/')}/{PATH}"
    pool = urllib3.PoolManager(headers={"User-Agent": "Phonotheque"}, timeout=_TIMEOUT)
    fields = {"Content-Type": "application/jsonl", "Accept": "application/json"}
    try:
        with pool.request(
            "POST", where, body=statement, headers=fields,
            redirect=False, retries=False, preload_content=False,
        ) as answer:  # fmt: skip
            data = answer.read(_MOST_ANSWER_BYTES)
            status = answer.status
    except urllib3.exceptions.HTTPError as error:
        raise UnavailableError(
            where, f"it is away: {why_unreachable(error)}", "Send it later."
        ) from error
    try:
        if status == 200:
            return msgspec.json.decode(data, type=Answer)
        said = msgspec.json.decode(data, type=_Refusal)
    except UNDECODABLE as error:
        wrong = f"it answers {status}, and not as an archive's listening door"
        raise UnavailableError(where, wrong, "Look at the address.") from error
    raise _KIND[status](said.thing, said.wrong, said.todo)
