"""Templates filled: a site in, all files of the torrents page out.

Laws: whatever stands in an index, no text becomes markup; no page has a script or a style inside;
the same site gives the same bytes; a page that others lead to comes before them, the front page
last.

Not here: writing files, zips of torrents (`zips`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from phonotheque.look import house_icon, house_style, typeface_files, typeface_style
from phonotheque.music.number_words import counted
from phonotheque.music.tdm_statement import META, SENTENCE
from phonotheque.publish.choice import KINDS_OF, Freedom, Priority
from phonotheque.publish.health.history import format_csv
from phonotheque.publish.health.report import Level
from phonotheque.publish.pages import shelf as shelves
from phonotheque.publish.pages.feeds import feed_files
from phonotheque.publish.pages.history_chart import chart_of, finding
from phonotheque.publish.pages.listings import (
    choice_json,
    link_lists,
    prepared_sizes,
    takes_all,
    torrents_json,
)
from phonotheque.publish.pages.rows import row_of
from phonotheque.publish.pages.site import GONE, Group, Site
from phonotheque.publish.pages.texts import bound, format_count, format_day, format_moment, plain
from phonotheque.publish.pages.texts import format_size as size_words
from phonotheque.publish.pages.zips import parcels_of

ROWS_PER_PAGE = 250
"""Rows of one page of a group: some 150 kB of HTML, a sixth of it on the way."""

ROWS_IN_FRONT = 30
"""Rows on the front page: the most needed."""

GONE_IN_FRONT = 10

CHART_WIDTHS = ((960, 150), (580, 185))
"""Of the history, and of the names beside it: for a window, and for a phone, whose letters are
larger beside the drawing."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the page: its path in `published/`, and its bytes."""

    path: str
    data: bytes


@cache  # templates are compiled once
def environment(*packages: str) -> Environment:
    """Return what fills templates: ours, and those in the folder `templates` of other packages.

    It has the frame of all pages, `frame.html`, and the filters `plain`, `bound`, `size`, `count`,
    `day`, `moment`. Text is escaped wherever it is put in; a name that is not there is an error.
    """
    loaders = [PackageLoader(name) for name in (*packages, "phonotheque.publish.pages")]
    env = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "plain": plain,
        "bound": bound,
        "size": size_words,
        "count": format_count,
        "day": format_day,
        "moment": format_moment,
    }
    env.globals |= {"counted": counted, "Level": Level, "tdm_meta": META, "tdm_sentence": SENTENCE}
    return env


def asset_files() -> list[File]:
    """Return mark, style and script, and the typefaces that are here."""
    folder = resources.files("phonotheque.publish.pages") / "assets"
    own = folder.joinpath("pages.css").read_text("utf-8")
    named = {"icon.svg": house_icon(), "site.css": f"{house_style()}\n{own}".encode()}
    named["torrents.js"] = folder.joinpath("torrents.js").read_bytes()
    named["typefaces.css"] = typeface_style("fonts/").encode()
    named |= {f"fonts/{name}": data for name, data in typeface_files().items()}
    return [File(f"assets/{name}", data) for name, data in named.items()]


def render(site: Site) -> Iterator[File]:
    """Yield every file of the torrents page, the front page last."""
    env = environment()
    shelf = shelves.shelf_of(site)
    yield from asset_files()
    yield File("torrents.json", torrents_json(site))
    yield File("choice.json", choice_json(site, shelf.spine_of))
    yield from (File(*pair) for pair in link_lists(site))
    yield from (File(*pair) for pair in feed_files(site))
    yield File("health-history.csv", format_csv(site.history))
    pages = _pages_of(site)
    for group in site.groups:
        yield from _group_pages(env, site, group, pages)
    yield File("index.html", _front(env, site, shelf, pages))


def _pages_of(site: Site) -> dict[str, str]:
    """On which page each torrent stands, by name."""
    return {
        line.id: f"torrents/{group.slug}-{1 + number // ROWS_PER_PAGE}.html"
        for group in site.groups
        for number, line in enumerate(group.lines)
    }


def _group_pages(
    env: Environment, site: Site, group: Group, pages: dict[str, str]
) -> Iterator[File]:
    template = env.get_template("group.html")
    zips = parcels_of(group) if group.kind != GONE else []
    last = -(-len(group.lines) // ROWS_PER_PAGE)
    for number in range(1, last + 1):
        lines = group.lines[(number - 1) * ROWS_PER_PAGE : number * ROWS_PER_PAGE]
        text = template.render(
            **_frame(site, root="../", here="torrents"),
            group=group,
            number=number,
            last=last,
            rows=[row_of(site, line, pages) for line in lines],
            zips=zips,
            unzipped=len(group.lines) - sum(len(parcel.lines) for parcel in zips),
        )
        yield File(f"torrents/{group.slug}-{number}.html", text.encode())


def _front(env: Environment, site: Site, shelf: shelves.Shelf, pages: dict[str, str]) -> bytes:
    total_bytes = sum(line.size_bytes for line in site.offered)
    gone = [line for line in site.lines if line.obsolete]
    has_chart = len(site.history) > 1
    charts = [chart_of(site.history, *widths) for widths in CHART_WIDTHS] if has_chart else []
    text = env.get_template("torrents.html").render(
        **_frame(site, root="", here="torrents"),
        total_bytes=total_bytes,
        groups=[group for group in site.groups if group.kind != GONE],
        levels=_levels(site),
        is_counted=any(site.seeders(line) is not None for line in site.offered),
        shelf=shelf,
        most_seeders=shelves.MOST_SEEDERS,
        rows=[row_of(site, line, pages) for line in site.needed[:ROWS_IN_FRONT]],
        gone=[row_of(site, line, pages) for line in reversed(gone[-GONE_IN_FRONT:])],
        gone_count=len(gone),
        charts=charts,
        finding=finding(site.history) if charts else "",
        collections=sorted({c for line in site.offered for c in site.collections_of(line)}),
        licences=[(one.value, " ".join(sorted(KINDS_OF[one]))) for one in Freedom],
        orders=[one.value for one in Priority],
        sizes=prepared_sizes(total_bytes),
        takes_all=takes_all(total_bytes),
        has_tiers=any(group.tier != "all" for group in site.groups),
    )
    return text.encode()


def _frame(site: Site, *, root: str, here: str) -> dict[str, Any]:
    """What every page is given."""
    return {
        "site": site,
        "archive": plain(site.header.title or site.header.name),
        "root": root,
        "here": here,
        "papers": site.papers,
    }


def _levels(site: Site) -> list[tuple[Level, int, int]]:
    """How many torrents, and bytes, stand at each level."""
    found = []
    for level in Level:
        lines = [line for line in site.offered if site.level(line) is level]
        found.append((level, len(lines), sum(line.size_bytes for line in lines)))
    return found
