"""Templates filled: what a page shows goes in, an answer comes out.

Laws: whatever stands in a title or a name, no text becomes markup; no page has a script or a style
inside, and none asks another house for anything; a page that did not change is not sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from jinja2 import Environment
from markupsafe import Markup

from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import PhonothequeError
from phonotheque.listen.gate import ABOUT_GUARD, Refusal
from phonotheque.listen.http_status import told_thing
from phonotheque.listen.pages.assets import house_assets
from phonotheque.listen.pages.playable import cover_path, song_attribute
from phonotheque.listen.pages.rows import Rows, covers, found, thing, who
from phonotheque.listen.pages.said import (
    clock,
    exact_length,
    say_licence,
    spoken_length,
)
from phonotheque.listen.pages.words import Words, words_for
from phonotheque.publish.pages.rendering import environment

ROOMS = ("phonotheque.listen.pages", "phonotheque.listen.items", "phonotheque.listen.cases")
"""Whose templates there are, beside those of the torrents page (`parts.html`)."""

THEMES = ("light", "dark")

_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Pages:
    """Whose pages these are, and what fills them.

    Attributes:
        archive: Name of the archive, as people call it.
        address: Where this door is, with a slash at its end; "" takes what a request was sent to.
    """

    archive: str
    address: str = ""

    def html(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """Fill a template and answer with it, or with 304 where it is known already.

        Args:
            template: Its name; it extends `page.html`.
            values: What it shows.
        """
        body = self.text(request, template, **values).encode()
        etag = f'"{sha256(body).hexdigest()[:24]}"'
        fields = {
            "Cache-Control": "no-cache",
            "ETag": etag,
            "Vary": "Accept-Language, Cookie",
            **(headers or {}),
        }
        known = request.headers.get("if-none-match", "")
        if status == 200 and etag in (one.strip().removeprefix("W/") for one in known.split(",")):
            # Its type is said, because headers that a policy hangs on replace those of the page.
            return Response(status_code=304, headers=fields, media_type=_HTML)
        return Response(body, status, fields, media_type=_HTML)

    def text(self, request: Request, template: str, **values: Any) -> str:
        """Fill a template."""
        words = words_of(request)
        theme = request.cookies.get("theme", "")
        given = {
            "t": words,
            "archive": self.archive,
            "origin": self.origin(request),
            "path": request.url.path,
            "theme": theme if theme in THEMES else "",
            "here": "",
            **values,
        }
        return pages_environment().get_template(template).render(given)

    def origin(self, request: Request) -> str:
        """Return where this door is, without a slash at its end."""
        return (self.address or str(request.base_url)).rstrip("/")

    def error(self, request: Request, status: int, error: PhonothequeError) -> Response:
        """Answer a person with what is wrong, and what to do next."""
        headers = {"Retry-After": "30"} if status in (429, 503) else {}
        thing = told_thing(error, status)
        return self.html(
            request, "error.html", status=status, headers=headers, error=error, thing=thing
        )

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """Answer a person whom the guard refuses a recording."""
        return self.html(request, "refused.html", status=429, refusal=refusal)


@cache  # templates are compiled once
def pages_environment() -> Environment:
    """Return what fills templates of the pages."""
    env = environment(*ROOMS)
    env.auto_reload = False  # it would ask the disk for each template of each page
    icon = cache(env.get_template("icons.html").module.icon)  # type: ignore[attr-defined]
    env.globals |= {
        "assets": house_assets().root,
        "Kind": Kind,
        "about_guard": ABOUT_GUARD,
        "clock": clock,
        "cover_path": cover_path,
        "covers": covers,
        "exact_length": exact_length,
        "found_rows": found,
        "icon": icon,
        "rows": Rows(icon),
        "say_licence": say_licence,
        "song_attribute": song_attribute,
        "spoken_length": spoken_length,
        "still": still,
        "thing": thing,
        "who": who,
    }
    env.filters |= {"segment": segment}
    return env


@lru_cache(256)
def still(template: str, words: Words, here: str = "", archive: str = "") -> Markup:
    """Return a part of a page that does not depend on what the page shows; filled once."""
    given = {"t": words, "here": here, "archive": archive}
    return Markup(pages_environment().get_template(template).render(given))


def segment(text: str) -> str:
    """Write a name as one step of a path."""
    return quote(text, safe="")


def words_of(request: Request) -> Words:
    """Return the language of a request."""
    return words_for(request.headers.get("accept-language", ""))
