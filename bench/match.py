"""Matching lists with the catalogue: lines a second, and how many matches are right.

Lines a second are measured over a synthetic catalogue, with lines made of its cards as people write
them: the mix is `_MIX`, popular recordings come as often as they are heard. `SEARCH_ROWS` takes
another number of tracks than a million (ten million at full scale). Every row is invented.

Precision is measured over labelled pairs of real rows (`match_pairs`), a part of which mean nothing
that the catalogue has; it is the share of all matches that are right. `MATCH_SEED` draws others
than those that are stored. The pairs were at hand when the steps were made: figures of other seeds
are the fairer ones.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from bench.catalogue_material import Material
from bench.lookup import rows_of, table_bytes
from bench.match_pairs import SAME_RULES, Pair, World, draw, line_of, meaning_of, read_pairs
from bench.match_songs import build_catalogue, data_folder, real_songs
from bench.rows import Row, Sense
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.match.entry import Entry, Said, entry_of
from phonotheque.catalogue.match.index import MatchIndex
from phonotheque.catalogue.match.matching import Match, Matcher, match_all
from phonotheque.catalogue.search.layout import SPELLING
from phonotheque.catalogue.search.vocabulary import Vocabulary

LEAST_LINES = 2_000
LEAST_PRECISION = 0.98
MOST_CPU_S_PER_MILLION = 12
MOST_BYTES_PER_ROW = 16
LINES = 10_000
_SEED = 20260101
_TIMES = 3


def rows(scale: str) -> Iterator[Row]:
    """Measure the making, the speed, and whether matches are right."""
    material = Material(rows_of(scale))
    yield from _making(material)
    yield from _speed(material)
    yield from _precision()


def _making(material: Material) -> Iterator[Row]:
    path, cost = material.match(), material.cost("match")
    name = f"match file of {material.rows:,} synthetic tracks"
    cpu = cost["match_cpu_s"] * 1e6 / material.rows if cost else None
    yield Row(name, cpu, "CPU-s/M", MOST_CPU_S_PER_MILLION, sense=Sense.AT_MOST)
    size = path.stat().st_size / material.rows
    yield Row("  bytes of a track", size, "B", MOST_BYTES_PER_ROW, sense=Sense.AT_MOST)
    for table, of_table in sorted(table_bytes(path).items(), key=lambda one: -one[1])[:3]:
        yield Row(f"    {table}", of_table / material.rows, "B")
    yield Row("  peak memory", cost["match_peak_bytes"] / 1e9 if cost else None, "GB")


# -- lines a second ------------------------------------------------------------------------------

_Change = Callable[[Card, random.Random], tuple[str, str]]
_MIX: dict[str, tuple[float, _Change]] = {
    "as it is": (0.55, lambda card, _: (card.credit or "", card.title)),
    "track number": (0.05, lambda card, _: (card.credit or "", f"07 - {card.title}")),
    "edition": (0.08, lambda card, _: (card.credit or "", f"{card.title} - 2011 Remaster")),
    "article": (0.04, lambda card, _: (f"The {card.credit}", card.title)),
    "guest": (0.04, lambda card, _: (card.credit or "", f"{card.title} (feat. A Guest)")),
    "first artist": (0.04, lambda card, _: (f"{card.credit}, Some Other", card.title)),
    "slip in name": (0.03, lambda card, chance: (_slip(card.credit or "", chance), card.title)),
    "slip in title": (0.04, lambda card, chance: (card.credit or "", _slip(card.title, chance))),
    "title not known": (0.07, lambda card, _: (card.credit or "", f"{card.title} Nowhere Heard")),
    "nothing known": (0.06, lambda card, _: (f"Qz {card.credit}"[::-1], f"Zq {card.title}"[::-1])),
}
_LACKED = ("title not known", "nothing known")
_WITH_LENGTH = 0.7


def _slip(text: str, chance: random.Random) -> str:
    if len(text) < 6:
        return text
    at = chance.randrange(1, len(text) - 1)
    return text[:at] + text[at + 1 :]


def _lines(lookup: Lookup, rows: int) -> list[tuple[str, Card, Entry]]:
    """Make lines of cards, popular ones more often: by the logarithm of their ranks."""
    chance = random.Random(_SEED)
    cards = lookup.cards_at(Kind.RECORDING, (int(rows ** chance.random()) for _ in range(LINES)))
    chance.shuffle(cards)
    names = chance.choices(list(_MIX), [share for share, _ in _MIX.values()], k=len(cards))
    lines = []
    for number, (name, card) in enumerate(zip(names, cards, strict=True)):
        artist, title = _MIX[name][1](card, chance)
        length = card.length if chance.random() < _WITH_LENGTH else None
        lines.append((name, card, entry_of(number, Said(artist, title, length_ms=length))))
    return lines


def _speed(material: Material) -> Iterator[Row]:
    with (
        Lookup(material.lookup()) as lookup,
        closing(MatchIndex(material.match())) as index,
        closing(Vocabulary(material.search() / SPELLING)) as words,
    ):
        lines = _lines(lookup, material.rows)
        entries = [entry for _, _, entry in lines]
        taken, matches = float("inf"), []
        for _ in range(_TIMES):
            matcher = Matcher(lookup, index, lambda word: words.rows_of(word) > 0)
            before = time.process_time()
            matches = _matched(matcher, entries)
            taken = min(taken, time.process_time() - before)
        name = f"lines matched with {material.rows:,} tracks"
        yield Row(name, len(lines) / taken, "lines/CPU-s", LEAST_LINES)
        yield from _by_kind_of_line(lines, matches)


def _matched(matcher: Matcher, entries: Iterable[Entry]) -> list[Match]:
    return [match for some in match_all(matcher, entries) for match in some]


def _by_kind_of_line(
    lines: Sequence[tuple[str, Card, Entry]], matches: Sequence[Match]
) -> Iterator[Row]:
    asked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for (name, card, _), match in zip(lines, matches, strict=True):
        asked[name] += 1
        if match.card is None:
            right[name] += name in _LACKED
        elif name not in _LACKED:
            found = meaning_of(match.card.credit or "", match.card.title)
            right[name] += found == meaning_of(card.credit or "", card.title)
    for name in _MIX:
        yield Row(f"    {name}: answered rightly", right[name] / max(asked[name], 1), "share")


# -- whether matches are right -------------------------------------------------------------------


def _precision() -> Iterator[Row]:
    folder = data_folder()
    if folder is None:
        yield Row("precision over labelled pairs", None, "share", LEAST_PRECISION)
        return
    world, seed = World(real_songs(folder)), os.environ.get("MATCH_SEED")
    pairs = draw(world, int(seed)) if seed else read_pairs()
    with tempfile.TemporaryDirectory(prefix="phonotheque-match-") as scratch:
        matches = match_pairs(Path(scratch), world, pairs)
    verdicts = [is_right(pair, world, match) for pair, match in zip(pairs, matches, strict=True)]
    matched = sum(one is not None for one in verdicts)
    near_misses = sum(not pair.is_same for pair in pairs)
    name = f"precision: {len(pairs)} labelled pairs, {near_misses} near misses"
    yield Row(name, verdicts.count(True) / max(matched, 1), "share", LEAST_PRECISION)
    same = [one for pair, one in zip(pairs, verdicts, strict=True) if pair.is_same]
    yield Row("  matched of those that mean something", same.count(True) / len(same), "share")
    yield from _by_step(matches, verdicts)
    yield from _by_rule(pairs, verdicts)


def _by_step(matches: Sequence[Match], verdicts: Sequence[bool | None]) -> Iterator[Row]:
    steps = Counter(match.step for match in matches if match.step)
    right = Counter(
        match.step for match, one in zip(matches, verdicts, strict=True) if one and match.step
    )
    for step, count in steps.most_common():
        name = f"    step {step}: precision {right[step] / count:.3f}, share of lines"
        yield Row(name, count / len(matches), "share")


def _by_rule(pairs: Sequence[Pair], verdicts: Sequence[bool | None]) -> Iterator[Row]:
    for rule in dict.fromkeys(pair.rule for pair in pairs):
        mine = [one for pair, one in zip(pairs, verdicts, strict=True) if pair.rule == rule]
        if rule in SAME_RULES:
            yield Row(f"    {rule}: matched", mine.count(True) / len(mine), "share")
        else:
            yield Row(f"    {rule}: wrongly matched", mine.count(False) / len(mine), "share")


def match_pairs(folder: Path, world: World, pairs: Sequence[Pair]) -> list[Match]:
    """Build a catalogue of the songs in a folder, and match the lines of pairs with it."""
    snapshot = build_catalogue(folder, world.without(pairs))
    lines = [line_of(pair, world) or Said() for pair in pairs]
    entries = [entry_of(number, said) for number, said in enumerate(lines, start=1)]
    with (
        Lookup(snapshot.ids) as lookup,
        closing(MatchIndex(snapshot.match)) as index,
        closing(Vocabulary(snapshot.search(Kind.RECORDING) / SPELLING)) as words,
    ):
        matcher = Matcher(lookup, index, lambda word: words.rows_of(word) > 0)
        return _matched(matcher, entries)


def is_right(pair: Pair, world: World, match: Match) -> bool | None:
    """Return whether a match is the one that is meant; None when there is no match."""
    if match.card is None:
        return None
    song = world.by_id[pair.song]
    found = meaning_of(match.card.credit or "", match.card.title)
    return pair.is_same and found == meaning_of(song.artist, song.title)
