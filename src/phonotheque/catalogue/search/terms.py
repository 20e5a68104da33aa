"""A question as terms: what each row must have, and whether a row's text has it.

A term is one word or one unspaced run. The index tells which rows have its tokens; where that is
not the whole truth (a run of three letters and more, a word that must stand in the title), the text
of a row is looked at. `RowText.has` is the rule itself: a scan of all rows by it gives the answer
that the index must give.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property, lru_cache

from phonotheque.catalogue.search.joined import iter_joined
from phonotheque.catalogue.search.question import Question, check_words
from phonotheque.catalogue.search.unspaced import is_unspaced, pieces
from phonotheque.music.folding import words


class Where(Enum):
    """Where in a row a term must stand."""

    ANY = "title or credit"
    TITLE = "title"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.

    Attributes:
        piece: The folded word or run as it was typed.
        instead: Words of which any one will do in place of `piece`; empty: `piece` itself.
        is_start: Whether words that begin with `piece` will do.
    """

    piece: str
    where: Where = Where.ANY
    instead: tuple[str, ...] = ()
    is_start: bool = False

    @property
    def is_run(self) -> bool:
        """Whether it is a run of a script without spaces: may stand anywhere in a row's run."""
        return is_unspaced(self.piece)

    @property
    def words(self) -> tuple[str, ...]:
        """The words that will do."""
        return self.instead or (self.piece,)

    @property
    def needs_text(self) -> bool:
        """Whether a row that has its tokens may still lack it."""
        return self.where is not Where.ANY or (self.is_run and len(self.piece) > 2)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, parsed.

    Attributes:
        terms: All must hold; no two are equal.
        whole: The words that a whole title or credit would have, for whole matches; () for none.
        whole_in: Where they would be whole.
        is_whole_typed: Whether the last of them is still being typed.
    """

    terms: tuple[Term, ...]
    whole: tuple[str, ...]
    whole_in: Where
    is_whole_typed: bool = False

    @property
    def typed(self) -> Term | None:
        """The term that is still being typed."""
        return next((term for term in self.terms if term.is_start), None)


def parse(question: Question) -> Asked | None:
    """Read the texts of a question; None when one of them has signs but no word.

    Raises:
        BadRequestError: It has too many words.
    """
    texts = ((Where.ANY, question.text), (Where.TITLE, question.title))
    terms: list[Term] = []
    for where, text in (*texts, (Where.CREDIT, question.credit)):
        found = [Term(piece, where) for piece in pieces(words(text))]
        if text.strip() and not found:
            return None
        if where is Where.ANY and question.is_typing and found and not found[-1].is_run:
            found[-1] = replace(found[-1], is_start=True)
        terms += found
    terms = list(dict.fromkeys(terms))
    check_words(len(terms))
    text, whole_in = _whole_of(question)
    whole = tuple(words(text))
    asked = Asked(tuple(terms), whole, whole_in)
    is_typed = not question.title and asked.typed is not None and whole[-1] == asked.typed.piece
    return replace(asked, is_whole_typed=is_typed)


def _whole_of(question: Question) -> tuple[str, Where]:
    if question.title:
        return question.title, Where.TITLE
    if question.text:
        return question.text, Where.TITLE if question.credit else Where.ANY
    return question.credit, Where.CREDIT


class RowText:
    """The folded text of one row, for looking at it closely."""

    def __init__(self, title: str, credit: str) -> None:
        self._written = (title, credit)
        self.title = words(title)
        self.credit = _words_of_credit(credit)

    @cached_property
    def _in_title(self) -> list[str]:
        return [*pieces(self.title), *iter_joined(self._written[0])]

    @cached_property
    def _in_credit(self) -> list[str]:
        return [*pieces(self.credit), *iter_joined(self._written[1])]

    def has(self, term: Term) -> bool:
        """Whether the term stands where it must."""
        if term.where is Where.ANY:
            return _stands(term, self._in_title) or _stands(term, self._in_credit)
        return _stands(term, self._in_title if term.where is Where.TITLE else self._in_credit)

    def has_all(self, terms: Iterable[Term]) -> bool:
        """Whether all terms stand where they must."""
        return all(self.has(term) for term in terms)

    def is_whole(self, texts: Collection[tuple[str, ...]], where: Where) -> bool:
        """Whether the title or credit is one of these texts, word by word."""
        title, credit = tuple(self.title) in texts, self.credit in texts
        if where is Where.ANY:
            return title or credit
        return title if where is Where.TITLE else credit


@lru_cache(maxsize=1_024)
def _words_of_credit(credit: str) -> tuple[str, ...]:
    """Return the folded words of a credit. Rows that are compared one after the other often have
    the same one, because all rows of an artist share the token of his whole name."""
    return tuple(words(credit))


def _stands(term: Term, row: list[str]) -> bool:
    if term.is_run:
        return any(term.piece in piece for piece in row if is_unspaced(piece))
    if term.is_start:
        return any(piece.startswith(term.piece) for piece in row)
    return any(piece in term.words for piece in row)
