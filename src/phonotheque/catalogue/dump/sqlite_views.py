"""The views of the SQLite file: what people ask for, in words.

Every column of a view is documented here, beside what it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.catalogue.dump.isrcs import unpack_in_sqlite


@dataclass(frozen=True, slots=True)
class Shown:
    """One column of a view: what it is made of, and what it means."""

    name: str
    made_of: str
    meaning: str


@dataclass(frozen=True, slots=True)
class View:
    """A view, with every column documented."""

    name: str
    meaning: str
    columns: tuple[Shown, ...]
    rows: str

    @property
    def statement(self) -> str:
        """The statement that makes it."""
        columns = ", ".join(f'{one.made_of} AS "{one.name}"' for one in self.columns)
        return f'CREATE VIEW "{self.name}" AS SELECT {columns} FROM {self.rows}'


def _word(column: str) -> str:
    return f"(SELECT text FROM word WHERE id = {column})"


def _uuid(column: str) -> str:
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    text = " || '-' || ".join(f"substr(lower(hex({column})), {at}, {n})" for at, n in parts)
    return f"CASE WHEN {column} IS NOT NULL THEN {text} END"


def _isrc(column: str) -> str:
    return f"CASE typeof({column}) WHEN 'integer' THEN {unpack_in_sqlite(column)} ELSE {column} END"


def _barcode(column: str) -> str:
    return f"CASE typeof({column}) WHEN 'integer' THEN printf('%014d', {column}) ELSE {column} END"


def _year(date: str) -> str:
    return f"coalesce(c.year, CAST(substr({date}, 1, 4) AS INTEGER))"


_ID = Shown("id", "c.id", "Dense number within the epoch.")
_MBID = Shown("mbid", _uuid("e.mbid"), "MusicBrainz identifier, when it is known.")
_SOURCE = Shown("source", "s.name", "Name of the source that says so.")
_SHOWN = (
    Shown("country", _word("c.country"), "ISO 3166-1 code of a country."),
    Shown("licence", _word("c.licence"), "Address of the licence of the music; null: unknown."),
    Shown("is_held", "c.is_held", "1: the archive that made this dump has it."),
    Shown("is_free", "c.is_free", "1: everybody may copy the music unchanged."),
    Shown("genres", "c.genres", "Genres, the most often named first."),
    Shown("score", "c.score", "Popularity, 0 to 100; null: unknown."),
    Shown("listens", "c.listens", "What all counts are worth, in listens; null: unknown."),
    Shown("source", "s.name", "Source of the row that speaks for it; its terms: table `source`."),
)


def _about(table: str) -> tuple[Shown, Shown]:
    return (
        Shown("entity_type", _word("e.entity_type"), f"Table of what the {table} is about."),
        Shown("entity", "e.entity", "Its id there."),
    )


_SAID = " e LEFT JOIN source s ON s.id = e.source"

VIEWS = (
    View(
        "recordings",
        "Recordings, one row each, as a list shows them.",
        (
            _ID,
            Shown("title", "coalesce(c.title, e.title)", "Title."),
            Shown("artist", "coalesce(c.credit, a.name)", "Who is named for it, as printed."),
            Shown("album", "r.title", "Title of the release that it is first on."),
            Shown("release", "c.release", "Id of that release."),
            Shown("year", _year("e.first_release_date"), "Year of its first release."),
            Shown("length_s", "coalesce(c.length, e.length) / 1000.0", "Length in seconds."),
            Shown("isrc", _isrc("c.isrc"), "Its first ISRC; all are in the view `isrcs`."),
            _MBID,
            *_SHOWN,
        ),
        "recording_card c JOIN recording e ON e.id = c.id "
        "LEFT JOIN artist_credit a ON a.id = e.artist_credit "
        'LEFT JOIN "release" r ON r.id = c.release LEFT JOIN source s ON s.id = e.source',
    ),
    View(
        "releases",
        "Releases, one row each, as a list shows them.",
        (
            _ID,
            Shown("title", "coalesce(c.title, e.title)", "Title."),
            Shown("artist", "coalesce(c.credit, a.name)", "Who is named for it, as printed."),
            Shown("date", "e.date", "When it was issued."),
            Shown("year", _year("e.date"), "Year of its first issue."),
            Shown("status", _word("e.status"), "Official, Promotion, Bootleg ..."),
            Shown("barcode", _barcode("e.barcode"), "GTIN-14 where it is one, else as written."),
            _MBID,
            *_SHOWN,
        ),
        'release_card c JOIN "release" e ON e.id = c.id '
        "LEFT JOIN artist_credit a ON a.id = e.artist_credit "
        "LEFT JOIN source s ON s.id = e.source",
    ),
    *(
        View(
            f"{kind}s",
            f"{kind.title()}s, one row each, as a list shows them.",
            (
                _ID,
                Shown("name", "coalesce(c.title, e.name)", "Name."),
                Shown("disambiguation", "c.credit", "What tells it apart from its namesakes."),
                _MBID,
                *_SHOWN,
            ),
            f"{kind}_card c JOIN {kind} e ON e.id = c.id LEFT JOIN source s ON s.id = e.source",
        )
        for kind in ("artist", "label")
    ),
    View(
        "isrcs",
        "Recordings by ISRC.",
        (
            Shown("recording", "c.recording", "Id of the recording."),
            Shown("isrc", _isrc("c.isrc"), "Its ISRC: 12 characters."),
        ),
        "(SELECT id AS recording, isrc FROM recording_card WHERE isrc IS NOT NULL "
        "UNION ALL SELECT recording, isrc FROM isrc) c",
    ),
    View(
        "tracks",
        "Places of recordings on releases.",
        (
            Shown("release", "t.release", "Id of the release."),
            Shown("album", "r.title", "Its title."),
            Shown("medium_position", "t.medium_position", "Which medium, from 1."),
            Shown("position", "t.position", "Place on the medium, from 1."),
            Shown("number", "coalesce(t.number, t.position)", "Place as it is printed."),
            Shown("title", "coalesce(t.title, e.title)", "Title, as it is printed here."),
            Shown("artist", "coalesce(o.name, a.name)", "Who is named, as it is printed here."),
            Shown("length_s", "coalesce(t.length, e.length) / 1000.0", "Length in seconds."),
            Shown("recording", "t.recording", "Id of the recording."),
            _SOURCE,
        ),
        'track t LEFT JOIN "release" r ON r.id = t.release '
        "LEFT JOIN recording e ON e.id = t.recording "
        "LEFT JOIN artist_credit o ON o.id = t.artist_credit "
        "LEFT JOIN artist_credit a ON a.id = e.artist_credit "
        "LEFT JOIN source s ON s.id = t.source",
    ),
    View(
        "licences_by_source",
        "Which source says that something is under which licence.",
        (
            *_about("licence"),
            Shown("licence", _word("e.licence"), "Address of the licence; null: not understood."),
            Shown("raw", _word("e.raw"), "The licence as the source writes it."),
            _SOURCE,
            Shown("licence_of_data", "s.licence", "Licence of what the source itself says."),
        ),
        f"rights{_SAID}",
    ),
    View(
        "popularity_by_source",
        "How much something was heard, as each source counted it.",
        (
            *_about("count"),
            Shown("measure", _word("e.measure"), "What was counted."),
            Shown("period", _word("e.period"), "When: all, or a year or month."),
            Shown("total_listen_count", "e.total_listen_count", "How often it was heard."),
            Shown("total_user_count", "e.total_user_count", "By how many."),
            Shown("rating", "e.rating", "Mean rating, 0 to 1."),
            _SOURCE,
        ),
        f"popularity{_SAID}",
    ),
    View(
        "identifiers",
        "What others call an entity.",
        (
            *_about("identifier"),
            Shown("scheme", _word("e.scheme"), "Whose identifier."),
            Shown("value", "e.value", "The identifier."),
            _SOURCE,
        ),
        f"external_id{_SAID}",
    ),
    View(
        "files",
        "Files that hold recordings.",
        (
            Shown("recording", "e.recording", "Id of the recording."),
            Shown("sha256", "lower(hex(e.sha256))", "SHA-256 of the file, where it is known."),
            Shown("address", "e.address", "Where the source says it can be had."),
            Shown("codec", _word("e.codec"), "FFmpeg's name of its codec."),
            Shown("size_bytes", "e.size_bytes", "Its length."),
            Shown("state", _word("e.state"), "held, removed, elsewhere ..."),
            Shown("is_free", "e.is_free", "1: this archive may share it with everybody."),
            _SOURCE,
        ),
        f"file{_SAID}",
    ),
    View(
        "redirects",
        "Identifiers that were given up for others.",
        (
            Shown("entity_type", _word("e.entity_type"), "Table of both."),
            Shown("old_gid", _uuid("e.old_gid"), "The identifier that was given up."),
            Shown("new_gid", _uuid("e.new_gid"), "The one that stands for it."),
            _SOURCE,
        ),
        f"gid_redirect{_SAID}",
    ),
    View(
        "tombstones",
        "What was withdrawn, and why.",
        (
            Shown("entity_type", _word("e.entity_type"), "Table that it was in."),
            Shown("gid", _uuid("e.gid"), "Its identifier."),
            Shown("reason", _word("e.reason"), "Why, in a word or two."),
            Shown("public_note", "e.public_note", "What is said about it in public."),
            Shown("decided_at", "e.decided_at", "When it was decided."),
            _SOURCE,
        ),
        f"removal{_SAID}",
    ),
)
"""Every view."""
