"""The description of the API (OpenAPI 3.1), made from its routes and from the values it answers
with."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from phonotheque.listen.api.values import Chart, Hits, LookedUp, Problem, Shelves
from phonotheque.listen.api.writing import JsonSchema, schema_of
from phonotheque.listen.item_values import Item
from phonotheque.listen.values import (
    Album,
    Answer,
    Artist,
    Counts,
    Drawn,
    Hit,
    Label,
    Listing,
    Song,
    Suggestions,
)

VERSION = "1.0.0"
"""Of the API. Fields are added with a new second number; anything else would be `/api/v2`."""

VALUES = (
    *(Album, Answer, Artist, Counts, Drawn, Hit, Item, Label, Listing, Song, Suggestions),
    *(Chart, Hits, LookedUp, Problem, Shelves),
)
"""What is answered with; what these hold follows from them."""

_DESCRIPTION = """Find music and read all that this archive knows of it. No key, no account.

Songs are recordings, albums are releases; each has a gid that leads somewhere for ever: an MBID, or
one made here. Lists are gone on with by `after`: the address of the next page stands in the header
`Link`. Answers have a strong ETag. Errors are problems (RFC 9457) that say what is wrong and what
to do. Fields are only ever added; what is unknown is null.

Whoever wants everything takes the dumps and torrents at `/torrents/` and asks nothing here."""

_TAGS = [
    {"name": "Look-up", "description": "Search, and what an identifier stands for."},
    {"name": "Lists", "description": "Lists page by page, charts, and fair draws."},
]


def description_of(router: APIRouter) -> dict[str, Any]:
    """Return the description of all routes of a router."""
    found = get_openapi(
        title="Phonotheque",
        version=VERSION,
        description=_DESCRIPTION,
        routes=router.routes,
        tags=_TAGS,
        license_info={"name": "CC0-1.0", "identifier": "CC0-1.0"},
    )
    components: dict[str, JsonSchema] = found.setdefault("components", {}).setdefault("schemas", {})
    for kind in VALUES:
        schema_of(kind, components)
    for operations in found["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)  # ours are 400
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    found["components"]["schemas"] = dict(sorted(components.items()))
    return found
