"""Sounds that are open, in every form: what a range is read from.

Laws: a form of a file that was found damaged or missing is not tried again for a while as long as
it is the same file; what is open is what lies there now, or it is opened again: all of it may be
replaced, repaired or deleted while the door is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import msgspec

from phonotheque import __version__
from phonotheque.archive.listening.copyist import Order, Workshop
from phonotheque.archive.listening.open_files import Lease, OpenFiles
from phonotheque.archive.listening.sources import (
    Composed,
    KeptCopy,
    Master,
    Source,
    State,
    state_at,
)
from phonotheque.archive.opening import Archive
from phonotheque.archive.recordings.derivatives import cache_of
from phonotheque.derive.derivative import Wanted
from phonotheque.derive.opus import encoder_version
from phonotheque.derive.recipes import COPY, PREVIEW, CopyRecipe
from phonotheque.dress.dressing import dress
from phonotheque.dress.overlay import Overlay
from phonotheque.errors import (
    IntegrityError,
    MalformedError,
    NotHeldError,
    NotWholeError,
    PhonothequeError,
)
from phonotheque.listen.sound.ports import Making
from phonotheque.listen.values import SoundForm
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags
from phonotheque.register.holdings import Held
from phonotheque.store.objects import ObjectName

_RECIPES = {SoundForm.OPUS: COPY, SoundForm.PREVIEW: PREVIEW}

_BELIEVED_S = 600.0
"""So long something that was found wrong is passed over unseen: a reader may have been killed for
want of time, on a machine that was busy."""

_DAMAGED = (IntegrityError, NotHeldError, NotWholeError)


class _Wrong(NamedTuple):
    """What was found wrong with a form of a file that was in some state, and when."""

    state: State
    found_at: float
    told: Callable[[], PhonothequeError]


class OpenSound:
    """A source, taken by one who reads; the port's `Readable`.

    Args:
        lease: The source.
        on_damage: Told when it was found damaged.
    """

    def __init__(self, lease: Lease[Source], on_damage: Callable[[PhonothequeError], None]) -> None:
        source = lease.value
        self.etag, self.size_bytes = source.etag, source.size_bytes
        self.path, self.modified_at = source.path, source.modified_at
        self.at_hand = source.at_hand
        self.file_at_hand = source.file_at_hand
        self.close = lease.close
        self._source = source
        self._on_damage = on_damage

    @property
    def is_proven(self) -> bool:
        """Whether all of it was found good."""
        return self._source.is_proven

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from `begin` up to `end`. Raises `IntegrityError`, `UnavailableError`."""
        try:
            return self._source.read(begin, end)
        except (IntegrityError, NotWholeError) as error:
            self._on_damage(error)
            raise

    def prove(self) -> None:
        """Prove what was not proven yet. Raises as `read`; it is closed then."""
        try:
            self._source.prove()
        except IntegrityError as error:
            self.close()
            self._on_damage(error)
            raise
        except BaseException:
            self.close()
            raise


