"""One index file: an FTS5 table whose row numbers are ranks, so that answers come in rank order.

The index has no copy of the text (`content=''`), no sizes and no places within a row
(`detail=none`): a list of ranks for each token, and lists for the first 2 and 3 letters.

The tokenizer is `ascii`: it splits at ASCII signs alone and takes all other characters for letters.
The text is folded already, with spaces between words, so this finds exactly our words. `unicode61`
was rejected: it splits and folds by the Unicode tables of the SQLite that happens to run, and where
those differ from ours rows would be lost without a word.

Source: sqlite.org/fts5.html, sections 4.4 to 4.6, 6.
"""

from __future__ import annotations

TABLE = "tokens"

COUNTS = f"""
create virtual table temp.counts using fts5vocab('main', '{TABLE}', 'row')
"""
"""A view of how many rows each token is in: columns `term` and `doc`."""
