"""Logs of JSON lines: which field says what, and reading them.

Known without being told are the access log of `phono serve`, Caddy's, and what nginx writes with
`escape=json` under the names of its variables. Any other is read by naming fields.

Sources: `docs/reference/access-log.md`; Caddy 2, "Log format: json"; nginx, ngx_http_log_module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from phonotheque.errors import BadMappingError
from phonotheque.guard.score.columns import Column, Raw, of_words


@dataclass(frozen=True, slots=True)
class Fields:
    """Where a line of JSON says what; names of inner fields follow a full stop.

    Attributes:
        account: Who asked: an account, a token, an address.
        item: For what.
        time: When.
        status: Of the answer; empty where only answers that came are logged.
        method: Of the request; empty where it is `GET` always.
        agent: What the program calls itself.
        played_ms: How many milliseconds were heard.
        limited: True where the item may be heard and not copied; lines without it are left out.
            Empty where all that is logged is.
    """

    account: str
    item: str
    time: str
    status: str = ""
    method: str = ""
    agent: str = ""
    played_ms: str = ""
    limited: str = ""


_KNOWN = (
    Fields("address", "item", "at", "status", "method", "client", "", "restricted"),
    Fields(
        "request.remote_ip", "request.uri", "ts", "status", "request.method",
        "request.headers.User-Agent",
    ),
    Fields("remote_addr", "request_uri", "time_iso8601", "status", "request_method",
           "http_user_agent"),
    Fields("remote_addr", "request", "time_local", "status", "", "http_user_agent"),
)  # fmt: skip

MOST_NAMED = 20
"""Fields of a line that are told to who named another."""

_NAMES = [one.name for one in fields(Fields)]


def require_known(said: Iterable[str]) -> None:
    """Refuse names of fields that are not looked for, whatever the log turns out to be.

    Raises:
        BadMappingError: A name is none of `Fields`.
    """
    for name in said:
        if name not in _NAMES:
            todo = f"Name one of {', '.join(_NAMES)}."
            raise BadMappingError(name, "no such field is looked for", todo)


def fields_of(line: bytes, said: dict[str, str], log: str) -> Fields:
    """Return where lines like this one say what.

    Args:
        line: The first one.
        log: Which it is of.
        said: Fields that were named, by name of `Fields`.

    Raises:
        BadMappingError: A name is none of `Fields`, or not all that is needed was named and the
            line is of no known log.
    """
    require_known(said)
    record = _decoded(line) or {}
    for known in _KNOWN:
        if all(_at(record, name) is not None for name in (known.account, known.time)):
            return replace(known, **said)
    try:
        return Fields(**said)
    except TypeError:
        there = ", ".join(fields_in(record)[:MOST_NAMED]) or "none"
        raise BadMappingError(
            log,
            f"it is of no form that is known (fields of its first line: {there})",
            "Say what stands where: --field account=NAME --field item=NAME --field time=NAME.",
        ) from None


def fields_in(record: dict[str, Any], before: str = "", depth: int = 4) -> list[str]:
    """Return the names of fields, sorted, inner ones behind a full stop, so many levels deep."""
    found = []
    for name, value in sorted(record.items()):
        if isinstance(value, dict) and value and depth > 1:
            found += fields_in(value, f"{before}{name}.", depth - 1)
        else:
            found.append(f"{before}{name}")
    return found


class JsonLines:
    """Reads lines of JSON by their fields.

    Attributes:
        fields: Where they say what.
        met: Names of `Fields` that any line had so far.
        there: Names of all fields that the first line has, with a full stop before inner ones.
    """

    def __init__(self, fields: Fields, line: bytes = b"{}") -> None:
        """Begin.

        Args:
            line: The first line: a field whose name has full stops may stand in it as one name.
        """
        record = _decoded(line) or {}
        self.fields = fields
        self.met: set[str] = set()
        self.there = fields_in(record)
        self._ways = {
            name: way if way in record else tuple(way.split("."))
            for name, way in asdict(fields).items()
            if way
        }
        form = _form_of([(way,) if isinstance(way, str) else way for way in self._ways.values()])
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(form)

    def read(self, block: bytes) -> Raw:
        """Read whole lines; those that are no objects, or name nobody, are counted."""
        records, malformed = self._records(block)
        account, time = self._column(records, "account"), self._column(records, "time")
        return Raw(
            account,
            self._column(records, "item"),
            time,
            self._column(records, "status") if self.fields.status else _always(b"200", records),
            self._column(records, "method") if self.fields.method else None,
            self._column(records, "agent") if self.fields.agent else None,
            self._played(records),
            self._open(records),
            malformed,
        )

    def _records(self, block: bytes) -> tuple[list[Any], int]:
        try:
            return self._decoder.decode_lines(block), 0
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            records, malformed = [], 0
        for line in filter(bytes.strip, block.split(b"\n")):
            try:
                records.append(self._decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                malformed += 1
        return records, malformed

    def _values(self, records: list[Any], name: str) -> list[Any]:
        way = self._ways[name]
        found: Iterable[Any] = records
        for part in (way,) if isinstance(way, str) else way:
            found = map(_inside(_safe(part)), found)
        values = list(found)
        if name not in self.met and any(value is not None for value in values):
            self.met.add(name)
        return values

    def _column(self, records: list[Any], name: str) -> Column:
        return of_words([_word(value) for value in self._values(records, name)])

    def _played(self, records: list[Any]) -> npt.NDArray[np.int64] | None:
        if not self.fields.played_ms:
            return None
        return np.array([_number(one) for one in self._values(records, "played_ms")], np.int64)

    def _open(self, records: list[Any]) -> npt.NDArray[np.bool_] | None:
        if not self.fields.limited:
            return None
        limited = [one is True for one in self._values(records, "limited")]
        return ~np.array(limited, np.bool_)


def _form_of(ways: list[tuple[str, ...]]) -> type:
    """A record with these fields and no others, each of them any value and none of them needed."""
    inner: dict[str, list[tuple[str, ...]]] = {}
    for way in ways:
        inner.setdefault(way[0], []).append(way[1:])
    members = [
        (_safe(name), _form_of([rest for rest in rests if rest]) | None if any(rests) else Any,
         None)
        for name, rests in inner.items()
    ]  # fmt: skip
    rename = {_safe(name): name for name in inner}
    return msgspec.defstruct("Line", members, rename=rename, gc=False)


def _safe(name: str) -> str:
    """A name for an attribute, another one for each field."""
    return "f_" + "".join(c if c.isalnum() and c.isascii() else f"_{ord(c)}_" for c in name)


def _inside(attribute: str) -> Callable[[Any], Any]:
    get = attrgetter(attribute)
    return lambda value: None if value is None else get(value)


def is_record(line: bytes) -> bool:
    """Return whether a line is an object of JSON."""
    return _decoded(line) is not None


def _decoded(line: bytes) -> dict[str, Any] | None:
    try:
        record = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _at(record: dict[str, Any], name: str) -> Any:
    if name in record:
        return record[name]
    found: Any = record
    for part in name.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def _word(value: Any) -> bytes | None:
    if isinstance(value, list) and value:  # headers are lists of values
        value = value[0]
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return None if value is None else json.dumps(value).encode()


def _number(value: Any) -> int:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return max(0, min(int(value), 2**31 - 1)) if is_number and value == value else 0


def _always(word: bytes, records: list[Any]) -> Column:
    return Column(np.zeros(len(records), np.int32), [word])
