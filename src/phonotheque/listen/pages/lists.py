"""Pages of lists: search, and what one can browse by. Every list goes on by a key, never a number.

Laws: nothing of a query becomes markup or a part of another query; a list that goes on costs the
same on every page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.query.licences import short_name
from phonotheque.errors import BadRequestError
from phonotheque.listen.pages.asking import House, gid_of
from phonotheque.listen.pages.playable import may_play
from phonotheque.listen.pages.rendering import words_of
from phonotheque.listen.pages.said import PATHS
from phonotheque.listen.pages.words import Words
from phonotheque.listen.values import Artist, Choice, Facet, Hit, Label, Order, Shelf
from phonotheque.publish.pages.texts import plain

_BEST = 8
_OF_ONE_KIND = 100
_PER_PAGE = 50
_SHELVES = 60
_LONGEST_QUERY = 500


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of a kind, as the answer to a search shows them."""

    name: str
    title: Markup
    hits: list[Hit]
    more: str
    more_words: Markup


@dataclass(frozen=True, slots=True)
class Way:
    """An address and its words."""

    address: str
    title: str
    is_here: bool = False


def add_lists(router: APIRouter, house: House) -> None:
    """Add the routes of search and of lists."""

    @router.get("/search")
    def search(request: Request, q: str = "", kind: str = "", part: str = "") -> Response:
        return _search(request, house, q[:_LONGEST_QUERY], kind, is_part=part == "hits")

    @router.get("/browse")
    def browse(request: Request, order: str = "", after: str | None = None) -> Response:
        if not order:
            return _browse(request, house)
        way = Way("/browse", str(words_of(request)("Browse")))
        is_new = order == Order.NEW
        title = "New in the archive" if is_new else "Most heard"
        choice = Choice(
            kind=Kind.RELEASE if is_new else Kind.RECORDING,
            order=Order.NEW if is_new else Order.HEARD,
            is_held=True,
        )
        words = words_of(request)
        note = "" if is_new else words("Songs that nobody is known to have heard come last.")
        return _list(request, house, choice, after, title=str(words(title)), note=note, above=way)

    for facet in Facet:
        _add_facet(router, house, facet)
    for path, kind in (
        ("/artist/{gid}/songs", Kind.RECORDING),
        ("/artist/{gid}/albums", Kind.RELEASE),
        ("/label/{gid}/albums", Kind.RELEASE),
    ):
        _add_owned(router, house, path, kind)


def _add_facet(router: APIRouter, house: House, facet: Facet) -> None:
    @router.get(f"/{facet}/{{name:path}}")
    def shelf(
        request: Request, name: str, kind: str = "songs", after: str | None = None
    ) -> Response:
        return _shelf(request, house, facet, name, kind, after)


def _add_owned(router: APIRouter, house: House, path: str, kind: Kind) -> None:
    @router.get(path)
    def owned(request: Request, gid: str, after: str | None = None) -> Response:
        return _owned(request, house, gid, kind, after)


_KINDS = {"songs": Kind.RECORDING, "albums": Kind.RELEASE}


# -- search ---------------------------------------------------------------------------------------


def _search(request: Request, house: House, text: str, kind: str, *, is_part: bool) -> Response:
    words, sought = words_of(request), plain(text)
    groups: list[Group] = []
    used, refused = "exact", None
    chosen = next((one for one in Kind if one == kind), None)
    try:
        if sought:
            groups, used = _groups(house, words, sought, chosen)
    except BadRequestError as error:
        refused = error
    return house.pages.html(
        request,
        "hits.html" if is_part else "search.html",
        status=400 if refused else 200,
        here="search",
        sought=sought,
        sought_quoted=f"\N{LEFT DOUBLE QUOTATION MARK}{sought}\N{RIGHT DOUBLE QUOTATION MARK}",
        kind=chosen,
        groups=groups,
        total=sum(len(group.hits) for group in groups),
        found=_found(words, groups, _OF_ONE_KIND if chosen else _BEST),
        used=used,
        refused=refused,
    )


def _groups(house: House, words: Words, sought: str, kind: Kind | None) -> tuple[list[Group], str]:
    """What was found, by kind, and how."""
    library = house.ports.library
    if kind:
        answer = library.search(sought, kind, limit=_OF_ONE_KIND)
        answers = [answer]
    else:
        best = library.suggest(sought, limit=_BEST)
        answers = [best.songs, best.albums, best.artists, best.labels]
    hits = list({hit.gid: hit for answer in answers for hit in answer.hits}.values())
    titles = {
        "songs": (words("Songs"), words("All songs"), (Kind.RECORDING,)),
        "albums": (words("Albums"), words("All albums"), (Kind.RELEASE,)),
        "names": (words("Artists and labels"), words("All artists"), (Kind.ARTIST, Kind.LABEL)),
    }
    groups = []
    for name, (title, all_of, kinds) in titles.items():
        own = [hit for hit in hits if hit.kind in kinds]
        if not own:
            continue
        is_cut = kind is None and len(own) >= _BEST
        address = f"/search?{urlencode({'q': sought, 'kind': kinds[0].value})}" if is_cut else ""
        groups.append(Group(name, title, own, address, all_of))
    useds = [answer.used for answer in answers if answer.hits]
    return groups, "typos" if useds and all(used == "typos" for used in useds) else "exact"