class OpenSounds:
    """What is open in one server. Threads may share it.

    Args:
        root: The archive's folder.
        workshop: Makes copies.
        on_damage: Told of each file that is found damaged or missing, once while it is the same.
    """

    def __init__(
        self, root: Path, workshop: Workshop, on_damage: Callable[[], None] = lambda: None
    ) -> None:
        self._root = root
        self._workshop = workshop
        self._on_damage = on_damage
        self._files: OpenFiles[Source] = OpenFiles()
        self._wrong: dict[tuple[Sha256, SoundForm], _Wrong] = {}

    def wrong_with(self, held: Held, form: SoundForm) -> PhonothequeError | None:
        """Say what was found wrong with a form of a file that is the same still; else None."""
        found = self._wrong.get((held.sha256, form))
        if found is None or monotonic() - found.found_at > _BELIEVED_S:
            return None
        return found.told() if found.state == state_at(self._root, _path(held)) else None

    def at_hand(self, held: Held, form: SoundForm, tags: Tags | None) -> OpenSound | None:
        """Return what is open already, and is not known to be damaged; None when it is not."""
        if self.wrong_with(held, form) is not None:
            return None
        lease = self._files.taken(_key(held, form, tags), self._is_current)
        return self._sound(held, form, lease) if lease else None

    def open(
        self, archive: Archive, held: Held, form: SoundForm, tags: Tags | None, group: str = ""
    ) -> OpenSound | Making:
        """Open a recording in one form, or have a copy of it made.

        Args:
            tags: Of a dressed copy; None for all other forms.
            group: Who asks, as limits count.

        Raises:
            MalformedError: It cannot be had in this form.
            NotWholeError: The object is damaged or missing.
            UnavailableError: The disk failed, or too many copies are being made.
        """
        known = self.wrong_with(held, form)
        if known is not None:
            raise known
        key, state = _key(held, form, tags), state_at(self._root, _path(held))
        make = self._maker(archive, held, form, tags)
        try:
            lease = self._files.take(key, make, self._is_current)
        except _NotMadeError as error:
            making = self._workshop.order(error.order, group)
            making.add_done_callback(partial(self._made, held, form, state))
            return making
        except _DAMAGED as error:
            self._remember(held, form, state, error)
            raise _told_of(error)() from error
        return self._sound(held, form, lease)

    def close(self) -> None:
        """Let go of all files."""
        self._files.close()

    def _sound(self, held: Held, form: SoundForm, lease: Lease[Source]) -> OpenSound:
        def on_damage(error: PhonothequeError) -> None:
            self._remember(held, form, lease.value.state, error)

        return OpenSound(lease, on_damage)

    def _remember(self, held: Held, form: SoundForm, state: State, error: PhonothequeError) -> None:
        """Pass a form of a file over from now on."""
        known = (self._wrong.get((held.sha256, one)) for one in SoundForm)
        is_new = all(one is None or one.state != state for one in known)
        self._wrong[held.sha256, form] = _Wrong(state, monotonic(), _told_of(error))
        if is_new and not isinstance(error, MalformedError):
            self._on_damage()

    def _made(self, held: Held, form: SoundForm, state: State, made: Making) -> None:
        error = made.exception()
        if isinstance(error, _DAMAGED):
            self._remember(held, form, state, error)

    def _is_current(self, source: Source) -> bool:
        return source.state == state_at(self._root, source.place)

    def _maker(
        self, archive: Archive, held: Held, form: SoundForm, tags: Tags | None
    ) -> Callable[[], Source]:
        match form:
            case SoundForm.ORIGINAL:
                return partial(Master, archive, held)
            case SoundForm.DRESSED:
                assert tags is not None
                return partial(self._composed, archive, held, tags)
            case SoundForm.OPUS | SoundForm.PREVIEW:
                return partial(self._copy, archive, held, _RECIPES[form])

    def _composed(self, archive: Archive, held: Held, tags: Tags) -> Source:
        if held.technical is None:
            raise MalformedError(held.sha256.hex, "it is no recording", "Ask for the original.")
        container = held.technical.container
        key = _key(held, SoundForm.ORIGINAL, None)
        master = self._files.take(key, partial(Master, archive, held), self._is_current)
        try:
            self._sound(held, SoundForm.ORIGINAL, master).prove()
            source = master.value
            assert isinstance(source, Master)
            copy = dress(source.proven.file, container, Overlay(tags))
            return Composed(master, copy, _etag_of(held, tags))
        except BaseException:
            master.close()
            raise

    def _copy(self, archive: Archive, held: Held, recipe: CopyRecipe) -> Source:
        kept = cache_of(archive).find(Wanted(held.sha256, recipe, encoder_version()))
        if kept is None:
            raise _NotMadeError(Order(held.sha256.hex, recipe.name))
        return KeptCopy(kept)


class _NotMadeError(Exception):
    """A copy that is not in the cache."""

    def __init__(self, order: Order) -> None:
        super().__init__(order)
        self.order = order


def _told_of(error: PhonothequeError) -> Callable[[], PhonothequeError]:
    """What is told of what was found: each time anew, so that no traceback grows for ever."""
    if isinstance(error, (MalformedError, NotWholeError)):
        return partial(type(error), error.thing, error.wrong, error.todo)
    return partial(NotWholeError, error.thing, error.wrong, "Run `phono repair`.")


def _path(held: Held) -> str:
    return ObjectName(held.sha256, held.extension).path


def _key(held: Held, form: SoundForm, tags: Tags | None) -> tuple[object, ...]:
    return (held.sha256, form, tags)


def _etag_of(held: Held, tags: Tags) -> str:
    """Stands for the bytes: the same original, tags and program give the same copy for ever."""
    values = (held.sha256.hex, tags, __version__)
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()
