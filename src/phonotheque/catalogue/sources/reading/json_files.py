"""Documents in JSON out of files and folders: one on a line, or one to a file over many lines.

Laws: the name of a file decides nothing: what begins with a brace has documents, and where the
brace stands alone on the first line the file is one document; in a folder what begins otherwise is
passed over, but a packed file that is damaged where it begins is told of. Files are read in the
order of their paths. A document that is too long is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from phonotheque.catalogue.sources.reading.lines import MOST_LINE_BYTES, TOO_LONG, Lines, LongLine
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Limits, Stream
from phonotheque.errors import BadRequestError

_LOOKED_AT_BYTES = 4096
_STRETCH_BYTES = 1 << 20
_FORMAT = "Give a file with an object in JSON on each line, or a folder of such files."


@dataclass(frozen=True, slots=True)
class JsonText:
    """A document that was not decoded yet.

    Attributes:
        root: Name of the file or folder that was given.
        where: Name of its file, with that of the folder before it.
        line: Number of the line that it begins on.
        data: The document; how it begins, where `refused` is not "".
        refused: Why it cannot be read; "" when it can.
        done_bytes: How much of all files was read by its end.
    """

    root: str
    where: str
    line: int
    data: bytes
    refused: str
    done_bytes: int


class JsonFiles:
    """All documents in some files and folders.

    Args:
        paths: Files, packed or not, or folders of them.
        what: What is looked for, for messages: "items of the Internet Archive".
        limits: How much a file may unpack to.

    Raises:
        BadRequestError: There is no such document.
    """

    def __init__(self, paths: Sequence[Path], what: str, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        found = [one for path in paths for one in self._files(path, what)]
        if not found:
            named = ", ".join(map(str, paths)) or "document"
            raise BadRequestError(named, f"there are no {what}", _FORMAT)
        self._found = sorted(dict.fromkeys(found))
        self._sizes = [path.stat().st_size for path, _ in self._found]

    @property
    def size_bytes(self) -> int:
        """Length of all files."""
        return sum(self._sizes)

    def state(self) -> str:
        """Names, lengths and times of all files."""
        found = [(path, root, path.stat()) for path, root in self._found]
        return "\n".join(
            f"{path.relative_to(root)} {one.st_size} {one.st_mtime_ns}" for path, root, one in found
        )

    def __iter__(self) -> Iterator[JsonText]:
        before = 0
        for (path, root), size in zip(self._found, self._sizes, strict=True):
            where = str(path.relative_to(root.parent))
            with Stream(path, self._limits) as stream:
                is_one = stream.peek(_LOOKED_AT_BYTES).lstrip().split(b"\n", 1)[0].strip() == b"{"
                found = _whole(stream) if is_one else _by_line(stream)
                for line, data, refused in found:
                    done = before + min(stream.packed_position, size)
                    yield JsonText(root.name, where, line, data, refused, done)
            before += size

    def _files(self, path: Path, what: str) -> Iterator[tuple[Path, Path]]:
        """Files with documents, each with what was given."""
        if path.is_dir():
            inner = sorted(one for one in path.rglob("*") if one.is_file())
            yield from ((one, path) for one in inner if self._has_documents(one))
        elif self._has_documents(path):
            yield path, path
        else:
            raise BadRequestError(str(path), f"it does not begin as {what} do", _FORMAT)

    def _has_documents(self, path: Path) -> bool:
        with Stream(path, self._limits) as stream:
            return stream.peek(_LOOKED_AT_BYTES).lstrip().startswith(b"{")


def _whole(stream: Stream) -> Iterator[tuple[int, bytes, str]]:
    data = stream.read(MOST_LINE_BYTES + 1)
    yield 1, data, TOO_LONG if len(data) > MOST_LINE_BYTES else ""


def _by_line(stream: Stream) -> Iterator[tuple[int, bytes, str]]:
    for stretch in Lines(stream, stretch_bytes=_STRETCH_BYTES):
        if isinstance(stretch, LongLine):
            yield stretch.line, stretch.sample, TOO_LONG
            continue
        for line, data in enumerate(stretch.data.split(b"\n"), start=stretch.line):
            if data.strip():
                yield line, data, ""
