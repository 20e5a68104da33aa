"""The synthetic world as rows: as cards, as what a source gives, and as tables of a snapshot.

Keys and ids are the numbers of `synthetic_world` counted from 1, so that the same row has the same
number in each form. A credit of one artist has the artist's number; a credit of two has a number of
its own behind all artists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench.synthetic_stretch import Stretch
from bench.synthetic_words import Integers, hashes
from bench.synthetic_world import (
    COUNTRIES,
    GENRES,
    IS_FREE,
    LICENCES,
    World,
    listens_of,
    score,
)
from phonotheque.catalogue import cards, tables

SOURCE = "synthetic"
AS_OF = "2026-01-01"
CARD = pa.schema([field for field in cards.SCHEMA if field.name != "rank"])
"""A card before it has a rank."""


def recording_cards(stretch: Stretch) -> pa.Table:
    """Return a card for each track of a stretch, in order of id."""
    place, listens = stretch.place, stretch.listens
    return _filled(
        CARD,
        {
            "id": stretch.tracks + 1,
            "title": stretch.titles,
            "credit": _credits(stretch),
            "artist": stretch.artists + 1,
            "release": stretch.releases[place] + 1,
            "release_title": stretch.release_titles.take(pa.array(place)),
            "length": stretch.lengths,
            "year": stretch.years[place],
            "country": _words(_countries(stretch)[place], COUNTRIES),
            "licence": _words(stretch.licences[place], LICENCES),
            "is_held": stretch.is_held,
            "is_free": IS_FREE[stretch.licences][place],
            "genres": _genres(stretch.world, stretch.release_artists, place),
            "score": _known(score(listens), listens),
            "listens": _known(listens, listens),
            "isrc": stretch.isrcs,
        },
    )


def release_cards(stretch: Stretch) -> pa.Table:
    """Return a card for each release of a stretch, in order of id."""
    listens, world = stretch.release_listens, stretch.world
    first = np.cumsum(stretch.sizes) - stretch.sizes
    labels = np.unique(stretch.labels)
    names = world.label_names(labels[labels >= 0])
    found = pc.index_in(pa.array(stretch.labels), pa.array(labels[labels >= 0]))
    artists, inverse = np.unique(stretch.release_artists, return_inverse=True)
    return _filled(
        CARD,
        {
            "id": stretch.releases + 1,
            "title": stretch.release_titles,
            "credit": world.artist_names(artists).take(pa.array(inverse)),
            "artist": stretch.release_artists + 1,
            "length": np.add.reduceat(stretch.lengths, first).clip(0, 2**31 - 1),
            "year": stretch.years,
            "country": _words(_countries(stretch), COUNTRIES),
            "licence": _words(stretch.licences, LICENCES),
            "is_held": np.logical_or.reduceat(stretch.is_held, first),
            "is_free": IS_FREE[stretch.licences],
            "genres": _genres(world, stretch.release_artists, np.arange(len(first))),
            "score": _known(score(listens), listens),
            "listens": _known(listens, listens),
            "barcode": stretch.barcodes,
            "catalog_number": stretch.catalog_numbers,
            "label": names.take(found),
            "tracks": stretch.sizes,
        },
    )


def artist_cards(world: World, artists: Integers) -> pa.Table:
    """Return a card for each of these artists."""
    listens = _artist_listens(world, artists)
    return _filled(
        CARD,
        {
            "id": artists + 1,
            "title": world.artist_names(artists),
            "country": _words(world.countries_of(artists), COUNTRIES),
            "is_held": np.ones(len(artists), bool),
            "is_free": np.zeros(len(artists), bool),
            "genres": _genres(world, artists, np.arange(len(artists))),
            "score": _known(score(listens), listens),
            "listens": _known(listens, listens),
        },
    )


def label_cards(world: World, labels: Integers) -> pa.Table:
    """Return a card for each of these labels."""
    none = np.zeros(len(labels), bool)
    return _filled(
        CARD,
        {"id": labels + 1, "title": world.label_names(labels), "is_held": none, "is_free": none},
    )


def stretch_tables(stretch: Stretch) -> dict[str, pa.Table]:
    """Return what a source says of a stretch: every table of it in the imported form."""
    credits = _credit_keys(stretch)
    columns = _of_releases(stretch) | _of_tracks(stretch, credits)
    rows = {name: _filled(tables.imported_schema(name), one) for name, one in columns.items()}
    licensed = np.flatnonzero(stretch.licences > 0)
    rights = [
        _rights("release", stretch.releases[licensed] + 1, stretch.licences[licensed]),
        _rights("recording", *_licensed_recordings(stretch)),
    ]
    return rows | _credit_rows(stretch, credits) | {"rights": pa.concat_tables(rights)}


def _of_releases(stretch: Stretch) -> dict[str, Mapping[str, Any]]:
    """Return the columns of tables that speak of releases."""
    releases = stretch.releases + 1
    tag_counts, tags = stretch.world.genres_of(stretch.release_artists)
    labelled = np.flatnonzero(stretch.labels >= 0)
    return {
        "release": {
            "key": releases,
            "title": stretch.release_titles,
            "artist_credit": stretch.release_artists + 1,
            "date": _dates(stretch),
            "country": _words(_countries(stretch), COUNTRIES),
            "status": _same("Official", len(releases)),
            "barcode": stretch.barcodes,
        },
        "release_label": {
            "release": releases[labelled],
            "label": stretch.labels[labelled] + 1,
            "catalog_number": stretch.catalog_numbers.take(pa.array(labelled)),
        },
        "tag": {
            "entity_type": _same("release", len(tags)),
            "entity": np.repeat(releases, tag_counts),
            "name": _words(tags, GENRES),
            "kind": _same("genre", len(tags)),
            "count": np.ones(len(tags), int),
        },
    }


def _of_tracks(stretch: Stretch, credits: Integers) -> dict[str, Mapping[str, Any]]:
    """Return the columns of tables that speak of recordings."""
    place, recordings = stretch.place, stretch.tracks + 1
    heard, held = np.flatnonzero(stretch.listens), np.flatnonzero(stretch.is_held)
    return {
        "recording": {
            "key": recordings,
            "title": stretch.titles,
            "artist_credit": credits,
            "length": stretch.lengths,
            "first_release_date": _dates(stretch).take(pa.array(place)),
        },
        "track": {
            "recording": recordings,
            "release": stretch.releases[place] + 1,
            "medium_position": np.ones(len(place), int),
            "position": stretch.positions,
        },
        "isrc": {"recording": recordings, "isrc": stretch.isrcs},
        "popularity": _counts("recording", recordings[heard], stretch.listens[heard]),
        "file": {
            "recording": recordings[held],
            "sha256": _digests(recordings[held]),
            "codec": _same("vorbis", len(held)),
            "size_bytes": stretch.lengths[held] * 20 + 4_096,
            "length": stretch.lengths[held],
            "state": _same("elsewhere", len(held)),
        },
    }


def _dates(stretch: Stretch) -> pa.Array:
    """Return the date of each release, which is a year."""
    return pa.array([f"{year}" for year in range(1900, 2100)]).take(pa.array(stretch.years - 1900))


def artist_tables(world: World, artists: Integers) -> dict[str, pa.Table]:
    """Return what a source says of artists: them, their credits, how much they are heard."""
    keys, names = artists + 1, world.artist_names(artists)
    listens = _artist_listens(world, artists)
    heard = np.flatnonzero(listens)
    columns: dict[str, Mapping[str, Any]] = {
        "artist": {
            "key": keys,
            "name": names,
            "sort_name": names,
            "area": _words(world.countries_of(artists), COUNTRIES),
        },
        "artist_credit": {"key": keys, "name": names},
        "artist_credit_name": {
            "artist_credit": keys,
            "position": np.zeros(len(keys), int),
            "artist": keys,
            "name": names,
        },
        "popularity": _counts("artist", keys[heard], listens[heard]),
    }
    return {name: _filled(tables.imported_schema(name), one) for name, one in columns.items()}


def label_tables(world: World, labels: Integers) -> dict[str, pa.Table]:
    """Return what a source says of labels."""
    rows = {"key": labels + 1, "name": world.label_names(labels)}
    return {"label": _filled(tables.imported_schema("label"), rows)}


def snapshot_form(name: str, rows: pa.Table) -> pa.Table:
    """Return rows of a table under dense ids, which here are the keys; the source has number 1."""
    columns = {field.name: rows[field.name] for field in rows.schema}
    columns["source"] = np.ones(len(rows), np.int32)
    if tables.TABLES[name].is_entity:
        columns["id"] = rows["key"]
    return _filled(tables.snapshot_schema(name), columns)


def bare_table(name: str, ids: pa.ChunkedArray) -> pa.Table:
    """Return rows of an entity's table that say no more than which ids there are."""
    columns = {"id": ids, "key": ids, "source": np.ones(len(ids), np.int32)}
    return _filled(tables.snapshot_schema(name), columns)


