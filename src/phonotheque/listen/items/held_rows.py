"""Rows of what is held of somebody's work, written as markup: a hundred of a page.

Why without a template, and the law: `phonotheque.listen.pages.rows`.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.pages.rows import thing
from phonotheque.listen.pages.said import say_licence
from phonotheque.listen.pages.words import Words
from phonotheque.listen.values import Hit
from phonotheque.publish.pages.texts import plain


def held_rows(words: Words, hits: Iterable[Hit]) -> Markup:
    """Recordings with who made them, their licence and whether everybody may have them."""
    return Markup("".join(_row(words, hit) for hit in hits))


def _row(words: Words, hit: Hit) -> str:
    album = ""
    if hit.album:
        year = f", {hit.year}" if hit.year else ""
        album = f'<br><span class="quiet">{thing(hit.album, Kind.RELEASE)}{year}</span>'
    licence = escape(say_licence(words, hit.licence).name) or words("none that is known")
    here = words("held and shared") if hit.is_free else words("held, not shared with everybody")
    return (
        f'<tr><th scope="row"><a href="/song/{hit.gid}"><bdi>{escape(plain(hit.title))}</bdi></a>'
        f"{album}</th><td><bdi>{escape(plain(hit.credit or ''))}</bdi></td><td>{licence}</td>"
        f'<td>{here}</td><td><a href="/item/{hit.gid}">{words("All facts")}</a></td></tr>\n'
    )
