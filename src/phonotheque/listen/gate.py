"""The one gate: every byte of sound that leaves the listening door was asked for here.

Laws: the resolver is asked first, at this moment, about this recording, this use, this day and this
place; of several files of a recording all that is asked is asked of the one that is given; what
everybody may copy is never counted and never limited; only of what may be heard and not kept is the
guard asked. A guard's refusal is a value that says when to come again; a guard that
fails refuses nobody (the rights were asked before it, and they do not depend on it).

Not here: opening what was allowed (`phonotheque.listen.sound.ports.Sounds.open`), bandwidth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from phonotheque.errors import BadReferenceError, NotShareableError, UnavailableError
from phonotheque.listen.greeting import Greeting
from phonotheque.listen.listener import Listener
from phonotheque.listen.sound.ports import Asked, Asking, Offer, Purpose
from phonotheque.listen.values import SoundForm
from phonotheque.music.digest import Sha256
from phonotheque.music.rights import Verdict


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for.

    Attributes:
        form: None for whatever may be heard: the whole where that is allowed, else a preview.
    """

    gid: UUID
    listener: Listener
    form: SoundForm | None = None
    purpose: Purpose = Purpose.HEAR

    def asked(self, form: SoundForm) -> Asked:
        """The question about one form."""
        return Asked(self.gid, form, self.purpose, self.listener.place)


@dataclass(frozen=True, slots=True)
class Passed:
    """It may be had.

    Attributes:
        asked: What may be had, in the form that was asked for or that was chosen.
        sha256: The file that it is given of.
        is_restricted: It may be heard and not kept.
    """

    asked: Asked
    sha256: Sha256
    verdict: Verdict
    is_restricted: bool


ABOUT_GUARD = "/about/guard"
"""The page that says what is watched, and why."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not now: the guard, or what stands in its place, has seen enough for a while.

    Attributes:
        retry_after_s: When to come again.
        reason: Why, as a sentence without its full stop.
        todo: What can be done without any page, in sentences.
        account: Who is refused, as the access log calls it; "" where nobody says.
        is_over_budget: The budget for new restricted recordings is used.
        page: Path of the page on which more can be done, or read.
        act: What is done there: words for a link.
    """

    retry_after_s: int
    reason: str
    todo: str
    account: str = ""
    is_over_budget: bool = False
    page: str = ABOUT_GUARD
    act: str = "Read what is counted, and why"


class Guard(Protocol):
    """Watches over what may be heard and not kept."""

    def refuses(self, wish: Wish) -> Refusal | None:
        """Say why a restricted recording is not opened now; None when it may be.

        Asked for every request, many of which are parts of one play: a recording that this listener
        opened a while ago is not new.

        Raises:
            UnavailableError: It cannot tell; nobody is refused then.
        """

    def is_known(self, wish: Wish) -> bool:
        """Whether `refuses` and `greets` answer from memory now, and wait for nothing."""

    def still_may(self, wish: Wish) -> bool:
        """Whether a restricted recording that is being sent may go on. Asked each second or so."""

    def greets(self, listener: Listener) -> Greeting:
        """Say who somebody is who plays what is restricted, and give him what tells that."""

    def drew(self, listener: Listener, gids: Sequence[UUID]) -> None:
        """Hear that the service itself drew these restricted recordings for somebody."""

    def is_drawn(self, wish: Wish) -> bool:
        """Whether what was just opened was drawn by the service for who asks. From memory."""

    def guessed(self, wish: Wish) -> str:
        """Hear that nothing here has what was asked for; return the account that asks where it is
        a canary, "" else. Changes nothing of the answer."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate of one door. See the module for its laws."""

    sounds: Asking
    guard: Guard

    def ask(self, wish: Wish) -> Passed | Refusal:
        """Ask whether something may be had now.

        Raises:
            BadReferenceError: Nothing has the gid, or it is not held.
            NotShareableError: Nothing on record allows it.
            UnavailableError: The register's index cannot be read.
            NotAtHandError: The sounds that it was given cannot say it at once.
        """
        asked, offer = self._offered(wish)
        passed = Passed(asked, offer.sha256, offer.verdict, is_restricted=False)
        if asked.form is SoundForm.PREVIEW or offer.is_free:
            return passed
        try:
            refusal = self.guard.refuses(wish)
        except UnavailableError:
            refusal = None
        return refusal or replace(passed, is_restricted=True)

    def _offered(self, wish: Wish) -> tuple[Asked, Offer]:
        asked = wish.asked(wish.form or self.sounds.form_for(wish.gid))
        offer = self.sounds.may(asked)
        if offer is None:
            raise BadReferenceError(
                str(wish.gid), "there is no sound of it here", "Search for it in the catalogue."
            )
        if offer.verdict.allowed:
            return asked, offer
        if wish.form is None and wish.purpose is Purpose.HEAR:
            preview = wish.asked(SoundForm.PREVIEW)
            heard = self.sounds.may(preview)
            if heard is not None and heard.verdict.allowed:
                return preview, heard
        raise NotShareableError(
            str(wish.gid),
            offer.verdict.reason.rstrip("."),
            "Its page says what is known of its rights.",
        )
