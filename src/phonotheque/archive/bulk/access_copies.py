"""Access copies for tiers that are shared so: made, kept as objects, before they are sealed.

A volume is for ever, so what is in it must not be a cache: an access copy that is shared is an
object like any other, with its parent, its recipe and its encoder in the register. It is never
evicted; its rights are its parent's; what removes the parent removes it.

Laws: bytes are durable before the line that names them, the line before the index; what was stopped
goes on where it stood; a copy that was removed is not made again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from phonotheque.accession.access_copy import CopyJob, CopyMade
from phonotheque.archive.bulk.planning import turns
from phonotheque.archive.opening import Archive
from phonotheque.derive.opus import Original, encoder_version
from phonotheque.derive.recipes import COPY, CopyRecipe
from phonotheque.errors import IntegrityError, PhonothequeError
from phonotheque.hands import Hands
from phonotheque.music.digest import Sha256
from phonotheque.publish.planning.words import Form
from phonotheque.register.events import Accession, Role
from phonotheque.register.holdings import Held
from phonotheque.register.kinship import access_copies
from phonotheque.store.objects import ObjectName


@dataclass(frozen=True, slots=True)
class MadeCopy:
    """One master for which a copy was wanted.

    Attributes:
        copy: Name of the copy; None when none could be made, and `reason` says why: the master is
            shared as it is then.
    """

    master: Held
    copy: Sha256 | None
    reason: str = ""


def make_copies(archive: Archive, hands: Hands[CopyJob, CopyMade]) -> Iterator[MadeCopy]:
    """Make the access copies that the plan asks for and that are not there yet.

    Each is durable when it is told.

    Raises:
        BadSettingError: What the settings ask for does not exist.
        UnavailableError: The disk refused. Run again to go on.
    """
    masters: dict[str, Held] = {}
    for results in hands.work(_jobs(archive, masters)):
        for job, made in results:
            yield _settle(archive, masters.pop(job.token), job, made)


def _jobs(archive: Archive, masters: dict[str, Held]) -> Iterator[CopyJob]:
    """What is to be made; `masters` learns of what, by token."""
    wanted = [turn for turn in turns(archive) if turn.form is Form.ACCESS_COPY]
    for count, turn in enumerate(wanted):
        held = archive.index.held(turn.sha256)
        if held is None or held.sound is None or access_copies(archive.index, turn.sha256):
            continue
        token = f"copy-{os.getpid()}-{count:08d}"
        masters[token] = held
        name = ObjectName(held.sha256, held.extension)
        yield CopyJob(name, _original(archive, held), COPY, token)


def _original(archive: Archive, held: Held) -> Original:
    assert held.sound is not None
    return Original(
        sha256=held.sha256.hex,
        duration_ms=held.sound.decoded_ms,
        loudness_lufs=held.sound.loudness.integrated_lufs,
        channels=(held.technical.channels if held.technical else None) or 2,
        tags=archive.index.tags(held.sha256),
    )


def _settle(
    archive: Archive, master: Held, job: CopyJob, made: CopyMade | PhonothequeError
) -> MadeCopy:
    if isinstance(made, IntegrityError):
        return MadeCopy(master, None, str(made))
    if isinstance(made, PhonothequeError):
        raise made
    name = made.digests.sha256
    known = archive.index.held(name)
    if known is not None:
        archive.store.discard(job.token)
        return MadeCopy(master, None, f"its copy is {known.condition} already, as {name}")
    archive.store.publish(job.token, ObjectName(name, job.recipe.extension))
    event = _accession(archive, master, job.recipe, made)
    written = archive.writing.append(archive.now(), [event])
    with archive.index.transaction():
        archive.index.apply(written)
        archive.index.remember(made.digests)
        # Without curves: a copy is no recording of its own that could be like another.
        archive.index.remember_tags(name, made.facts.tags)
    return MadeCopy(master, name)


def _accession(archive: Archive, master: Held, recipe: CopyRecipe, made: CopyMade) -> Accession:
    came = archive.index.accessions(master.sha256)[0]
    return Accession(
        deposit=came.deposit,
        sha256=made.digests.sha256.hex,
        size_bytes=made.digests.size_bytes,
        pieces_root=made.digests.pieces_root.hex(),
        extension=recipe.extension,
        path=f"{came.path}.{recipe.extension}",
        role=Role.ACCESS_COPY,
        readability=made.facts.readability,
        reason=made.facts.reason,
        technical=made.facts.technical,
        integrity=made.facts.integrity,
        sound=made.facts.sound,
        parent=master.sha256.hex,
        recipe=recipe.name,
        encoder=encoder_version(),
    )
