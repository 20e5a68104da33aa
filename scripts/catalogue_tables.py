"""`docs/reference/catalogue-tables.md`, made from the tables themselves."""

from __future__ import annotations

from phonotheque.catalogue.gids import NAMESPACE
from phonotheque.catalogue.tables import TABLES, Column, Form, Table, snapshot_columns

_FORMS = {
    Form.TEXT: "text",
    Form.WORD: "text, few values",
    Form.NUMBER: "integer, 64 bits",
    Form.SMALL: "integer, 32 bits",
    Form.FLAG: "true or false",
    Form.REAL: "number, 64 bits",
    Form.UUID: "16 bytes",
    Form.DIGEST: "32 bytes",
}

_HEAD = f"""# Tables of the catalogue

What stands in `tables/` of a [snapshot](catalogue-snapshot.md), and in every dump. Names are \
MusicBrainz's, in snake_case; counts are named as ListenBrainz names them. Lengths are in ms. \
Dates are ISO text of 4, 7 or 10 characters. What is unknown is null, never 0.

A gid is not stored: it is the `mbid` where there is one, else a UUID of version 5 \
([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562#section-5.5)) in the namespace `{NAMESPACE}`, \
made of `<source>/<table>/<source_id>`; where `source_id` is null it is `key` in decimal.
"""


def tables_page(made: str) -> str:
    """Return the page; `made` is the comment that says so."""
    return "\n".join([made + _HEAD, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    rows = [_row(column) for column in snapshot_columns(table.name)]
    head = "| column | form | what it is |\n|---|---|---|"
    return f"## {table.name}\n\n{table.meaning}\n\n{head}\n" + "\n".join(rows) + "\n"


def _row(column: Column) -> str:
    form = f"id of [{column.refers}](#{column.refers})" if column.refers else _FORMS[column.form]
    return f"| `{column.name}` | {form} | {column.meaning} |"
