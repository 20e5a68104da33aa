"""What a folder of search files says of itself: `search.json`, written last.

Laws: a folder with a `search.json` is whole; the sizes in it tell a file that was cut. The names
and numbers in it (commonest words, licences, countries, genres) are what the tokens in the rows
mean, so rows and queries must use the same ones.
"""

from __future__ import annotations

import math
import unicodedata
from pathlib import Path

import msgspec

from phonotheque.catalogue.search.tokens import LEAST_WHOLES, MOST_WHOLES
from phonotheque.errors import FormatTooNewError, MalformedError

FORMAT = 1
FILE = "search.json"
SPELLING = "spell.db"
_TODO = "Build the catalogue again."

_EXACT_LEVELS = 100
_STEP = math.log(1.01)


class Tier(msgspec.Struct, frozen=True):
    """One index file.

    Attributes:
        first: Rank of its first row.
        rows: How many ranks it holds, without gaps.
    """

    file: str
    first: int
    rows: int
    size_bytes: int


class Numbers(msgspec.Struct, frozen=True):
    """What the numbers in tokens stand for: place in the tuple, the commonest first.

    Attributes:
        head_words: Folded words that have pair tokens.
        genres_left_out: Genres that have no number, being too many: they cannot be asked for.
        wholes: How many tokens there are for whole titles and credits.
    """

    head_words: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    genres_left_out: int = 0
    wholes: int = LEAST_WHOLES


class Layout(msgspec.Struct, frozen=True):
    """All of `search.json`.

    Attributes:
        rows: Rows in all tiers; their ranks are 1 to `rows`.
        words: Different tokens whose rows are counted in the spelling file.
        levels: (level, rows at this level or above), falling: where a new row belongs.
        unicode: Version of the character tables that rows were folded with.
    """

    rows: int
    words: int
    tiers: tuple[Tier, ...]
    spelling_bytes: int
    numbers: Numbers
    levels: tuple[tuple[int, int], ...] = ()
    unicode: str = unicodedata.unidata_version
    format: int = FORMAT

    def place_of(self, listens: int | None) -> int:
        """Return after how many rows a row with so many listens belongs, to 1 % of listens."""
        if listens is None:
            return self.rows
        level = level_of(listens)
        return max((rows for at, rows in self.levels if at >= level), default=0)


def level_of(listens: int) -> int:
    """Return the level of a number of listens: the number itself below 100, then steps of 1 %."""
    if listens < _EXACT_LEVELS:
        return max(listens, 0)
    return _EXACT_LEVELS + int(math.log(listens / _EXACT_LEVELS) / _STEP)


def read_layout(folder: Path) -> Layout:
    """Read `search.json` and compare the sizes of the files that it names.

    Raises:
        MalformedError: It or a file that it names is missing, was cut, or is none of ours.
        FormatTooNewError: A later Phonotheque wrote it.
    """
    path = folder / FILE
    try:
        data = path.read_bytes()
        version = msgspec.json.decode(data, type=_Version).format
        if version > FORMAT:
            raise FormatTooNewError(str(path), f"has format {version}", "Upgrade Phonotheque.")
        layout = msgspec.json.decode(data, type=Layout)
    except OSError as error:
        raise MalformedError(str(path), "cannot be read", _TODO) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedError(str(path), f"is no search.json ({error})", _TODO) from error
    if not 1 <= layout.numbers.wholes <= MOST_WHOLES:
        raise MalformedError(str(path), f"has {layout.numbers.wholes:,} wholes", _TODO)
    _compare(folder / SPELLING, layout.spelling_bytes)
    for tier in layout.tiers:
        _compare(folder / tier.file, tier.size_bytes)
    return layout


def write_layout(folder: Path, layout: Layout) -> None:
    """Write `search.json`; the caller makes it durable."""
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(layout), indent=1))


class _Version(msgspec.Struct):
    format: int


def _compare(path: Path, size_bytes: int) -> None:
    if not path.is_file():
        raise MalformedError(str(path), "is missing", _TODO)
    found = path.stat().st_size
    if found != size_bytes:
        raise MalformedError(str(path), f"has {found:,} bytes, not {size_bytes:,}", _TODO)