def _artist_listens(world: World, artists: Integers) -> Integers:
    return listens_of(5.0 + 1.3 * world.artist_effect(artists))


def _countries(stretch: Stretch) -> Integers:
    return stretch.world.countries_of(stretch.release_artists)


def _credits(stretch: Stretch) -> pa.Array:
    """Return whom each track names: its artist, or two with "feat." between."""
    artists, inverse = np.unique(stretch.artists, return_inverse=True)
    credits = stretch.world.artist_names(artists).take(pa.array(inverse))
    with_other = stretch.featured >= 0
    others = stretch.world.artist_names(stretch.featured[with_other])
    mask = pa.array(with_other)
    both = pc.binary_join_element_wise(credits.filter(mask), others, " feat. ")
    return pc.replace_with_mask(credits, mask, both)


def _credit_keys(stretch: Stretch) -> Integers:
    own = stretch.world.artists + stretch.tracks + 1
    return np.where(stretch.featured >= 0, own, stretch.artists + 1)


def _credit_rows(stretch: Stretch, keys: Integers) -> dict[str, pa.Table]:
    """Return the credits that name two."""
    rows = np.flatnonzero(stretch.featured >= 0)
    texts = _credits(stretch).take(pa.array(rows))
    count = len(rows)
    artists = np.concatenate([stretch.artists[rows], stretch.featured[rows]])
    names = {
        "artist_credit": np.concatenate([keys[rows], keys[rows]]),
        "position": np.repeat([0, 1], count),
        "artist": artists + 1,
        "name": stretch.world.artist_names(artists),
        "join_phrase": pa.array([" feat. "] * count + [None] * count, pa.string()),
    }
    return {
        "artist_credit": _filled(
            tables.imported_schema("artist_credit"), {"key": keys[rows], "name": texts}
        ),
        "artist_credit_name": _filled(tables.imported_schema("artist_credit_name"), names),
    }


