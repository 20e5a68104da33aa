"""All that the catalogue knows of one thing, each statement with the source that makes it.

An *entry* is a card and what stands behind it: the rows of every source about the entity and about
those that are linked with it. It is read from the snapshot's tables, which are in order of what
they are about, so that little of them is read; the libraries for that are loaded for it alone.

Not here: finding what is meant (`archive.finding.searching`), saying it to people (`cli`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from phonotheque.catalogue.gids import gid_of_row
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.snapshot import Snapshot, SourceEntry

MOST_ROWS = 1_000
"""Rows of one table that are told of one thing."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the tables say of one thing.

    Attributes:
        sources: Those that know it, with their own identifier of it.
        links: What was taken for the same, with reason and confidence.
        popularity: What each source counted.
        licences: What each source says may be done with it.
        identifiers: What others call it: scheme and value.
        isrcs: Of a recording.
        files: Of a recording: those that hold it, here or elsewhere.
        labels: Of a release: name and catalogue number.
        releases: Of a recording: ids of those that it is on.
        corrections: What people corrected of it: field, value, reason, and when; the values above
            are what the sources say, but for ISRCs.
    """

    sources: tuple[Row, ...]
    links: tuple[Row, ...]
    popularity: tuple[Row, ...]
    licences: tuple[Row, ...]
    identifiers: tuple[Row, ...]
    isrcs: tuple[str, ...]
    files: tuple[Row, ...]
    labels: tuple[Row, ...]
    releases: tuple[int, ...]
    corrections: tuple[Row, ...] = ()


def read_entry(snapshot: Snapshot, card: Card) -> Entry:
    """Read all that is known of the thing on a card.

    Raises:
        MalformedError: A table of the snapshot is damaged.
    """
    with _open(snapshot) as tables:
        ids = tables.group(card.kind, card.id)
        about = (card.kind, ids)
        corrections = tuple(tables.corrections(*about))
        return Entry(
            sources=tuple(tables.origins(*about)),
            links=tuple(tables.links(*about)),
            popularity=tuple(tables.about("popularity", _POPULARITY, *about)),
            licences=tuple(tables.about("rights", _RIGHTS, *about)),
            identifiers=tuple(_unique(tables.about("external_id", _IDENTIFIER, *about))),
            isrcs=_isrcs(tables.of(*about, "isrc", ("isrc",)), corrections),
            files=tuple(tables.of(*about, "file", _FILE)),
            labels=tuple(_unique(tables.labels(*about))),
            releases=tuple(_ids(tables.of(*about, "track", ("release",)), "release")),
            corrections=corrections,
        )


_POPULARITY = (*("measure", "period", "total_listen_count", "total_user_count", "rating", "as_of"),)
_RIGHTS = ("licence", "raw")
_IDENTIFIER = ("scheme", "value")
_FILE = ("sha256", "address", "codec", "size_bytes", "length", "state", "is_free")


@contextmanager
def _open(snapshot: Snapshot) -> Iterator[_Tables]:
    from phonotheque.catalogue.database import Machine, database

    with (
        tempfile.TemporaryDirectory(prefix="phonotheque-") as scratch,
        database(Path(scratch), Machine(jobs=1, memory_bytes=512 << 20)) as db,
    ):
        yield _Tables(db, snapshot)


class _Tables:
    """Tables of a snapshot, asked about a few ids."""

    def __init__(self, db: Any, snapshot: Snapshot) -> None:
        self._db = db
        self._snapshot = snapshot
        self._sources = {source.id: source for source in snapshot.descriptor.sources}

    def group(self, kind: Kind, entity: int) -> tuple[int, ...]:
        """The entity and those that it speaks for."""
        path = self._snapshot.tables / "canonical.parquet"
        if not path.exists():
            return (entity,)
        rows = self._file(path, ("id",), "entity_type = ? AND canonical = ?", (str(kind), entity))
        return (entity, *sorted(row["id"] for row in rows))

    def about(
        self, table: str, columns: Sequence[str], kind: Kind, ids: Sequence[int]
    ) -> list[Row]:
        """Rows of a table that speaks of entities of any kind."""
        where = f"entity_type = ? AND entity IN ({_marks(ids)})"
        return self._rows(table, columns, where, (str(kind), *ids))

    def of(self, kind: Kind, ids: Sequence[int], table: str, columns: Sequence[str]) -> list[Row]:
        """Rows of a table that speaks of recordings."""
        if kind is not Kind.RECORDING:
            return []
        return self._rows(table, columns, f"recording IN ({_marks(ids)})", ids)

    def origins(self, kind: Kind, ids: Sequence[int]) -> Iterator[Row]:
        """Which sources have it, under which identifier."""
        columns = ("id", "key", "source_id", "mbid")
        for row in self._rows(kind, columns, f"id IN ({_marks(ids)})", ids):
            source: SourceEntry = row["source"]
            yield {"source": source, "id": row["id"], "gid": self._gid(kind, row)}

    def links(self, kind: Kind, ids: Sequence[int]) -> Iterator[Row]:
        """Links of it, with the gids of both ends."""
        path = self._snapshot.tables / "links.parquet"
        if not path.exists():
            return
        where = f"entity_type = ? AND (one IN ({_marks(ids)}) OR other IN ({_marks(ids)}))"
        columns = ("one", "other", "reason", "confidence", "is_joined")
        rows = self._file(path, columns, where, (str(kind), *ids, *ids))
        ends = sorted({row[end] for row in rows for end in ("one", "other")})
        gids = {row["id"]: row["gid"] for row in self.origins(kind, ends)} if ends else {}
        for row in rows:
            yield {**row, "one": gids.get(row["one"]), "other": gids.get(row["other"])}

    def corrections(self, kind: Kind, ids: Sequence[int]) -> Iterator[Row]:
        """What was corrected of it, as the register keeps it; of each field the newest."""
        from phonotheque.catalogue.corrections.resolving import FILE

        path = self._snapshot.tables / FILE
        if not path.exists():
            return
        where = f"entity_type = ? AND entity IN ({_marks(ids)})"
        rows = self._file(path, ("field", "value", "reason", "at", "seq"), where, (str(kind), *ids))
        newest = {row["field"]: row for row in sorted(rows, key=lambda row: row["seq"])}
        for _, row in sorted(newest.items()):
            yield {name: value for name, value in row.items() if name != "seq"}

    def labels(self, kind: Kind, ids: Sequence[int]) -> Iterator[Row]:
        """Labels of a release, and the numbers they gave it."""
        if kind is not Kind.RELEASE:
            return
        columns = ("label", "catalog_number")
        rows = self._rows("release_label", columns, f"release IN ({_marks(ids)})", ids)
        known = sorted({row["label"] for row in rows if row["label"] is not None})
        names: dict[int, str] = {}
        if known:
            named = self._rows("label", ("id", "name"), f"id IN ({_marks(known)})", known)
            names = {row["id"]: row["name"] for row in named}
        for row in rows:
            yield {"label": names.get(row["label"]), "catalog_number": row["catalog_number"]}

    def _gid(self, kind: Kind, row: Row) -> UUID:
        name = row["source"].name
        return gid_of_row(name, kind, row["key"], row["source_id"], row["mbid"])

    def _rows(
        self, table: str, columns: Sequence[str], where: str, values: Sequence[object]
    ) -> list[Row]:
        from phonotheque.catalogue.database import view_of_folder
        from phonotheque.catalogue.tables import snapshot_schema

        folder = self._snapshot.tables / table
        view_of_folder(self._db, f"t_{table}", folder, snapshot_schema(table))
        rows = self._select(f"t_{table}", ("source", *columns), where, values)
        return [{**row, "source": self._sources[row["source"]]} for row in rows]

    def _file(
        self, path: Path, columns: Sequence[str], where: str, values: Sequence[object]
    ) -> list[Row]:
        from phonotheque.catalogue.database import in_parts

        self._db.execute(f"CREATE OR REPLACE VIEW one_file AS FROM {in_parts([path])}")
        return self._select("one_file", columns, where, values)

    def _select(
        self, view: str, columns: Sequence[str], where: str, values: Sequence[object]
    ) -> list[Row]:
        names = ", ".join(f'"{name}"' for name in columns)
        query = f"SELECT {names} FROM {view} WHERE {where} LIMIT {MOST_ROWS}"
        return [
            dict(zip(columns, row, strict=True))
            for row in self._db.execute(query, list(values)).fetchall()
        ]


def _isrcs(rows: list[Row], corrections: Sequence[Row]) -> tuple[str, ...]:
    """ISRCs as they were corrected, else those of all sources."""
    from phonotheque.catalogue.corrections.fields import list_of

    for one in corrections:
        if one["field"] == "isrcs":
            return tuple(list_of(one["value"] or ""))
    return tuple(dict.fromkeys(row["isrc"] for row in rows))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)


def _ids(rows: list[Row], name: str) -> list[int]:
    return list(dict.fromkeys(row[name] for row in rows if row[name] is not None))


def _unique(rows: Iterator[Row] | list[Row]) -> list[Row]:
    """Rows without those that say the same once more, whoever says it."""
    found = {tuple((k, v) for k, v in row.items() if k != "source"): row for row in rows}
    return list(found.values())
