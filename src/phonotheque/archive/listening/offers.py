"""Which files of a recording there are, and what the resolver says of each of them now.

Laws: every file is asked about by itself, since a recording may be held as a master that may only
be heard and as a copy that everybody may have; those that are allowed and whole come first, of
these the ones that everybody may copy; one that was found damaged is passed over while it is the
same file and another one is left.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from phonotheque.archive.listening.forms import doors_of, may_hear_on_premises, played_form
from phonotheque.archive.listening.open_sounds import OpenSounds
from phonotheque.archive.opening import Archive, today
from phonotheque.errors import NotWholeError, PhonothequeError
from phonotheque.listen.sound.ports import Asked, Offer, Purpose
from phonotheque.listen.values import SoundForm
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.music.rights import Verdict
from phonotheque.register.holdings import Held

Objects = Callable[[UUID], tuple[Sha256, ...]]
"""Names of the files of a recording, the one to be heard first."""

_Offered = tuple[tuple[Offer, Held], ...]


class Recall(Protocol):
    """Says what an archive says, or said since anything was written; see `Desk.recall`."""

    def __call__(self, key: Hashable, tell: Callable[[Archive], Any]) -> Any:
        """Return what `tell` says."""


class Offers:
    """What is offered of one archive; the port's `Asking`. Threads may share it.

    Args:
        objects: The catalogue's word on which files a recording has.
        open_sounds: Knows what was found damaged.
        recall: Of desks: one that waits, or one that answers at once or not at all.
    """

    def __init__(self, objects: Objects, open_sounds: OpenSounds, recall: Recall) -> None:
        self._objects = objects
        self._open = open_sounds
        self._recall = recall

    def may(self, asked: Asked) -> Offer | None:
        """Ask the resolver now. See `phonotheque.listen.sound.ports.Asking`."""
        found = self._offered(asked)
        for offer, held in found:
            if offer.verdict.allowed and self._open.wrong_with(held, asked.form) is None:
                return offer
        return found[0][0] if found else None

    def form_for(self, gid: UUID) -> SoundForm:
        """The form in which browsers can play it."""
        held = self.first(gid)
        return played_form(held.technical) if held else SoundForm.ORIGINAL

    def first(self, gid: UUID) -> Held | None:
        """The file that the catalogue names first."""
        found: tuple[Held, ...] = self._recall(("held", gid), partial(self._held, gid))
        return next(iter(found), None)

    def allowed(self, asked: Asked, sha256: Sha256) -> Held | None:
        """A file that may be given now; None when it is none of them, or may not."""
        return next(
            (
                held
                for offer, held in self._offered(asked)
                if held.sha256 == sha256 and offer.verdict.allowed
            ),
            None,
        )

    def none_whole(self, asked: Asked) -> PhonothequeError:
        """Say why none of the files that may be given can be."""
        wrong = (
            self._open.wrong_with(held, asked.form)
            for offer, held in self._offered(asked)
            if offer.verdict.allowed
        )
        told = "; ".join(f"{one.thing}: {one.wrong}" for one in wrong if one is not None)
        return NotWholeError(
            str(asked.gid), f"no whole copy of it is at hand ({told})", "Come again later."
        )

    def _offered(self, asked: Asked) -> _Offered:
        found: _Offered = self._recall(("offered", asked), partial(self._tell, asked))
        return found

    def _held(self, gid: UUID, archive: Archive) -> tuple[Held, ...]:
        found = (archive.index.held(name) for name in self._objects(gid))
        return tuple(held for held in found if held is not None)

    def _tell(self, asked: Asked, archive: Archive) -> _Offered:
        kept = Asked(asked.gid, SoundForm.ORIGINAL, Purpose.KEEP, asked.place)

        def offer(held: Held) -> Offer:
            free = _verdict(archive, held, kept)
            is_free = free.allowed and free.licence_class is not None
            return Offer(held.sha256, _verdict(archive, held, asked), is_free)

        offered = [(offer(held), held) for held in self._held(asked.gid, archive)]
        return tuple(sorted(offered, key=_worth))


def _worth(offered: tuple[Offer, Held]) -> tuple[bool, bool, bool]:
    offer, held = offered
    return not offer.verdict.allowed, held.condition != "intact", not offer.is_free


def _verdict(archive: Archive, held: Held, asked: Asked) -> Verdict:
    """What the resolver says of one file at all doors that the form passes."""
    statements = archive.index.statements(held.sha256)
    counts = archive.config["rights.licence_tags_count"]
    is_removed = held.condition == "removed"

    def at(door: Door) -> Verdict:
        country = asked.place.country
        return ask(door, statements, today(), country, claims_count=counts, is_removed=is_removed)

    if may_hear_on_premises(asked):
        inside = at(Door.PREMISES)
        if inside.allowed:
            return inside
    verdicts = [at(door) for door in doors_of(asked)]
    return next((verdict for verdict in verdicts if not verdict.allowed), verdicts[0])
