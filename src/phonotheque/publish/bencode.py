"""Bencode: values to bytes and back, in the one canonical spelling.

Laws: `decode(encode(value)) == value`, and `encode(decode(data)) == data` for all data that
`decode` takes: whoever hashes a part of a torrent may encode that part again. Whatever bytes come,
`decode` returns or raises `MalformedError`; its time and memory grow with the length of the data,
and nesting cannot exhaust the stack.

Source: BEP 3, "bencoding". Numbers are limited to 64 bits, as they are in every client.
Not here: what the values mean (`phonotheque.publish.torrent`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from phonotheque.errors import MalformedError

Decoded: TypeAlias = "int | bytes | list[Decoded] | dict[bytes, Decoded]"
"""What `decode` returns: text stays bytes, because bencode does not say how it is coded."""

Encodable: TypeAlias = (
    "int | bytes | str | Sequence[Encodable] | Mapping[bytes, Encodable] | Mapping[str, Encodable]"
)
"""What `encode` takes: text is written as UTF-8."""

_LEAST, _MOST = -(2**63), 2**63 - 1
_LONGEST_INTEGER = len(str(_LEAST))
_LONGEST_LENGTH = 10  # digits: 9.9 GB, more than any data that is read whole


def encode(value: Encodable) -> bytes:
    """Return the canonical bytes of a value: keys sorted as raw bytes, text in UTF-8.

    Raises:
        TypeError: The value, or one inside it, is of a kind that bencode does not have.
        ValueError: A number needs more than 64 bits, a key stands twice (as text and as bytes), or
            text cannot be written in UTF-8.
    """
    out: list[bytes] = []
    _write(value, out)
    return b"".join(out)


def _write(value: object, out: list[bytes]) -> None:
    match value:
        case bool():
            raise TypeError("bencode has no truth values")
        case bytes():
            out.append(b"%d:%b" % (len(value), value))
        case str():
            text = value.encode()
            out.append(b"%d:%b" % (len(text), text))
        case int():
            if not _LEAST <= value <= _MOST:
                raise ValueError(f"{value} needs more than 64 bits")
            out.append(b"i%de" % value)
        case dict():
            _write_dict(value, out)
        case list() | tuple():
            out.append(b"l")
            for item in value:
                _write(item, out)
            out.append(b"e")
        case _:
            raise TypeError(f"bencode has no {type(value).__name__}")


def _write_dict(value: dict[object, object], out: list[bytes]) -> None:
    by_key: dict[bytes, object] = {}
    for key, item in value.items():
        if not isinstance(key, str | bytes):
            raise TypeError(f"a key in bencode is text or bytes, not {type(key).__name__}")
        raw = key.encode() if isinstance(key, str) else key
        if raw in by_key:
            raise ValueError(f"the key {raw!r} stands twice")
        by_key[raw] = item
    out.append(b"d")
    for raw in sorted(by_key):
        out.append(b"%d:%b" % (len(raw), raw))
        _write(by_key[raw], out)
    out.append(b"e")


def decode(
    data: bytes,
    *,
    thing: str = "bencoded data",
    max_depth: int = 100,
    max_tokens: int = 3_000_000,
) -> Decoded:
    """Return the one value that `data` spells canonically.

    Args:
        data: The whole of it: bytes after the value are refused.
        thing: What the data is, for the message of a refusal.
        max_depth: Most lists and dictionaries inside one another.
        max_tokens: Most numbers, strings, keys, beginnings and ends together; each costs some
            hundred bytes of memory. Both defaults are those of libtorrent 2.1.

    Raises:
        MalformedError: The data is not bencode, not canonical (keys out of order or twice, leading
            zeros, minus zero), goes on after its value, or passes a limit. It names the byte.
    """
    return _Decoder(data, thing, max_depth).run(max_tokens)


class _Open:
    """A list or dictionary whose end was not seen yet."""

    __slots__ = ("key", "last_key", "value")

    def __init__(self, value: list[Decoded] | dict[bytes, Decoded]) -> None:
        self.value = value
        self.key: bytes | None = None  # read, and waiting for what belongs to it
        self.last_key: bytes | None = None

    def wants_key(self) -> bool:
        return self.key is None and isinstance(self.value, dict)

    def put(self, item: Decoded) -> None:
        if isinstance(self.value, list):
            self.value.append(item)
        else:
            assert self.key is not None
            self.value[self.key] = item
            self.last_key, self.key = self.key, None


class _Decoder:
    """A reading position and the containers open at it: a stack of our own, not Python's."""

    def __init__(self, data: bytes, thing: str, max_depth: int) -> None:
        self._data = data
        self._thing = thing
        self._max_depth = max_depth
        self._at = 0
        self._open: list[_Open] = []

    def run(self, max_tokens: int) -> Decoded:
        data = self._data
        for _ in range(max_tokens):
            mark = data[self._at : self._at + 1]
            inside = self._open[-1] if self._open else None
            item: Decoded
            if mark == b"e":
                item = self._close()
            elif inside is not None and inside.wants_key():
                inside.key = self._key(inside.last_key)
                continue
            elif mark == b"l" or mark == b"d":
                self._begin([] if mark == b"l" else {})
                continue
            else:
                item = self._integer() if mark == b"i" else self._string()
            if not self._open:
                if self._at != len(data):
                    raise self._refusal("the value ends here, but not the data")
                return item
            self._open[-1].put(item)
        raise self._refusal(f"more than {max_tokens} tokens")

    def _begin(self, value: list[Decoded] | dict[bytes, Decoded]) -> None:
        if len(self._open) >= self._max_depth:
            raise self._refusal(f"nested more than {self._max_depth} deep")
        self._open.append(_Open(value))
        self._at += 1

    def _close(self) -> Decoded:
        if not self._open:
            raise self._refusal("an end without a beginning")
        if self._open[-1].key is not None:
            raise self._refusal("a key without a value")
        self._at += 1
        return self._open.pop().value

    def _key(self, last_key: bytes | None) -> bytes:
        start = self._at
        key = self._string()
        if last_key is not None and key <= last_key:
            self._at = start
            raise self._refusal("a key twice" if key == last_key else "keys out of order")
        return key

    def _integer(self) -> int:
        end = self._data.find(b"e", self._at, self._at + _LONGEST_INTEGER + 2)
        text = self._data[self._at + 1 : max(end, 0)]
        digits = text.removeprefix(b"-")
        if not digits.isdigit() or (digits.startswith(b"0") and text != b"0"):
            raise self._refusal("not a number in canonical form")
        if not _LEAST <= (value := int(text)) <= _MOST:
            raise self._refusal("a number of more than 64 bits")
        self._at = end + 1
        return value

    def _string(self) -> bytes:
        colon = self._data.find(b":", self._at, self._at + _LONGEST_LENGTH + 1)
        digits = self._data[self._at : max(colon, 0)]
        if not digits.isdigit() or (digits.startswith(b"0") and digits != b"0"):
            at_end = self._at >= len(self._data)
            raise self._refusal("the data ends too early" if at_end else "neither value nor end")
        end = colon + 1 + int(digits)
        if end > len(self._data):
            raise self._refusal("a string that is longer than the data")
        self._at = end
        return self._data[colon + 1 : end]

    def _refusal(self, wrong: str) -> MalformedError:
        return MalformedError(
            self._thing, f"at byte {self._at}: {wrong}", "Fetch it again from where it came."
        )
