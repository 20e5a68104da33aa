"""The sums of a plan that is written, kept beside it once they were made.

Laws: sums are believed only of the plan that they were made of, in the form of this version, and
undamaged, for what is signed rests on them; all else is made again.
Not here: which sums there are (`figures`); making them loads Ibis, reading does not.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from phonotheque.catalogue.database import Machine
from phonotheque.disk import LocalDisk, read_if_held, write_whole
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.publish.planning.descriptor import Descriptor
from phonotheque.publish.planning.tables import PLAN
from phonotheque.publish.planning.words import Order

_FILE = "sums.json"


class Sums(msgspec.Struct, frozen=True):
    """Rows of the sums of a plan, as `figures` has them."""

    totals: list[dict[str, Any]]
    releases: list[dict[str, Any]]
    steps: list[dict[str, Any]]


_FORMAT = 1
"""Counted up when `figures` gives other columns, or others of the same names."""


class _Kept(msgspec.Struct, frozen=True):
    """The file. `sha256` is of the bytes of `sums` and of all that stands before them."""

    format: int
    plan: str
    order: str
    rows: int
    sums: msgspec.Raw
    sha256: str


def sums_of(folder: Path, descriptor: Descriptor, machine: Machine) -> Sums:
    """Return the sums of a plan, and keep them for who asks next.

    Raises:
        MalformedError: A table of the plan cannot be read.
        UnavailableError: The disk refused.
    """
    disk = LocalDisk(folder)
    with suppress(*UNDECODABLE):
        kept = msgspec.json.decode(read_if_held(disk, _FILE) or b"", type=_Kept)
        if kept == _kept(descriptor, bytes(kept.sums)):
            return msgspec.json.decode(kept.sums, type=Sums)
    made = _made(folder, descriptor, machine)
    kept = _kept(descriptor, msgspec.json.encode(made))
    write_whole(disk, _FILE, msgspec.json.encode(kept))
    return made


def _kept(descriptor: Descriptor, sums: bytes) -> _Kept:
    said = (_FORMAT, descriptor.digest, descriptor.order, descriptor.rows)
    sha256 = hashlib.sha256(msgspec.json.encode(said) + sums).hexdigest()
    return _Kept(*said, msgspec.Raw(sums), sha256)


def _made(folder: Path, descriptor: Descriptor, machine: Machine) -> Sums:
    import duckdb
    import ibis
    import pyarrow as pa

    from phonotheque.catalogue.database import view_of_folder
    from phonotheque.publish.planning import figures
    from phonotheque.publish.planning.workshop import workshop

    def rows(db: duckdb.DuckDBPyConnection, expression: ibis.Table) -> list[dict[str, Any]]:
        """Return the few rows of a sum; DuckDB adds whole numbers up in 128 bits."""
        found = db.sql(str(ibis.to_sql(expression, dialect="duckdb"))).to_arrow_table()
        narrow = [
            one.with_type(pa.int64()) if pa.types.is_decimal(one.type) else one
            for one in found.schema
        ]
        listed: list[dict[str, Any]] = found.cast(pa.schema(narrow)).to_pylist()
        return listed

    with workshop(folder.with_name(f"{folder.name}.sums"), machine) as db:
        view_of_folder(db, "plan", folder, PLAN)
        steps = figures.steps(Order(descriptor.order), descriptor.rows)
        return Sums(rows(db, figures.totals()), rows(db, figures.releases()), rows(db, steps))
