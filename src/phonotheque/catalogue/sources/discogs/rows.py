"""Records of Discogs as rows: gathered for a batch, then made into tables column by column.

Laws: an entity is its number at Discogs; what stands only within other elements (an artist on a
release, a master without its own dump) is given once, with what was said of it first; a recording,
which Discogs does not have, is a track of one release: `release/place`, from 1. Which entities were
met is kept in 8 bytes each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from phonotheque.catalogue.sources import columns
from phonotheque.catalogue.sources.columns import Mask
from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.discogs.countries import NO_COUNTRY, country_code
from phonotheque.catalogue.sources.discogs.names import (
    Credit,
    Identity,
    plain_name,
)
from phonotheque.catalogue.sources.discogs.records import (
    Master,
    Named,
    Record,
    Release,
    Track,
)
from phonotheque.catalogue.sources.discogs.track_rows import Listed, recording_key, track_tables
from phonotheque.catalogue.sources.met import MetKeys
from phonotheque.catalogue.sources.shaping import constant, table_of
from phonotheque.catalogue.sources.values import BAD_DATE, BAD_ISRC, BAD_LENGTH

Met = defaultdict[str, MetKeys]
"""The keys of each table that were met."""


class Gathered:
    """What the records of a batch say, as tuples in the order of the columns."""

    def __init__(self) -> None:
        self._own: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._named: defaultdict[str, dict[int, tuple[Any, ...]]] = defaultdict(dict)
        self._credits: dict[int, Credit] = {}
        self._releases: list[tuple[Any, ...]] = []
        self._labels: list[tuple[int, int, str | None]] = []
        self._media: list[tuple[int, int, str | None]] = []
        self._tracks: list[Track] = []
        self._lines: list[int] = []
        self._isrcs: list[tuple[int, str, int]] = []
        self._tags: list[tuple[str, int, str, str]] = []

    def add(self, kind: str, record: Record) -> None:
        """Take a record; no other of its kind has its key."""
        match record:
            case Named():
                self._own[kind].append((*record.identity, record.written, record.type))
            case Master():
                credit = self._credit(record.credit)
                row = (record.key, record.title, credit, record.year, record.line)
                self._own["release_group"].append(row)
                self._tags += (("release_group", record.key, *tag) for tag in record.tags)
            case Release():
                self._release(record)

    def _release(self, one: Release) -> None:
        key, credit = one.key, self._credit(one.credit)
        self._releases.append(
            (
                *(key, one.title, credit, one.master, one.date, one.country, one.status),
                *(one.barcode, len(one.media), len(one.tracks)),
            )
        )
        self._lines.append(one.line)
        if one.master is not None:
            group = (one.master, one.title, credit, None, one.line)
            self._named["release_group"].setdefault(one.master, group)
        for who, written, number in one.labels:
            self._name("label", who, written)
            self._labels.append((key, who[0], number))
        self._media += [(key, place, name) for place, name in enumerate(one.media, 1)]
        self._tags += [("release", key, kind, name) for kind, name in one.tags]
        self._tracks += one.tracks
        for track in one.tracks:
            if track[3] is not None:
                self._credit(track[3])
        self._isrcs += [(recording_key(key, place), code, one.line) for place, code in one.isrcs]

    def _name(self, kind: str, who: Identity, written: str) -> None:
        named = self._named[kind]
        if who[0] not in named:
            named[who[0]] = (*who, written, None)

    def _credit(self, credit: Credit | None) -> int | None:
        if credit is None:
            return None
        if credit.key not in self._credits:
            self._credits[credit.key] = credit
            for one in credit.names:
                if one.identity is not None:
                    self._name("artist", one.identity, one.written)
        return credit.key

    # -- tables ------------------------------------------------------------------------------------

    def tables(self, met: Met, refusals: Refusals) -> dict[str, pa.Table]:
        """Make the tables of all that was gathered; what `met` knows is not given again.

        Values that are dropped are noted as refusals.
        """
        self._refusals = refusals
        made = {
            "artist": self._of_names("artist", met),
            "label": self._of_names("label", met),
            **self._of_credits(met),
            "release_group": self._groups(met),
            **self._of_releases(),
            **self._of_tracks(),
        }
        made["external_id"] = _external_ids(made)
        return {name: table for name, table in made.items() if table.num_rows}

    def _fresh(self, kind: str, met: Met) -> list[tuple[Any, ...]]:
        """Rows of entities that are given now: their own, and those named that were not met."""
        named = self._named[kind]
        keys = np.fromiter(named, np.int64, len(named))
        rows = list(named.values())
        return self._own[kind] + [rows[place] for place in met[kind].first_of(keys).tolist()]

    def _of_names(self, kind: str, met: Met) -> pa.Table:
        key, source_id, written, type_ = _columns(self._fresh(kind, met), 4)
        both = [plain_name(name) for name in written]
        made = {
            "key": pa.array(key, pa.int64()),
            "source_id": pa.array(source_id, pa.string()),
            "name": _texts([name for name, _ in both]),
            "disambiguation": pa.array([number for _, number in both], pa.string()),
        }
        return table_of(kind, made | ({"type": _texts(type_)} if kind == "artist" else {}))

    def _of_credits(self, met: Met) -> dict[str, pa.Table]:
        keys = list(self._credits)
        fresh = met["artist_credit"].first_of(np.array(keys, np.int64)).tolist()
        chosen = [(keys[place], self._credits[keys[place]]) for place in fresh]
        shown = [
            "".join(f"{one.name}{one.join_phrase}" for one in names) for _, (_, names) in chosen
        ]
        members = [
            (key, position, one.identity and one.identity[0], one.name, one.join_phrase)
            for key, (_, names) in chosen
            for position, one in enumerate(names)
        ]
        credit, position, artist, name, join_phrase = _columns(members, 5)
        return {
            "artist_credit": table_of(
                "artist_credit",
                {"key": pa.array([key for key, _ in chosen], pa.int64()), "name": _texts(shown)},
            ),
            "artist_credit_name": table_of(
                "artist_credit_name",
                {
                    "artist_credit": pa.array(credit, pa.int64()),
                    "position": pa.array(position, pa.int32()),
                    "artist": pa.array(artist, pa.int64()),
                    "name": _texts(name),
                    "join_phrase": pa.array(join_phrase, pa.string()),
                },
            ),
        }

    def _groups(self, met: Met) -> pa.Table:
        key, title, credit, year, line = _columns(self._fresh("release_group", met), 5)
        made = {
            "key": pa.array(key, pa.int64()),
            "title": _texts(title),
            "artist_credit": pa.array(credit, pa.int64()),
            "first_release_date": self._kept(columns.date_texts, BAD_DATE, year, line),
        }
        return table_of("release_group", made)

    def _of_releases(self) -> dict[str, pa.Table]:
        key, title, credit, group, date, country, status, barcode, *_ = _columns(self._releases, 10)
        line = self._lines
        of_country = partial(columns.by_distinct, law=country_code)
        release = {
            "key": pa.array(key, pa.int64()),
            "title": _texts(title),
            "artist_credit": pa.array(credit, pa.int64()),
            "release_group": pa.array(group, pa.int64()),
            "date": self._kept(columns.date_texts, BAD_DATE, date, line),
            "country": self._kept(of_country, NO_COUNTRY, country, line),
            "status": pa.array(status, pa.string()),
            "barcode": columns.barcodes(pa.array(barcode, pa.string())),
        }
        made = {"release": table_of("release", release)}
        for name, rows, names in (
            ("release_label", self._labels, ("release", "label", "catalog_number")),
            ("medium", self._media, ("release", "position", "format")),
            ("tag", self._tags, ("entity_type", "entity", "kind", "name")),
        ):
            made[name] = _plain(name, names, rows)
        return made

    def _of_tracks(self) -> dict[str, pa.Table]:
        columns_of = _columns(self._releases, 10)
        keys, credits, media, counts = (columns_of[place] for place in (0, 2, 8, 9))
        lines = np.repeat(np.array(self._lines, np.int64), np.array(counts, np.int64))
        duration = [one[2] for one in self._tracks]
        lengths = self._kept(columns.clock_lengths, BAD_LENGTH, duration, lines.tolist())
        coded, code, at = _columns(self._isrcs, 3)
        found = self._kept(columns.isrcs, BAD_ISRC, code, at)
        isrc = table_of("isrc", {"recording": pa.array(coded, pa.int64()), "isrc": found})
        return {
            **track_tables(Listed(keys, credits, media, counts, self._tracks), lengths),
            "isrc": isrc.filter(found.is_valid()),
        }

    def _kept(
        self,
        law: Callable[[pa.Array], tuple[pa.Array, Mask]],
        reason: str,
        written: Sequence[str | None],
        lines: Sequence[int],
    ) -> pa.Array:
        """A column that a law makes of texts; what it drops is noted."""
        texts = pa.array(written, pa.string())
        made, dropped = law(texts)
        if dropped.any():
            places = np.flatnonzero(dropped).tolist()
            self._refusals.values(
                [lines[place] for place in places],
                reason,
                lambda n: written[places[n]],
                len(places),
            )
        return made


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * count


def _texts(written: Sequence[str | None]) -> pa.Array:
    return columns.texts(pa.array(written, pa.string()))


def _plain(name: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """A table whose columns are numbers and texts as they stand."""
    made = {}
    for column, values in zip(names, _columns(rows, len(names)), strict=True):
        is_number = bool(values) and isinstance(values[0], int)
        made[column] = pa.array(values, pa.int64()) if is_number else _texts(values)
    return table_of(name, made)


def _external_ids(made: Mapping[str, pa.Table]) -> pa.Table:
    """What Discogs calls its entities: the numbers of those that have one."""
    parts = []
    for kind in ("artist", "label", "release_group", "release"):
        table = made[kind]
        keys = table["key"].filter(table["source_id"].is_null()).combine_chunks()
        count = len(keys)
        row = {
            "entity_type": constant(kind, count, pa.string()),
            "entity": keys,
            "scheme": constant("discogs", count, pa.string()),
            "value": keys.cast(pa.string()),
        }
        parts.append(table_of("external_id", row))
    return pa.concat_tables(parts)
