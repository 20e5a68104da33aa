"""Facts: what was measured on recordings that are shared, one JSON object a line.

Law: a line says what the index knows, and nothing that was guessed; no tag is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from phonotheque.publish.packs.form import PackKind
from phonotheque.publish.packs.source import Content, PackSource, Wanted, version_of
from phonotheque.register.index import Index

_COLUMNS = """o.sha256, o.size_bytes, o.pieces_root, o.extension, o.technical, o.integrity, o.sound,
    o.first_seq"""

_WANTED = f"""SELECT {_COLUMNS}, length(c.fingerprint), length(c.waveform)
    FROM temp.shareable AS s JOIN object AS o ON o.sha256 = s.sha256
    LEFT JOIN curves AS c ON c.sha256 = o.sha256
    WHERE o.role = 'recording' ORDER BY s.sha256"""

_ONE = f"""SELECT {_COLUMNS}, c.fingerprint, c.waveform FROM object AS o
    LEFT JOIN curves AS c ON c.sha256 = o.sha256 WHERE o.sha256 = ?"""


class Facts(PackSource):
    """The measured facts of all recordings in `temp.shareable`."""

    kind = PackKind.FACTS
    columns: tuple[str, ...] = ()
    may_be_stale = True

    def __init__(self, index: Index) -> None:
        self._index = index

    def wanted(self) -> Iterator[Wanted]:
        """See `PackSource`."""
        for sha256, *parts in self._index.db.cursor().execute(_WANTED):
            yield Wanted(sha256.hex(), version_of(*parts), parts[6])

    def content(self, key: str) -> Content | None:
        """See `PackSource`."""
        row = self._index.db.execute(_ONE, (bytes.fromhex(key),)).fetchone()
        return Content(_line(row))


class _Line(msgspec.Struct, omit_defaults=True):
    """A line: fields that are not known are left out."""

    sha256: str
    size_bytes: int
    pieces_root: str
    extension: str
    technical: msgspec.Raw | None = None
    integrity: msgspec.Raw | None = None
    sound: msgspec.Raw | None = None
    fingerprint: bytes = b""
    waveform: bytes = b""


def _line(row: tuple[Any, ...]) -> bytes:
    sha256, size_bytes, root, extension, technical, integrity, sound, _, words, waveform = row
    line = _Line(
        sha256.hex(),
        size_bytes,
        root.hex(),
        extension,
        _raw(technical),
        _raw(integrity),
        _raw(sound),
        words or b"",
        waveform or b"",
    )
    return msgspec.json.encode(line) + b"\n"


def _raw(body: bytes | None) -> msgspec.Raw | None:
    return None if body is None else msgspec.Raw(body)
