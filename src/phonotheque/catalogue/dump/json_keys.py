"""What a line of JSON says of an entity: each key, what it is made of, and what it means.

The keys are MusicBrainz's, as its own JSON has them, credits nested and tracks within media. What
MusicBrainz has no key for (`number`, `source`, `rights`, `popularity`, `identifiers`, `files`) is
named after our tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from phonotheque.catalogue.database import quoted
from phonotheque.catalogue.gids import NAMESPACE, own_id

RANGE = "BETWEEN $low AND $high"
"""Filled in with the ids that are written at once."""


@dataclass(frozen=True, slots=True)
class JsonKey:
    """One key: what it is made of, and what it means."""

    name: str
    made_of: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one kind of entity.

    Attributes:
        table: Table of the entities.
        rows: What they are made from, by SQL: the entity is `e`.
    """

    table: str
    meaning: str
    keys: tuple[JsonKey, ...]
    rows: str

    @property
    def query(self) -> str:
        """SQL for the lines of a range of ids, in order of id."""
        made = struct((one.name, one.made_of) for one in self.keys)
        return f"SELECT to_json({made})::VARCHAR || chr(10) AS line FROM {self.rows} ORDER BY e.id"


def struct(members: Iterable[tuple[str, str]]) -> str:
    """Return DuckDB's words for a struct: name and value of each member."""
    return "{" + ", ".join(f"{quoted(name)}: {value}" for name, value in members) + "}"


def macros(source: str) -> tuple[str, ...]:
    """Return the statements that make `gid(entity, mbid, source_id, key)` for a source.

    Source: RFC 9562, sections 5.5 (version 5) and 4.1 (variant).
    """
    name = f"encode({quoted(source + '/')} || entity || '/' || {own_id()})"
    blob = "".join(f"\\x{byte:02X}" for byte in NAMESPACE.bytes)
    hyphens = (
        "substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-' || substr(h, 13, 4) || '-' || "
        "substr(h, 17, 4) || '-' || substr(h, 21, 12)"
    )
    version_5 = (
        "substr(h, 1, 12) || '5' || substr(h, 14, 3) || "
        "substr('89ab', (instr('0123456789abcdef', substr(h, 17, 1)) - 1) % 4 + 1, 1) || "
        "substr(h, 18, 15)"
    )
    gid = (
        "with_hyphens(CASE WHEN mbid IS NOT NULL THEN lower(hex(mbid)) "
        f"ELSE version_5(sha1('{blob}'::BLOB || {name})) END)"
    )
    return (
        f"CREATE OR REPLACE MACRO with_hyphens(h) AS {hyphens}",
        f"CREATE OR REPLACE MACRO version_5(h) AS {version_5}",
        f"CREATE OR REPLACE MACRO gid(entity, mbid, source_id, key) AS {gid}",
    )


def _gid(table: str, row: str) -> str:
    return f"gid('{table}', {row}.mbid, {row}.source_id, {row}.key)"


CREDITS = (
    "CREATE OR REPLACE TEMP TABLE credit AS SELECT n.artist_credit AS id, list("
    + struct(
        (
            ("name", "coalesce(n.name, a.name)"),
            ("joinphrase", "coalesce(n.join_phrase, '')"),
            ("artist", struct((("id", _gid("artist", "a")), ("name", "a.name")))),
        )
    )
    + " ORDER BY n.position) AS names FROM artist_credit_name n "
    "LEFT JOIN artist a ON a.id = n.artist GROUP BY n.artist_credit ORDER BY n.artist_credit"
)
"""Makes the nested form of every credit, once."""


def _about(table: str, kind: str, members: Iterable[str]) -> str:
    """SQL for the list of what a table says about entities of a range, as `about_<table>.said`."""
    named = [(name, f'"{name}"') for name in members]
    order = ", ".join(column for _, column in named)
    return (
        f"LEFT JOIN (SELECT entity AS id, list({struct(named)} ORDER BY {order}) AS said "
        f"FROM {table} WHERE entity_type = '{kind}' AND entity {RANGE} GROUP BY entity) "
        f"about_{table} ON about_{table}.id = e.id "
    )


