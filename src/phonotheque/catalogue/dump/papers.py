"""What a dump brings along for people and programs that know nothing of Phonotheque.

`README.txt` for people; `documentation.json`: every table, column, view and key with its meaning;
`datapackage.json` and `croissant.json`: the same for programs that look for these.

Sources: Frictionless Data Package, version 1 (specs.frictionlessdata.io); Croissant format, version
1.0 (docs.mlcommons.org/croissant).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from phonotheque.catalogue.dump.contents import Contents, write_text
from phonotheque.catalogue.dump.json_keys import LINES
from phonotheque.catalogue.dump.layout import (
    CROISSANT,
    DATA_PACKAGE,
    DATABASE,
    DELETED,
    DOCUMENTATION,
    FLAT,
    JSON_LINES,
    README,
    SINGLE,
    SQLITE,
    Described,
    Sheet,
    flat_path,
    lines_path,
    single_path,
    table_sheet,
)
from phonotheque.catalogue.dump.readme import readme
from phonotheque.catalogue.dump.sqlite_file import documentation
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.tables import TABLES

_FLAT_NAMES = {flat_path(kind): sheet for kind, sheet in FLAT.items()}
_SINGLE_NAMES = {single_path(sheet): sheet for sheet in (*SINGLE, DELETED)}


@dataclass(frozen=True, slots=True)
class Package:
    """What the descriptions for programs say of a folder of Parquet files.

    Attributes:
        name: Short, in lower case, with hyphens.
        version: A number that rises.
        made_at: When, ISO 8601 in UTC.
        rows: Rows of every Parquet file, by its path.
    """

    name: str
    title: str
    version: str
    made_at: str
    sources: tuple[SourceEntry, ...]
    rows: Mapping[str, int]


def write_papers(
    dump: Path, contents: Contents, forms: Sequence[str], digests: Mapping[str, str]
) -> None:
    """Write what explains a dump, when all else is there.

    Args:
        digests: SHA-256 of every file so far, by its path.
    """
    package = Package(
        f"catalogue-{contents.snapshot}",
        f"A catalogue of music, {contents.snapshot} of {contents.made_at[:10]}",
        contents.snapshot.removeprefix("snapshot-"),
        contents.made_at,
        contents.sources,
        contents.rows,
    )
    write_text(dump / README, readme(contents, forms))
    write_text(dump / DOCUMENTATION, _json(_documented(forms)))
    write_descriptions(dump, package, digests)


def write_descriptions(dump: Path, package: Package, digests: Mapping[str, str]) -> None:
    """Write what programs look for, of a folder whose files are all there.

    Args:
        digests: SHA-256 of every file so far, by its path.
    """
    write_text(dump / DATA_PACKAGE, _json(_data_package(dump, package, digests)))
    write_text(dump / CROISSANT, _json(_croissant(package, digests)))


def write_documentation(dump: Path, sheets: Sequence[Sheet]) -> None:
    """Write the meanings of every column of some tables."""
    write_text(dump / DOCUMENTATION, _json({"parquet": _documented_sheets(sheets)}))


def sheet_of(path: str) -> Sheet:
    """Return what a Parquet file of a dump is, from its path."""
    if path in _FLAT_NAMES:
        return _FLAT_NAMES[path]
    return _SINGLE_NAMES.get(path) or table_sheet(path.split("/")[2])


def source_of(path: str, package: Package) -> SourceEntry | None:
    """Return whose rows a Parquet file has; None where it has those of several."""
    name = path.rpartition("/")[2].removesuffix(".parquet")
    is_one = path.startswith("parquet/tables/")
    return next((one for one in package.sources if is_one and one.name == name), None)


def _documented(forms: Sequence[str]) -> dict[str, Any]:
    sheets = (*FLAT.values(), *SINGLE, *map(table_sheet, TABLES))
    said: dict[str, Any] = {"parquet": _documented_sheets(sheets)}
    if SQLITE in forms:
        tables: dict[str, Any] = {}
        for table, column, meaning in documentation():
            if column:
                tables[table]["columns"][column] = meaning
            else:
                tables[table] = {"meaning": meaning, "columns": {}}
        said["sqlite"] = tables
    if JSON_LINES in forms:
        said["json"] = {
            one.table: _meanings(one.meaning, ((key.name, key.meaning) for key in one.keys))
            for one in LINES
        }
    return said


def _documented_sheets(sheets: Sequence[Sheet]) -> dict[str, Any]:
    return {
        sheet.name: _meanings(sheet.meaning, ((c.name, c.meaning) for c in sheet.columns))
        for sheet in sheets
    }


def _meanings(meaning: str, columns: Iterator[tuple[str, str]]) -> dict[str, Any]:
    return {"meaning": meaning, "columns": dict(columns)}


def _licences(sources: Sequence[SourceEntry]) -> list[str]:
    return list(dict.fromkeys(one.licence for one in sources if one.licence))


# -- Frictionless --------------------------------------------------------------------------------


def _data_package(dump: Path, package: Package, digests: Mapping[str, str]) -> dict[str, Any]:
    return {
        "profile": "data-package",
        "name": package.name,
        "title": package.title,
        "created": package.made_at,
        "sources": [
            {"title": one.title or one.name, **({"path": one.origin} if one.origin else {})}
            for one in package.sources
        ],
        "licenses": [{"path": licence} for licence in _licences(package.sources)],
        "resources": [
            {
                **resource,
                "bytes": (dump / resource["path"]).stat().st_size,
                "hash": f"sha256:{digests[resource['path']]}",
            }
            for resource in (*_resources(package), *_other_resources(dump, package))
        ],
    }


def _resources(package: Package) -> Iterator[dict[str, Any]]:
    for path in package.rows:
        sheet, source = sheet_of(path), source_of(path, package)
        licences = _licences((source,) if source else package.sources)
        yield {
            "name": _resource_name(path),
            "path": path,
            "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
            "description": sheet.meaning,
            "licenses": [{"path": licence} for licence in licences],
            "schema": {
                "fields": [
                    {"name": c.name, "type": _field_type(c), "description": c.meaning}
                    for c in sheet.columns
                ]
            },
        }


def _other_resources(dump: Path, package: Package) -> Iterator[dict[str, Any]]:
    for path, form, meaning in _others(dump, package):
        yield {
            "name": _resource_name(path),
            "path": path,
            "format": form,
            "mediatype": "application/zstd",
            "description": meaning,
        }


def _others(dump: Path, package: Package) -> Iterator[tuple[str, str, str]]:
    """Yield path, form and meaning of what is no Parquet file."""
    paths = [(DATABASE, "sqlite", "All of it as one SQLite database.")]
    paths += [
        (lines_path(one.table, source.name), "jsonl", one.meaning)
        for one in LINES
        for source in package.sources
    ]
    yield from (one for one in paths if (dump / one[0]).exists())


def _resource_name(path: str) -> str:
    name = path.removeprefix("parquet/").split(".")[0]
    return name.replace("/", "-").replace("_", "-").lower()


def _field_type(column: Described) -> str:
    if pa.types.is_list(column.type):
        return "array"
    if pa.types.is_boolean(column.type):
        return "boolean"
    if pa.types.is_integer(column.type):
        return "integer"
    return "number" if pa.types.is_floating(column.type) else "string"


# -- Croissant -----------------------------------------------------------------------------------

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "recordSet": "cr:recordSet",
    "field": "cr:field",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "source": "cr:source",
    "fileObject": "cr:fileObject",
    "extract": "cr:extract",
    "column": "cr:column",
    "repeated": "cr:repeated",
    "data": {"@id": "cr:data", "@type": "@json"},
}


def _croissant(package: Package, digests: Mapping[str, str]) -> dict[str, Any]:
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": package.name,
        "description": package.title,
        "datePublished": package.made_at[:10],
        "version": package.version,
        "license": _licences(package.sources),
        "creator": [
            {"@type": "sc:Organization", "name": one.attribution or one.title or one.name}
            for one in package.sources
        ],
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": path,
                "name": path,
                "contentUrl": path,
                "encodingFormat": "application/x-parquet",  # as readers of Croissant know it
                "sha256": digests[path],
            }
            for path in package.rows
        ],
        "recordSet": [_record_set(path) for path in package.rows],
    }


def _record_set(path: str) -> dict[str, Any]:
    sheet, name = sheet_of(path), _resource_name(path)
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": sheet.meaning,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column.name}",
                "name": column.name,
                "description": column.meaning,
                "dataType": _data_type(column),
                **({"repeated": True} if pa.types.is_list(column.type) else {}),
                "source": {"fileObject": {"@id": path}, "extract": {"column": column.name}},
            }
            for column in sheet.columns
        ],
    }


def _data_type(column: Described) -> str:
    if pa.types.is_boolean(column.type):
        return "sc:Boolean"
    if pa.types.is_integer(column.type):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(column.type) else "sc:Text"


def _json(value: object) -> str:
    # msgspec indents: json's own way with an indent takes fifteen times as long.
    return msgspec.json.format(json.dumps(value, ensure_ascii=False), indent=1) + "\n"