def _licensed_recordings(stretch: Stretch) -> tuple[Integers, Integers]:
    licences = stretch.licences[stretch.place]
    rows = np.flatnonzero(licences > 0)
    return stretch.tracks[rows] + 1, licences[rows]


def _rights(entity: str, keys: Integers, licences: Integers) -> pa.Table:
    columns = {
        "entity_type": _same(entity, len(keys)),
        "entity": keys,
        "licence": _words(licences, LICENCES),
        "raw": _words(licences, LICENCES),
    }
    return _filled(tables.imported_schema("rights"), columns)


def _counts(entity: str, keys: Integers, listens: Integers) -> Mapping[str, Any]:
    return {
        "entity_type": _same(entity, len(keys)),
        "entity": keys,
        "measure": _same("listens", len(keys)),
        "period": _same("all", len(keys)),
        "total_listen_count": listens,
        "total_user_count": np.ceil(listens**0.7).astype(np.int64),
        "as_of": pa.repeat(AS_OF, len(keys)),
    }


def _digests(keys: Integers) -> pa.Array:
    bits = np.stack([hashes(keys, 7_000 + part) for part in range(4)], axis=1)
    return pa.Array.from_buffers(pa.binary(32), len(keys), [None, pa.py_buffer(bits)])


def _genres(world: World, artists: Integers, place: Integers) -> pa.Array:
    """Return the list of genres of each row, whose artist is `artists[place]`."""
    counts, genres = world.genres_of(artists)
    ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    names = pa.array(GENRES).take(pa.array(genres))
    return pa.ListArray.from_arrays(pa.array(ends), names).take(pa.array(place))


def _known(values: Integers, listens: Integers) -> pa.Array:
    """Return values, null where nobody listened: what is not counted is not known."""
    return pa.array(values, mask=listens == 0)


def _words(indexes: npt.NDArray[Any], values: Sequence[str | None]) -> pa.DictionaryArray:
    """Return a column of words from indexes into `values`, of which the first may be none."""
    first = int(values[0] is None)
    rows = pa.array(indexes - first, pa.int32(), mask=indexes < first)
    return pa.DictionaryArray.from_arrays(rows, pa.array(values[first:], pa.string()))


def _same(word: str, count: int) -> pa.DictionaryArray:
    return _words(np.zeros(count, int), (word,))


def _filled(schema: pa.Schema, columns: Mapping[str, Any]) -> pa.Table:
    """Return a table of a schema, with null in every column that is not given."""
    rows = len(next(iter(columns.values())))
    arrays = []
    for field in schema:
        given = columns.get(field.name)
        if given is None:
            arrays.append(pa.nulls(rows, field.type))
        else:
            column = given if isinstance(given, pa.Array | pa.ChunkedArray) else pa.array(given)
            arrays.append(column if column.type == field.type else column.cast(field.type))
    return pa.table(arrays, schema=schema)
