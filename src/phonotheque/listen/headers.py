"""Headers that answers of the door have whatever they are: what a browser and a cache may do.

Law: a browser may do as little as possible with what it is given, and no cache that others share
keeps what is one listener's.

Source: W3C Content Security Policy 3; RFC 9111.
"""

from __future__ import annotations

from functools import lru_cache

from phonotheque.music.tdm_statement import headers as tdm_headers

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
_PAGE = _POLICY.format(ancestors="'none'")
_FRAMED = _POLICY.format(ancestors="*")
_DRAWN = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""A picture that is drawn here, opened by itself: its colours stand in it."""
_NO_DOCUMENTS = (b"audio/", b"image/jpeg", b"text/css", b"text/javascript", b"font/")
_NO_PAGE = "default-src 'none'; sandbox; frame-ancestors 'none'"
_ALWAYS = {
    "x-content-type-options": "nosniff",
    **{name.lower(): value for name, value in tdm_headers(None).items()},
}
_OF_PAGES = {
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
}


@lru_cache(maxsize=256)
def added_to(kind: bytes, *, is_known: bool, is_frame: bool) -> tuple[tuple[bytes, bytes], ...]:
    """Headers of every answer, and what a browser may do with it.

    Sound, covers and what a 304 repeats have no policy: a policy of theirs would be put to the page
    that is kept (RFC 9111, 3.2).
    """
    policy: dict[str, str] = {}
    if is_known or kind.startswith(_NO_DOCUMENTS):
        pass
    elif kind.startswith(b"text/html"):
        policy = {**_OF_PAGES, "content-security-policy": _FRAMED if is_frame else _PAGE}
    else:
        is_drawn = kind.startswith(b"image/svg")
        policy = {"content-security-policy": _DRAWN if is_drawn else _NO_PAGE}
    return tuple((name.encode(), value.encode()) for name, value in (_ALWAYS | policy).items())


def for_one(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers of what one listener was given: no cache that others share keeps it, lest all behind
    it become the same account (RFC 9111, 5.2.2.7 and 7.3)."""
    said = dict(headers).get(b"cache-control", b"no-cache")
    kept = [one for one in headers if one[0] != b"cache-control"]
    return [*kept, (b"cache-control", said if b"no-store" in said else b"private, " + said)]
