"""Lines of the case book, each proven to follow from the one before.

Not here: which cases they make (`cases`), the file (`file`).
"""

from __future__ import annotations

import msgspec

from phonotheque.guard.book.entries import Entry
from phonotheque.music.chain import Head, NotInChainError, chain_line, check_line
from phonotheque.music.decoding import UNDECODABLE

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def encode_entry(head: Head, at: str, entry: Entry) -> tuple[bytes, Head]:
    """Write the line that follows `head`; return it with its newline, and the head after it."""
    return chain_line(head, at, _encoder.encode(entry))


def decode_entry(head: Head, line: bytes) -> tuple[Entry, Head]:
    """Read the line that should follow `head`.

    Raises:
        NotInChainError: It does not follow, or is no entry.
    """
    _, after = check_line(head, line)
    try:
        return _decoder.decode(line), after
    except (*UNDECODABLE, ValueError) as error:
        raise NotInChainError(f"it is no entry of a case book ({error})") from error
