"""Artists' names that are nearly one: which are compared, and which of those are near.

Laws: of two names within bounds that differ by one letter put in, taken out, changed or swapped
with the next, no matter where, none is missed: they have a text in common, the name itself or the
name without one of its letters. Numbers and single letters must be equal. Work and memory grow with
the letters of all names: what more than `MOST_ALIKE` names have in common is looked at by nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from phonotheque.catalogue.bulk import PartWriter, fresh_folder
from phonotheque.catalogue.database import rows_of, view_of_folder
from phonotheque.catalogue.match.nearness import numbers_in
from phonotheque.music.folding import fold

ALIKE = 0.93
"""Share of the letters of two names that must stand in both, in order; a swap counts as one letter
that does not."""
SHORTEST_NAME = 6
"""Letters; shorter names must be equal, written in one script's plain letters: Aya is not Ava."""
_LONGEST_NAME = 100
"""Letters; longer names must be equal, too: a name costs the square of its length."""
MOST_ALIKE = 20
"""Names of which more are equal but for one letter are told apart by it, as in a numbered row."""
USUAL = 10
"""A word that stands in so many names is no slip: Paul is not Paula."""

_ARTICLES = frozenset({"the", "a", "an"})
_AND = frozenset({"and", "und", "et", "y", "e"})
_NAMES = pa.schema([(name, pa.string()) for name in ("one", "other", "text", "other_text")])
_NEAR = pa.schema([(name, pa.string()) for name in ("one", "other", "word", "other_word")])

_LETTERS = f"""
    CREATE TEMP TABLE name AS SELECT row_number() OVER () AS id, letters, text FROM (
        SELECT replace(key, ' ', '') AS letters, min(key) AS text FROM name_of
        GROUP BY letters HAVING length(letters) BETWEEN {SHORTEST_NAME} AND {_LONGEST_NAME})"""

_SHORTENED = """
    SELECT id, hash(CASE place WHEN 0 THEN letters
        ELSE left(letters, place - 1) || substr(letters, place + 1) END) AS block
    FROM (SELECT id, letters, unnest(range(0, length(letters) + 1)) AS place FROM name)
    WHERE place < 2 OR substr(letters, place, 1) <> substr(letters, place - 1, 1)"""
"""Of equal letters side by side the first goes: without another of them the text is the same, and
a name would count twice."""

_BLOCKS = f"""
    CREATE TEMP TABLE block AS SELECT block FROM ({_SHORTENED})
    GROUP BY block HAVING count(*) BETWEEN 2 AND {MOST_ALIKE}"""

_MEMBERS = f"CREATE TEMP TABLE member AS FROM ({_SHORTENED}) SEMI JOIN block USING (block)"

_COMPARED = """
    SELECT a.letters AS one, b.letters AS other, a.text, b.text AS other_text
    FROM (SELECT DISTINCT x.id AS one, y.id AS other
        FROM member x JOIN member y ON x.block = y.block AND x.id < y.id) p
    JOIN name a ON a.id = p.one JOIN name b ON b.id = p.other"""

_USUAL_WORDS = f"""
    SELECT word FROM (SELECT unnest(string_split(text, ' ')) AS word FROM name)
    GROUP BY word HAVING count(*) >= {USUAL}"""

_TOLD = f"""
    CREATE VIEW near_name AS WITH usual AS MATERIALIZED ({_USUAL_WORDS})
    SELECT one, other FROM near_pair WHERE NOT (word <> '' AND other_word <> ''
        AND word IN (FROM usual) AND other_word IN (FROM usual))"""


def name_key(name: str) -> str:
    """Return the folded words of a name, without its first article and "and" if enough is left."""
    words = fold(name).split()
    told = words[words[0] in _ARTICLES :] if words else words
    told = [word for word in told if word not in _AND]
    return " ".join(told if sum(map(len, told)) >= SHORTEST_NAME else words)


def map_near_names(db: duckdb.DuckDBPyConnection, work: Path) -> None:
    """Make a view `near_name` (one, other): each two names that are near and not equal, once.

    Names are keys of `name_of` (text, key), which `name_key` made, without their spaces.
    """
    for step in (_LETTERS, _BLOCKS, _MEMBERS):
        db.execute(step)
    folder = fresh_folder(work / "near_pair")
    writer = PartWriter(folder)
    for compared in rows_of(db, _COMPARED, _NAMES):
        writer.write(near(compared))
    writer.close()
    view_of_folder(db, "near_pair", folder, _NEAR)
    db.execute(_TOLD)


def near(compared: pa.Table) -> pa.Table:
    """Return which of some pairs are near, with the words in which they differ.

    Args:
        compared: Two names without their spaces (`one`, `other`), and with them.

    Returns:
        The names, and `word` and `other_word`, empty where more than one word differs.
    """
    ones, others = (compared[name].to_pylist() for name in ("one", "other"))
    # As a swap counts once here and twice there, this is the least that may be near.
    least = 100 * (2 * ALIKE - 1)
    shares = process.cpdist(ones, others, scorer=fuzz.ratio, score_cutoff=least)
    places = np.flatnonzero(shares)
    rows = []
    for share, pair in zip(shares[places], compared.take(places).to_pylist(), strict=True):
        one, other = pair["one"], pair["other"]
        if share < 100 * ALIKE and not _is_swapped(one, other):
            continue
        words, other_words = pair["text"].split(), pair["other_text"].split()
        if numbers_in(words) == numbers_in(other_words):
            rows.append((one, other, *_differing(words, other_words)))
    columns = [pa.array((row[n] for row in rows), pa.string()) for n in range(len(_NEAR))]
    return pa.Table.from_arrays(columns, schema=_NEAR)


def _differing(words: Sequence[str], others: Sequence[str]) -> tuple[str, str]:
    """Return the one word that each has and the other has not; nothing where they have more."""
    mine = [*(Counter(words) - Counter(others))]
    theirs = [*(Counter(others) - Counter(words))]
    return (mine[0], theirs[0]) if len(mine) == len(theirs) == 1 else ("", "")


def _is_swapped(one: str, other: str) -> bool:
    """Whether two letters that stand side by side are swapped, and nothing else is different."""
    return OSA.distance(one, other, score_cutoff=1) == 1 and sorted(one) == sorted(other)
