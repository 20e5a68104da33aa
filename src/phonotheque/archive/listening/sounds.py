"""The sound of an archive's recordings, as the listening door asks for it.

Laws: a file is opened that was offered and is allowed still (`offers`); nothing is made in this
process (`copyist`), and nobody waits in a thread for what is being made; what is open stays open
for the next range, which asks no thread.

Not here: whether somebody may have it (`phonotheque.listen.gate` asks `may` before `open`), ranges.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from phonotheque.archive.bulk.facts import site_of
from phonotheque.archive.listening.copyist import Workshop
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.offers import Objects, Offers
from phonotheque.archive.listening.open_sounds import OpenSound, OpenSounds
from phonotheque.archive.opening import Archive, today
from phonotheque.errors import (
    IntegrityError,
    MalformedError,
    NotHeldError,
    NotShareableError,
    NotWholeError,
)
from phonotheque.listen.sound.ports import Asked, Asking, Making, NotAtHandError, Offer, Resource
from phonotheque.listen.values import SoundForm
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.music.facts import Tags
from phonotheque.music.file_names import safe_part
from phonotheque.music.tdm_statement import headers, mining_of
from phonotheque.publish.web.shelves import sound_type
from phonotheque.register.corrections import edited
from phonotheque.register.holdings import Held

_REFERENCE_LUFS = -18.0  # ReplayGain 2.0, section 4


@dataclass(frozen=True, slots=True)
class _Shown:
    """How one file goes out in one form.

    Attributes:
        tags: Of a dressed copy, as they are now; None for all other forms.
    """

    held: Held
    tags: Tags | None
    media_type: str
    file_name: str
    fields: Mapping[str, str]


class ArchiveSounds:
    """The sound of one archive. Threads may share it.

    Args:
        root: The archive's folder.
        desks: The archive, opened for each thread.
        objects: The catalogue's word on which files a recording has.
        workshop: Makes copies.
        on_damage: Told of each file that is found damaged or missing.
    """

    def __init__(
        self,
        root: Path,
        desks: Desks,
        objects: Objects,
        workshop: Workshop,
        on_damage: Callable[[], None] = lambda: None,
    ) -> None:
        self._desks = desks
        self._open = OpenSounds(root, workshop, on_damage)
        self._offers = Offers(objects, self._open, desks.recall)
        self.at_once: Asking = Offers(objects, self._open, desks.recollect)

    def may(self, asked: Asked) -> Offer | None:
        """Ask the resolver now. See `phonotheque.listen.sound.ports.Asking`."""
        return self._offers.may(asked)

    def form_for(self, gid: UUID) -> SoundForm:
        """The form in which browsers can play it."""
        return self._offers.form_for(gid)

    def length_ms(self, gid: UUID) -> int | None:
        """How long it plays."""
        held = self._offers.first(gid)
        if held is None:
            return None
        if held.sound is not None:
            return held.sound.decoded_ms
        return held.technical.duration_ms if held.technical else None

    def gain_db(self, gid: UUID) -> float | None:
        """What levels it to -18 LUFS; None for silence, or when nobody measured."""
        held = self._offers.first(gid)
        loudness_lufs = held.sound.loudness.integrated_lufs if held and held.sound else None
        return None if loudness_lufs is None else round(_REFERENCE_LUFS - loudness_lufs, 2)

    def at_hand(self, asked: Asked, sha256: Sha256, *, is_proven: bool = False) -> Resource | None:
        """Return what is open already, without waiting for anything; None when it is not."""
        try:
            shown: _Shown = self._desks.recollect(_key(asked.form, sha256))
        except NotAtHandError:
            return None
        found = self._open.at_hand(shown.held, asked.form, shown.tags)
        if found is not None and is_proven and not found.is_proven:
            found.close()
            return None
        return self._resource(asked, shown, found) if found else None

    def open(
        self, asked: Asked, sha256: Sha256, *, is_proven: bool = False, group: str = ""
    ) -> Resource | Making:
        """Open a file that was offered. See `phonotheque.listen.sound.ports.Sounds`."""
        desk, held = self._desks.here(), self._offers.allowed(asked, sha256)
        if held is None:
            raise NotShareableError(
                str(asked.gid), "nothing on record allows that", "See its page for its rights."
            )
        shown = desk.recall(_key(asked.form, sha256), partial(_shown, held=held, form=asked.form))
        try:
            sound = self._open.open(desk.archive(), held, asked.form, shown.tags, group)
            if isinstance(sound, Future):
                return sound
            if is_proven:
                sound.prove()
        except MalformedError as error:
            raise NotHeldError(str(asked.gid), error.wrong, "Ask for the original.") from error
        except (IntegrityError, NotWholeError) as error:
            raise self._offers.none_whole(asked) from error
        return self._resource(asked, shown, sound)

    def close(self) -> None:
        """Let go of all files."""
        self._open.close()

    def _resource(self, asked: Asked, shown: _Shown, sound: OpenSound) -> Resource:
        sha256 = shown.held.sha256
        return Resource(
            size_bytes=sound.size_bytes,
            etag=sound.etag,
            media_type=shown.media_type,
            file_name=shown.file_name,
            data=sound,
            path=sound.path,
            modified_at=sound.modified_at,
            fields=shown.fields,
            still_may=lambda: self._offers.allowed(asked, sha256) is not None,
        )


def _key(form: SoundForm, sha256: Sha256) -> tuple[str, SoundForm, Sha256]:
    return ("shown", form, sha256)


def _shown(archive: Archive, held: Held, form: SoundForm) -> _Shown:
    is_dressed = form is SoundForm.DRESSED
    is_own = form in (SoundForm.ORIGINAL, SoundForm.DRESSED)
    extension = held.extension if is_own else "opus"
    name = _name(archive, held)
    return _Shown(
        held,
        edited(archive.index, held.sha256) if is_dressed else None,
        sound_type(extension),
        f"{name}.{extension}" if extension else name,
        _about(archive, held, form),
    )


def _about(archive: Archive, held: Held, form: SoundForm) -> Mapping[str, str]:
    """Headers: its licence, what holds for mining, how loud and how long it is."""
    statements = archive.index.statements(held.sha256)
    fields = dict(headers(mining_of(statements, today()), site_of(archive).policy_url))
    counts = archive.config["rights.licence_tags_count"]
    governing = ask(Door.LISTEN, statements, today(), claims_count=counts).statement
    if governing and governing.licence.startswith("http"):
        fields["Link"] = f'<{governing.licence}>; rel="license"'
    fields["X-Sound-Form"] = form.value
    if held.sound is not None:
        fields["X-Duration-Ms"] = str(held.sound.decoded_ms)
        if held.sound.loudness.integrated_lufs is not None:
            fields["X-Loudness-Lufs"] = f"{held.sound.loudness.integrated_lufs:.2f}"
    return fields


def _name(archive: Archive, held: Held) -> str:
    """The name as people save it, without its ending."""
    tags = edited(archive.index, held.sha256)
    artist = "; ".join(tags.artists)
    if tags.title:
        return safe_part(f"{artist} - {tags.title}" if artist else tags.title)
    came_as = archive.index.accessions(held.sha256)[0].path.rpartition("/")[2]
    ending = f".{held.extension}"
    is_ending = bool(held.extension) and came_as.lower().endswith(ending)
    return safe_part(came_as[: -len(ending)] if is_ending else came_as)
