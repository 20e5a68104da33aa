"""Fixity: are the stored bytes the registered ones? Reading only; nothing is ever repaired here.

Laws: an object without a finding was read whole and hashed to its name; every kind of damage gets
one finding; what is sound gets none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from phonotheque.disk import refusal
from phonotheque.errors import DigestMismatchError, NotHeldError, UnavailableError
from phonotheque.music.finding import Finding, FindingKind
from phonotheque.store.digests import sha256_file
from phonotheque.store.objects import OBJECTS, ObjectName, Store, parse_file_name


def check_object(store: Store, name: ObjectName, size_bytes: int) -> Finding | None:
    """Hold one object against its record; None when it is exact."""
    found = store.size(name)
    if found is None:
        return Finding(FindingKind.MISSING, name.path, "no file of this name is there")
    if found < size_bytes:
        return Finding(FindingKind.TRUNCATED, name.path, f"{found} of {size_bytes} bytes")
    if found > size_bytes:
        return Finding(FindingKind.CHANGED, name.path, f"{found} bytes instead of {size_bytes}")
    try:
        with store.open(name) as file:
            actual = sha256_file(file)
    except NotHeldError:
        return Finding(FindingKind.MISSING, name.path, "it disappeared while being checked")
    except (UnavailableError, OSError) as error:
        return Finding(FindingKind.UNREADABLE, name.path, str(error))
    if actual != name.sha256:
        return Finding(FindingKind.CHANGED, name.path, f"its bytes hash to {actual}")
    return None


@contextmanager
def open_proven(store: Store, name: ObjectName) -> Iterator[BinaryIO]:
    """Open an object whose bytes were read just now and are what its name says.

    Raises:
        DigestMismatchError: They are not.
        NotHeldError: There is no file of that name.
        UnavailableError: The disk failed.
    """
    with store.open(name) as file:
        try:
            actual = sha256_file(file)
        except OSError as error:
            raise refusal(name.path, error) from error
        if actual != name.sha256:
            raise DigestMismatchError(
                name.path, "its bytes are not what its name says", "See `phono verify`."
            )
        file.seek(0)
        yield file


def strays(store: Store, is_registered: Callable[[ObjectName], bool]) -> Iterator[Finding]:
    """Find what lies in `objects/` without being registered there, in order of path."""
    for path in store.walk():
        name = parse_file_name(path.rpartition("/")[2])
        if name is None or f"{name.folder}/{name.file}" != path:
            detail = "not the name of an object in its place"
            yield Finding(FindingKind.FOREIGN, f"{OBJECTS}/{_text(path)}", detail)
        elif not is_registered(name):
            yield Finding(FindingKind.UNREFERENCED, name.path, "no line of the register names it")


def _text(path: str) -> str:
    """A stranger's path as text: bytes of its name that are not UTF-8 read as U+FFFD."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
