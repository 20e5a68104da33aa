"""A file out of a form, by the standard library: one small file, bounded before it is read.

Source: RFC 7578 (multipart/form-data), read as the MIME that it is.
"""

from __future__ import annotations

from email import policy
from email.parser import BytesParser

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from phonotheque.errors import BadRequestError

_FRAME = 64 << 10
"""What a form may have around the file."""


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
    return await run_in_threadpool(_file_of, kind, bytes(body))


def _file_of(kind: str, body: bytes) -> tuple[str, bytes]:
    """The file in a body; where a form is nested to make this slow, a thread is slow, not all."""
    if not kind.startswith("multipart/form-data"):
        return "", body
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    form = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    for field in form.iter_parts() if form.is_multipart() else ():
        name, data = field.get_filename(), field.get_payload(decode=True)
        if name is not None and isinstance(data, bytes):
            return name, data
    raise _refused("no file came with it")


def _refused(wrong: str) -> BadRequestError:
    return BadRequestError("the upload", wrong, "Choose a playlist file and send it again.")