def _said(kind: str) -> str:
    counts = ("measure", "period", "total_listen_count", "total_user_count", "rating", "as_of")
    return (
        _about("rights", kind, ("licence", "raw"))
        + _about("popularity", kind, counts)
        + _about("external_id", kind, ("scheme", "value"))
        + _about("tag", kind, ("name", "count", "kind"))
    )


_SAID = (
    JsonKey(
        "tags",
        "about_tag.said",
        "Words that somebody put on it; `kind` is genre, style, mood or other.",
    ),
    JsonKey(
        "rights",
        "about_rights.said",
        "Licences that the source states, and the text it states them by.",
    ),
    JsonKey("popularity", "about_popularity.said", "Counts, as the source counted."),
    JsonKey("identifiers", "about_external_id.said", "What others call it."),
    JsonKey(
        "number", "e.id", "Dense number within the epoch: `id` in the other forms of the dump."
    ),
    JsonKey("source", "s.name", "The source that says all this; its terms stand in `dump.json`."),
)
_DISAMBIGUATION = JsonKey("disambiguation", "e.disambiguation", "What tells it from its namesakes.")


def _id(table: str) -> JsonKey:
    return JsonKey("id", _gid(table, "e"), "Its gid: an MBID, or made of source and source id.")


_CREDIT = JsonKey("artist-credit", "c.names", "Who is named: name, joinphrase, artist.")

_ENTITY = "(SELECT * FROM {0} WHERE id " + RANGE + ") e JOIN sources s ON s.id = e.source "

_FILES = (
    "LEFT JOIN (SELECT recording AS id, list("
    + struct(
        (
            ("sha256", "lower(hex(sha256))"),
            *((n, n) for n in ("address", "codec", "size_bytes", "length", "state", "is_free")),
        )
    )
    + f" ORDER BY hex(sha256), address) AS files FROM file WHERE recording {RANGE} "
    "GROUP BY recording) f ON f.id = e.id "
)

_TRACK = struct(
    (
        ("position", "t.position"),
        ("number", "coalesce(t.number, t.position::VARCHAR)"),
        ("title", "coalesce(t.title, r.title)"),
        ("length", "coalesce(t.length, r.length)"),
        ("artist-credit", "coalesce(o.names, k.names)"),
        (
            "recording",
            struct((("id", _gid("recording", "r")), ("title", "r.title"), ("length", "r.length"))),
        ),
    )
)

_MEDIA = (
    "LEFT JOIN (SELECT m.id, list("
    + struct(
        (
            ("position", "m.position"),
            ("format", "d.format"),
            ("title", "d.title"),
            ("track-count", "len(m.tracks)"),
            ("tracks", "m.tracks"),
        )
    )
    + " ORDER BY m.position) AS media FROM (SELECT t.release AS id, "
    f"coalesce(t.medium_position, 1) AS position, list({_TRACK} ORDER BY t.position, t.recording) "
    f"AS tracks FROM (SELECT * FROM track WHERE release {RANGE}) t "
    "LEFT JOIN recording r ON r.id = t.recording LEFT JOIN credit o ON o.id = t.artist_credit "
    "LEFT JOIN credit k ON k.id = r.artist_credit GROUP BY 1, 2) m "
    f"LEFT JOIN (SELECT * FROM medium WHERE release {RANGE}) d "
    "ON d.release = m.id AND d.position = m.position GROUP BY m.id) d ON d.id = e.id "
)

_LABELS = (
    "LEFT JOIN (SELECT n.release AS id, list("
    + struct(
        (
            ("catalog-number", "n.catalog_number"),
            ("label", struct((("id", _gid("label", "b")), ("name", "b.name")))),
        )
    )
    + f" ORDER BY n.catalog_number, n.label) AS labels FROM release_label n "
    f"LEFT JOIN label b ON b.id = n.label WHERE n.release {RANGE} GROUP BY n.release) "
    "l ON l.id = e.id "
)

