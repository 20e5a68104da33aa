"""What removals decided, carried out: by `phono takedown`, and after a kill by whoever is next.

The protocol is `phonotheque.publish.removal.settling`; here it is given what it needs of an
archive: settings, the signed index, the cache of copies.
"""

from __future__ import annotations

from phonotheque.archive.bulk.facts import write_facts
from phonotheque.archive.bulk.indexing import publish_index
from phonotheque.archive.bulk.pages import write_pages
from phonotheque.archive.bulk.publishing import asker, press_of
from phonotheque.archive.opening import Archive
from phonotheque.archive.recordings.derivatives import cache_of
from phonotheque.music.doors import Door
from phonotheque.publish.packs.holding import packs_holding
from phonotheque.publish.removal.settling import Means, Settled, settle
from phonotheque.register.published import last_publication


def finish_removals(archive: Archive) -> Settled:
    """Carry out what removals left undone, after a kill say; quick when there is nothing.

    Raises:
        UnavailableError: The disk refused. Run again to go on.
    """
    means = Means(
        press_of(archive),
        archive.store,
        asker(archive, Door.PUBLISH),
        lambda packs, names: packs_holding(archive.disk, packs, names),
        lambda: announce(archive),
        cache_of(archive).forget,
    )
    return settle(means)


def announce(archive: Archive) -> None:
    """Say everywhere what is offered now, and sign it, where anything was published before.

    Packs are not made here: that takes long, and is for the next `phono publish run`.

    Raises:
        KeyAwayError: A key that must sign is not at hand.
        UnavailableError: The disk refused.
    """
    if last_publication(archive.index) is not None:
        for say in (write_facts, publish_index, write_pages):
            say(archive)
