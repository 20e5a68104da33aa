"""A file out of a form: one small file, bounded before it is read.

The standard library reads a form as mail, and so takes seconds for a part whose head was written to
be dear. Here the bytes are cut at the boundary, once, and nothing is read by more than one look.

Laws: what a form costs grows with its length alone; a form that is nested, has no end, or has too
many parts or too long heads is refused.

Source: RFC 7578 (multipart/form-data; 4.2 on names of files, 4.3 on nesting) with RFC 2046, 5.1.1.
"""

from __future__ import annotations

import re

from fastapi import Request

from phonotheque.errors import BadRequestError
from phonotheque.listen.threads import in_thread

_FRAME = 64 << 10
"""What a form may have around the file."""

_MOST_PARTS = 16
"""Ours has one. Other programs send a few fields with theirs."""

_MOST_HEAD_BYTES = 4 << 10
"""Of a part; a name of a file has 255 bytes."""

_BOUNDARY = re.compile(
    r""";[ \t]*boundary=("?)([0-9a-z'()+_,./:=? -]{1,70})\1[ \t]*(?:;|$)""", re.IGNORECASE
)
_PADDING = re.compile(rb"[ \t]*+\r\n")
_PARAMETER = re.compile(rb';[ \t]*+([a-z]+)=(?:"([^"]*)"|([^\s;"]*))', re.IGNORECASE)


async def uploaded(request: Request, most_bytes: int) -> tuple[str, bytes]:
    """Return the name and the bytes of the file that came with a request.

    Args:
        most_bytes: Of the file; no more is read than that and its frame.

    Raises:
        BadRequestError: There is none, or it is larger.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most_bytes + _FRAME:
            raise _refused(f"it has more than {most_bytes >> 20} MiB")
    kind = request.headers.get("content-type", "")
    return await in_thread(_file_of)(kind, bytes(body))


def _file_of(kind: str, body: bytes) -> tuple[str, bytes]:
    """The first file of a form, or a body that is no form."""
    if not kind.lower().startswith("multipart/form-data"):
        return "", body
    found = _BOUNDARY.search(kind)
    if found is None:
        raise _refused("its form names no boundary of at most 70 letters")
    delimiter = b"\r\n--" + found[2].rstrip(" ").encode()
    parts = (b"\r\n" + body).split(delimiter, _MOST_PARTS + 1)
    if not parts[-1].startswith(b"--"):
        raise _refused(f"its form has no end, or more than {_MOST_PARTS} parts")
    for part in parts[1:-1]:
        name, data = _read_part(part)
        if name is not None:
            return name, data
    raise _refused("no file came with it")


def _read_part(part: bytes) -> tuple[str | None, bytes]:
    """What stands between two boundaries: the name of the file, None where it is none, its bytes.

    Raises:
        BadRequestError: It is no part of a form.
    """
    start = _PADDING.match(part)
    end = part.find(b"\r\n\r\n", 0, _MOST_HEAD_BYTES)
    if start is None or end < 0:
        raise _refused(f"a part of its form has no head of at most {_MOST_HEAD_BYTES >> 10} KiB")
    name = None
    for line in part[start.end() : end].split(b"\r\n"):
        field, _, value = line.partition(b":")
        match field.lower():
            case b"content-type" if value.strip().lower().startswith(b"multipart/"):
                raise _refused("a form is nested in its form")
            case b"content-disposition":
                name = _file_name(value)
    return name, part[end + 4 :]


def _file_name(disposition: bytes) -> str | None:
    for found in _PARAMETER.finditer(disposition):
        if found[1].lower() == b"filename":
            return (found[2] or found[3] or b"").decode("utf-8", "replace")
    return None


def _refused(wrong: str) -> BadRequestError:
    return BadRequestError("the upload", wrong, "Choose a playlist file and send it again.")
