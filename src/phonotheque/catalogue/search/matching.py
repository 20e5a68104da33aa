"""Terms to the text of an FTS5 MATCH, in the form that FTS5 answers fast.

Laws: every row that has the terms matches; what matches and has not all of them is told by its
text. Three things make it fast, each measured at 256 million rows:

- Two or more of the 512 commonest words are asked for by their pair tokens: no walk over a list of
  ten million rows.
- The rarest part comes first, and ANDs are nested to the left with an OR between them that never
  holds. FTS5 flattens plain nested ANDs, and then looks into the widest list for every row of the
  rarest: 84 ms instead of 4.5 for three words.
- A beginning of 2 or 3 letters is one list of the prefix index; a longer one an OR of its 256
  commonest words; a single letter no condition, unless there is no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from phonotheque.catalogue.search import tokens
from phonotheque.catalogue.search.layout import Layout
from phonotheque.catalogue.search.terms import Term
from phonotheque.catalogue.search.unspaced import is_unspaced, pairs_of, pieces
from phonotheque.catalogue.search.vocabulary import Vocabulary

PREFIX_LISTS = (2, 3)
LONE_LETTER_COMPLETIONS = 32
"""Words that are searched for when one letter is all that was typed."""
NESTED = 12
"""Parts that are nested; the others, of a question with many words, are the commonest, and few
rows are left for them. FTS5 refuses to parse more than about 40 levels."""
FREQUENT = 40
"""What more than every 40th row has is not asked of rows whose text is compared: they are two of
65,000, looking at one costs 20 µs, and stepping over an entry of a list 20 ns."""
RUN_PAIRS = 8
"""Pairs of a run that are asked for, the rarest: its text is compared anyway."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a MATCH text, and what it costs.

    Attributes:
        rows: In how many rows it is, about.
        lists: Long lists that are gone through side by side for it: of a span of years each.
    """

    match: str
    rows: float
    lists: int = 1


class Matching:
    """Makes MATCH texts for the files of one folder."""

    def __init__(self, layout: Layout, vocabulary: Vocabulary, *, is_small: bool = False) -> None:
        """With `is_small` beginnings of any length are asked for as such: the exact answer, at the
        price of copying all lists of words that begin so."""
        self._rows = max(layout.rows, 1)
        self._vocabulary = vocabulary
        self._is_small = is_small
        self._head_words = layout.numbers.head_words
        self._wholes = layout.numbers.wholes
        self._heads = {word: number for number, word in enumerate(self._head_words)}
        self._head_rows: dict[int, int] = {}

    def parts_of(self, terms: Iterable[Term], parts: Sequence[Part] = ()) -> list[Part]:
        """Return what rows with these terms and parts must have, the rarest first.

        Words that are in no row are asked for all the same: FTS5 finds nothing at once.
        """
        terms = list(terms)
        has_more = len(terms) > 1 or bool(parts)
        found = [*parts, *self._of_heads(terms)]
        paired = self._paired(terms)
        for term in terms:
            if term not in paired:
                found += self._of_term(term, has_more=has_more)
        unique = {part.match: part for part in found}
        return sorted(unique.values(), key=lambda part: part.rows * part.lists)

    def is_frequent(self, part: Part) -> bool:
        """Whether so many rows have it that walking its list costs more than it tells."""
        return part.rows * FREQUENT > self._rows

    def any_of(self, words: Iterable[str]) -> Part:
        """Return the part for rows that have one of these tokens at least."""
        chosen = list(dict.fromkeys(words))
        return Part(any_of(chosen), sum(map(self._vocabulary.rows_of, chosen)))

    def choice_of(self, filters: Sequence[str]) -> Part:
        """Return the part for rows that have one of these tokens of filters at least."""
        return replace(self.any_of(filters), lists=len(filters))

    def whole(self, texts: Sequence[Sequence[str]], *, is_alone: bool) -> Part:
        """Return the part for rows whose whole title or credit may be one of these texts.

        Args:
            is_alone: Whether nothing else narrows the rows down. Then of several texts each is
                asked for together with its last word, because rows of other texts share the token.
                Beside a rare word that would cost thirty times what it spares: for each text FTS5
                goes through both lists from their beginning, instead of where the rare word is.
                To ask for the rare word with each token was tried: half of all questions took
                twice as long.
        """
        each = 2 * self._rows / self._wholes
        named = [(text, tokens.whole_token(text, self._wholes)) for text in texts]
        if len(texts) == 1 or not is_alone:
            return Part(any_of(token for _, token in named), each * len(texts))
        matches, rows = [], 0.0
        for text, token in named:
            last = next(iter(pieces(text[-1:])))
            beside = pairs_of(last)[0] if is_unspaced(last) else last
            matches.append(f"({quoted(token)} AND {quoted(beside)})")
            rows += min(each, self._vocabulary.rows_of(beside))
        return Part(f"({' OR '.join(matches)})", rows)

    def _of_term(self, term: Term, *, has_more: bool) -> list[Part]:
        if term.is_start:
            return self._of_start(term.piece, has_more=has_more)
        if term.is_run:
            pairs = [self.any_of([pair]) for pair in dict.fromkeys(pairs_of(term.piece))]
            return sorted(pairs, key=lambda part: part.rows)[:RUN_PAIRS]
        return [self.any_of(term.words)]

    def _of_start(self, start: str, *, has_more: bool) -> list[Part]:
        if len(start) == 1:
            if has_more:
                return []
            best = self._vocabulary.completions(start, LONE_LETTER_COMPLETIONS)
            return [Part(any_of([start, *(word.word for word in best)]), self._rows)]
        if len(start) in PREFIX_LISTS or self._is_small:
            return [Part(quoted(start) + "*", self._vocabulary.rows_of_start(start))]
        best = self._vocabulary.completions(start)
        words = dict.fromkeys([*(word.word for word in best), start])
        return [Part(any_of(words), sum(word.rows for word in best))]

    def _paired(self, terms: Sequence[Term]) -> list[Term]:
        """Terms that are head words, when there are two or more."""
        heads = {
            term.piece: term
            for term in terms
            if term.piece in self._heads and not term.is_start and not term.instead
        }
        if len(heads) < 2:
            return []
        return [term for term in terms if term.piece in heads and not term.is_start]

    def _of_heads(self, terms: Sequence[Term]) -> list[Part]:
        """Each head word together with the rarest one."""
        numbers = sorted({self._heads[term.piece] for term in self._paired(terms)})
        if not numbers:
            return []
        *others, rarest = numbers
        both = 2 * self._rows_of_head(rarest) / self._rows
        return [
            Part(quoted(tokens.pair_token(one, rarest)), both * self._rows_of_head(one))
            for one in others
        ]

    def _rows_of_head(self, number: int) -> int:
        if number not in self._head_rows:
            self._head_rows[number] = self._vocabulary.rows_of(self._head_words[number])
        return self._head_rows[number]


def nest(parts: Sequence[Part]) -> str:
    """Return the AND of all parts, which come with the rarest first."""
    nested, rest = parts[:NESTED], parts[NESTED:]
    match = ""
    for number, part in enumerate(nested):
        if number < 2:
            match = f"{match} AND {part.match}" if match else part.match
        else:
            match = f"(({match}) OR {quoted(tokens.NEVER)}) AND {part.match}"
    if rest:
        flat = " AND ".join(part.match for part in rest)
        match = f"(({match}) OR {quoted(tokens.NEVER)}) AND {flat}"
    return match


def any_of(chosen: Iterable[str]) -> str:
    """Return the OR of some tokens."""
    terms = [quoted(token) for token in chosen]
    return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"


def quoted(token: str) -> str:
    """Return a token as FTS5 reads it. Tokens hold letters, digits, marks or one private sign."""
    return f'"{token}"'