def _found(words: Words, groups: list[Group], limit: int) -> Markup:
    """How many of each kind, as a sentence."""
    said = []
    nouns = {
        "songs": ("{n} song", "{n} songs", "the first {n} songs"),
        "albums": ("{n} album", "{n} albums", "the first {n} albums"),
        "names": (
            "{n} artist or label",
            "{n} artists and labels",
            "the first {n} artists and labels",
        ),
    }
    for group in groups:
        one, many, first = nouns[group.name]
        number = len(group.hits)
        said.append(words.n(number, one, first if number >= limit else many))
    told = Markup(", ").join(said)
    return Markup("{}{}.").format(told[:1].upper(), told[1:])


# -- lists ----------------------------------------------------------------------------------------


def _browse(request: Request, house: House) -> Response:
    words = words_of(request)
    titles = {
        Facet.GENRE: words("Genres"),
        Facet.YEAR: words("Years"),
        Facet.LICENCE: words("Licences"),
        Facet.COLLECTION: words("Collections"),
    }
    facets = [_facet(house, facet, title) for facet, title in titles.items()]
    return house.pages.html(request, "browse.html", here="browse", facets=facets)


@dataclass(frozen=True, slots=True)
class _FacetView:
    name: str
    title: Markup
    shelves: list[Shelf]
    note: str = ""


def _facet(house: House, facet: Facet, title: Markup) -> _FacetView:
    shelves = house.ports.library.shelves(facet)
    shown = shelves[-_SHELVES:][::-1] if facet is Facet.YEAR else shelves[:_SHELVES]
    return _FacetView(facet.value, title, list(shown))


def _shelf(
    request: Request, house: House, facet: Facet, name: str, kind: str, after: str | None
) -> Response:
    words = words_of(request)
    chosen = _KINDS.get(kind, Kind.RECORDING)
    match facet:
        case Facet.GENRE:
            choice, title = Choice(kind=chosen, genre=name, is_held=True), name
        case Facet.YEAR:
            year = _year(name)
            choice, title = Choice(kind=chosen, years=(year, year), is_held=True), name
        case Facet.LICENCE:
            choice = Choice(kind=chosen, licence=name, is_held=True)
            title = (short_name(name) if "://" in name else "") or name
        case Facet.COLLECTION:
            choice, title = Choice(kind=chosen, collection=name), name
    address = f"/{facet.value}/{quote(name, safe='')}"
    kinds = [
        Way(f"{address}?kind={one}", str(words(one.capitalize())), one == kind) for one in _KINDS
    ]
    return _list(
        request,
        house,
        choice,
        after,
        title=title,
        above=Way("/browse", str(words("Browse"))),
        kinds=kinds,
    )


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise BadRequestError(f"/year/{text}", "that is no year", "Write it as 1987.")
    return int(text)


def _owned(request: Request, house: House, gid: str, kind: Kind, after: str | None) -> Response:
    """All songs or albums of an artist, all albums of a label."""
    library, named = house.ports.library, gid_of(request, gid)
    found: Artist | Label | Response
    if request.url.path.startswith(PATHS[Kind.ARTIST]):
        found = house.find(request, gid, library.artist)
        choice = Choice(kind=kind, artist=named)
    else:
        found = house.find(request, gid, library.label)
        choice = Choice(kind=kind, label=named)
    if isinstance(found, Response):
        return found
    words, name = words_of(request), plain(found.hit.title)
    above = Way(request.url.path.rpartition("/")[0], name)
    title = words(_PLURALS[kind], name=name).unescape()
    return _list(request, house, choice, after, title=title, above=above)


_PLURALS = {Kind.RECORDING: "Songs: {name}", Kind.RELEASE: "Albums: {name}"}


def _list(
    request: Request,
    house: House,
    choice: Choice,
    after: str | None,
    **shown: Any,
) -> Response:
    listing = house.ports.library.listing(choice, after=after, limit=_PER_PAGE)
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "after"]
    address = f"{request.url.path}?{urlencode(query)}" if query else request.url.path
    return house.pages.html(
        request,
        "list.html",
        here="browse",
        listing=listing,
        more_address=address,
        playable=[hit for hit in listing.hits if may_play(hit)],
        **{"note": "", "kinds": [], **shown},
    )