LINES = (
    Lines(
        "recording",
        "Recordings.",
        (
            _id("recording"),
            JsonKey("title", "e.title", "Title."),
            _CREDIT,
            JsonKey("length", "e.length", "Length in ms."),
            JsonKey("first-release-date", "e.first_release_date", "Date of its earliest release."),
            JsonKey("isrcs", "i.isrcs", "Its ISRCs."),
            JsonKey("language", "e.language", "ISO 639-3 code of its words."),
            JsonKey("explicit", "e.explicit", "Whether its words are marked as explicit."),
            _DISAMBIGUATION,
            JsonKey("files", "f.files", "Files that hold it."),
            *_SAID,
        ),
        _ENTITY.format("recording")
        + "LEFT JOIN credit c ON c.id = e.artist_credit LEFT JOIN (SELECT recording AS id, "
        f"list(isrc ORDER BY isrc) AS isrcs FROM isrc WHERE recording {RANGE} GROUP BY 1) i "
        "ON i.id = e.id " + _FILES + _said("recording"),
    ),
    Lines(
        "release",
        "Releases, with their tracks.",
        (
            _id("release"),
            JsonKey("title", "e.title", "Title."),
            _CREDIT,
            JsonKey(
                "release-group",
                struct(
                    (
                        ("id", _gid("release_group", "g")),
                        ("title", "g.title"),
                        ("primary-type", "g.primary_type"),
                        ("secondary-types", "string_split(g.secondary_types, '; ')"),
                        ("first-release-date", "g.first_release_date"),
                    )
                ),
                "What it is an edition of.",
            ),
            JsonKey("date", "e.date", "When it was issued."),
            JsonKey("country", "e.country", "ISO 3166-1 code of the country where it was issued."),
            JsonKey("status", "e.status", "Official, Promotion, Bootleg ..."),
            JsonKey("barcode", "e.barcode", "GTIN-14 where it is one, else as written."),
            JsonKey(
                "text-representation",
                struct((("language", "e.language"), ("script", "e.script"))),
                "ISO 639-3 and ISO 15924 codes of its titles.",
            ),
            JsonKey("label-info", "l.labels", "Labels that issued it, and the numbers they gave."),
            JsonKey(
                "media", "d.media", "Its discs, sides or file sets, with their tracks in order."
            ),
            _DISAMBIGUATION,
            *_SAID,
        ),
        _ENTITY.format("release") + "LEFT JOIN credit c ON c.id = e.artist_credit "
        "LEFT JOIN release_group g ON g.id = e.release_group "
        + _LABELS
        + _MEDIA
        + _said("release"),
    ),
    Lines(
        "release_group",
        "Release groups.",
        (
            _id("release_group"),
            JsonKey("title", "e.title", "Title."),
            _CREDIT,
            JsonKey("primary-type", "e.primary_type", "Album, Single, EP, Broadcast or Other."),
            JsonKey("secondary-types", "string_split(e.secondary_types, '; ')", "Live, Remix ..."),
            JsonKey("first-release-date", "e.first_release_date", "Date of its earliest release."),
            _DISAMBIGUATION,
            *_SAID,
        ),
        _ENTITY.format("release_group")
        + "LEFT JOIN credit c ON c.id = e.artist_credit "
        + _said("release_group"),
    ),
    Lines(
        "artist",
        "Artists.",
        (
            _id("artist"),
            JsonKey("name", "e.name", "Name."),
            JsonKey("sort-name", "e.sort_name", "Name as it is sorted."),
            JsonKey("type", "e.type", "Person, Group, Orchestra, Choir, Character or Other."),
            JsonKey("area", "e.area", "ISO 3166-1 code of a country, or a name of a place."),
            JsonKey(
                "life-span",
                struct((("begin", "e.begin_date"), ("end", "e.end_date"))),
                "Born or founded; died or dissolved.",
            ),
            _DISAMBIGUATION,
            *_SAID,
        ),
        _ENTITY.format("artist") + _said("artist"),
    ),
    Lines(
        "label",
        "Labels.",
        (
            _id("label"),
            JsonKey("name", "e.name", "Name."),
            JsonKey("area", "e.area", "ISO 3166-1 code of a country, or a name of a place."),
            _DISAMBIGUATION,
            *_SAID,
        ),
        _ENTITY.format("label") + _said("label"),
    ),
)
"""Every kind of entity that has lines."""
