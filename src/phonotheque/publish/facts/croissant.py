"""The publication as a dataset: `facts/croissant.json`, for programs that look for such a file.

It is one JSON-LD document that is a schema.org Dataset and Croissant 1.1 at once. Its records are
the torrents (`facts/torrents.csv`) and the recordings in them (the listings).

Laws: every file that it names has its digest in it; each recording's licence stands in the records,
and the licences of the whole are all of them; who stated nothing is given no intent.

Source: Croissant format 1.1 (docs.mlcommons.org/croissant), schema.org Dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phonotheque.music.tdm_statement import SENTENCE
from phonotheque.publish.facts.listing import TorrentFacts, listing_path
from phonotheque.publish.facts.machine_files import ServedAt
from phonotheque.publish.facts.sheet import FactSheet
from phonotheque.publish.facts.torrents_table import COLUMNS
from phonotheque.publish.facts.words import summary, title_of

TABLE = "facts/torrents.csv"
MOST_LISTINGS = 500
"""Listings that are named one by one; the table names all, with their digests."""

_CROISSANT_TERMS = (
    "arrayShape",
    "citeAs",
    "column",
    "containedIn",
    "equivalentProperty",
    "extract",
    "field",
    "fileProperty",
    "fileObject",
    "fileSet",
    "format",
    "includes",
    "isArray",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
)

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _CROISSANT_TERMS},
}
"""The context that the specification prescribes, whole: readers compare it."""


def croissant(
    sheet: FactSheet, site: ServedAt, torrents: Sequence[TorrentFacts], table_sha256: str
) -> dict[str, Any]:
    """Return the descriptor.

    Args:
        sheet: The figures.
        site: Where it is served; without an address, files are named relative to it.
        torrents: All that are offered.
        table_sha256: Digest of `facts/torrents.csv`.
    """
    counted = sheet.counted
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "@id": f"urn:uuid:{counted.archive}" if counted.archive else counted.name,
        "name": f"{counted.name}-{sheet.publication}",
        "alternateName": title_of(sheet),
        "description": " ".join(summary(sheet)),
        "version": f"{sheet.publication}.0.0",
        "datePublished": counted.as_of[:10],
        "license": [one.licence for one in sheet.licences],
        "usageInfo": f"{site.base}facts/fact-sheet.html",
        "conditionsOfAccess": SENTENCE,
        "isAccessibleForFree": True,
        "creator": [{"@type": "sc:Organization", "name": title_of(sheet)}],
        "publisher": {"@type": "sc:Organization", "name": title_of(sheet), **_at(site)},
        "citeAs": f"{title_of(sheet)}, publication {sheet.publication}, {counted.as_of[:10]}.",
        "size": f"{sheet.totals.size_bytes} B",
        **({"url": site.base} if site.base else {}),
        "distribution": [_file(site, TABLE, "text/csv", table_sha256), *_listings(site, torrents)],
        "recordSet": [_torrents()],
    }


def _at(site: ServedAt) -> dict[str, str]:
    return {"url": site.base} if site.base else {}


def _file(site: ServedAt, path: str, form: str, sha256: str) -> dict[str, str]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": f"{site.base}{path}" if site.base else _beside(path),
        "encodingFormat": form,
        "sha256": sha256,
    }


def _beside(path: str) -> str:
    """A path in the publication as seen from the folder of the descriptor."""
    return path.removeprefix("facts/") if path.startswith("facts/") else f"../{path}"


def _listings(site: ServedAt, torrents: Sequence[TorrentFacts]) -> list[dict[str, str]]:
    return [
        _file(
            site, listing_path(one.name).removeprefix("published/"), "application/zstd", one.listing
        )
        for one in torrents[:MOST_LISTINGS]
    ]


def _torrents() -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "torrents",
        "name": "torrents",
        "description": "Every torrent that is offered, one a line.",
        "key": {"@id": "torrents/name"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"torrents/{name}",
                "name": name,
                "description": meaning,
                "dataType": f"sc:{kind}",
                "source": {"fileObject": {"@id": TABLE}, "extract": {"column": name}},
            }
            for name, kind, meaning in COLUMNS
        ],
    }
