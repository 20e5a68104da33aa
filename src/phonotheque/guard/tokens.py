"""What stands for somebody who has no account: a signed token that the service gave; pure.

Laws: a token says nothing but that it was given here; whoever did not get it from here has none; it
is good as long as the key it was signed under.

Source: RFC 2104 (HMAC), RFC 6265 (cookies; the name and the attributes are the door's).
"""

from __future__ import annotations

import hashlib
import hmac
import re

COOKIE = "phonotheque-listener"
"""The one cookie of the listening door, set at the first play of what may be heard and not kept."""

_TOKEN = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{32})")


def make_token(key: bytes, number: bytes) -> str:
    """Sign 16 random bytes."""
    return f"{number.hex()}.{_signature(key, number.hex())}"


def number_of(key: bytes, token: str) -> str | None:
    """Return what a token stands for; None when it was not signed under this key."""
    found = _TOKEN.fullmatch(token)
    if found is None or not hmac.compare_digest(found[2], _signature(key, found[1])):
        return None
    return found[1]


def token_in(cookies: str) -> str:
    """Return the token among the cookies of a request, unproven; "" when there is none."""
    for pair in cookies.split(";")[:_MOST_COOKIES]:
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value[:_LONGEST]
    return ""


_MOST_COOKIES, _LONGEST = 50, 80


def _signature(key: bytes, number: str) -> str:
    return hmac.new(key, f"listener {number}".encode(), hashlib.sha256).hexdigest()[:32]
