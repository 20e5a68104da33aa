"""What a request asks for, as parts of a path; pure.

Laws: only a path that is written in its one plain way is understood: no `.` or `..`, no empty part,
no backslash, no control character, nothing hidden, nothing encoded twice or into a slash. All else
is no path, which is answered like a path where nothing is.

Source: RFC 9112 section 3.2 (request target), RFC 3986 section 2.1 (percent-encoding), RFC 8615
(`.well-known`, the one name with a dot that is public).
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

MAX_TARGET = 2048
"""Most letters of a request target: the longest path of ours has some 200."""

_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ABSOLUTE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_WELL_KNOWN = ".well-known"

INDEX = "index.html"
"""What the address of the door itself gives."""


def parse_target(target: str) -> tuple[str, ...] | None:
    """Return the parts of the path that a request target names; None when it names none.

    Args:
        target: As it stands in the request line.
    """
    if len(target) > MAX_TARGET:
        return None
    if match := _ABSOLUTE.match(target):  # the form that proxies use
        target = target[match.end() :] or "/"
    path = target.partition("?")[0]
    if not path.startswith("/") or not path.isascii() or _ESCAPE.search(path):
        return None
    if path == "/":
        return (INDEX,)
    try:
        parts = [unquote_to_bytes(part).decode() for part in path[1:].split("/")]
    except UnicodeDecodeError:
        return None
    if not all(map(_is_plain, parts[1:])) or not (parts[0] == _WELL_KNOWN or _is_plain(parts[0])):
        return None
    return tuple(parts)


def _is_plain(part: str) -> bool:
    is_name = bool(part) and not part.startswith(".") and part.isprintable()
    return is_name and "/" not in part and "\\" not in part
