"""Small MusicBrainz dumps, written row by row: folders and archives."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from backports import zstd

from phonotheque.catalogue.sources.musicbrainz.schema import layout_of

LAYOUT = layout_of(31, "test")

Rows = dict[str, list[dict[str, object]]]


def gid(kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {number}"))


def escape(value: object) -> str:
    """One value as COPY writes it."""
    if value is None:
        return "\\N"
    text = str(value)
    for plain, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, escaped)
    return text


def table(name: str, rows: Sequence[Mapping[str, object]], layout=LAYOUT) -> bytes:
    """A table as bytes; columns that a row does not name are null."""
    lines = ("\t".join(escape(row.get(column)) for column in layout[name]) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def write_folder(folder: Path, tables: Mapping[str, bytes], sequence: object = 31) -> Path:
    (folder / "mbdump").mkdir(parents=True, exist_ok=True)
    (folder / "SCHEMA_SEQUENCE").write_text(f"{sequence}\n")
    (folder / "TIMESTAMP").write_text("2026-07-24 00:12:33.123456+00\n")
    for name, data in tables.items():
        (folder / "mbdump" / name).write_bytes(data)
    return folder


def tar_bytes(tables: Mapping[str, bytes], sequence: object = 31, *, form=tarfile.GNU_FORMAT):
    """An archive as MusicBrainz makes it: small files first, then the tables in their order."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        about = {
            "TIMESTAMP": b"2026-07-24 00:12:33.123456+00\n",
            "COPYING": b"CC0\n",
            "README": b"The files in this directory are snapshots.\n",
            "REPLICATION_SEQUENCE": b"123456\n",
            "SCHEMA_SEQUENCE": f"{sequence}\n".encode(),
        }
        for name, data in (about | {f"mbdump/{n}": d for n, d in tables.items()}).items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return made.getvalue()


PACKERS = {
    "tar": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
}
