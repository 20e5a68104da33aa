"""An archive brought to where it may be written to, after whatever happened to the last writer.

Laws: staging is emptied, lines that the index lacks are taken in, a torn end of the register is set
aside, and what was not yet synced is synced before anybody relies on it; damage that no crash
explains is refused, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable

from phonotheque.disk import Disk
from phonotheque.errors import BrokenRegisterError, FormatTooNewError, ListLostError
from phonotheque.publish.packs.standing import finish_packs
from phonotheque.publish.sealed import finish, live, members
from phonotheque.register.events import FORMAT, Founding, Volume
from phonotheque.register.index import Index
from phonotheque.register.journal import (
    FOLDER,
    Position,
    Torn,
    check_place,
    make_durable,
    read,
    segment_path,
    set_aside,
)
from phonotheque.register.published import proven_at
from phonotheque.store.objects import INCOMING

Progress = Callable[[int], None]
"""Called now and then with the number of register lines taken in."""

_LINES_PER_COMMIT = 10_000


def heal(
    disk: Disk, index: Index, on_progress: Progress | None = None
) -> tuple[Position, tuple[str, ...]]:
    """Bring an archive to where it may be written to, after whatever happened to the last writer.

    Returns:
        The end of the register, and what is worth telling.

    Raises:
        BrokenRegisterError: The register is damaged; nothing was changed.
    """
    notices = []
    for staged in disk.list(INCOMING):
        disk.remove(f"{INCOMING}/{staged.name}")
    check_place(disk, index.place)
    end, torn = _catch_up(disk, index, on_progress)
    if end.head.seq == 0:
        raise BrokenRegisterError(
            segment_path(1), "the register is empty", "Bring it back from a backup or a mirror."
        )
    _refuse_hidden(index)
    if torn is not None:
        copy = set_aside(disk, torn)
        notices.append(f"An interrupted write was set aside in {copy}; nothing in it was promised.")
    finish(disk, (volume.name for volume in live(index)))
    finish_packs(disk, index)
    return end, tuple(notices)


def _refuse_hidden(index: Index) -> None:
    """Refuse a register in which lines are withheld that no restoration declared: the chain alone
    cannot tell whether somebody hid them."""
    hidden, declared = index.note("withheld") or "0", index.note("withheld_declared") or "0"
    if hidden != declared:
        raise BrokenRegisterError(
            FOLDER,
            f"{hidden} of its lines are withheld, and it came back with {declared} of them",
            "Bring the register back from a backup or a mirror; nothing was changed.",
        )


def _catch_up(
    disk: Disk, index: Index, on_progress: Progress | None
) -> tuple[Position, Torn | None]:
    """Take lines that the index lacks into it, after making sure that they are durable."""
    place = index.place
    torn = None
    is_synced = False
    is_made = place.head.seq == 0
    lines = read(disk, place)
    while True:
        batch = []
        for item in lines:
            if isinstance(item, Torn):
                torn = item
                continue
            batch.append(item)
            _refuse_newer(item[0].event)  # before the next line, which may be of an unheard kind
            if len(batch) == _LINES_PER_COMMIT or isinstance(item[0].event, Volume):
                break  # what a volume seals must be there before later lines speak of it
        if not batch:
            if is_made:
                index.set_note("making", "")
            return place, torn
        if not is_synced:
            make_durable(disk)
            is_synced = True
        last = batch[-1][0]
        with index.transaction():
            if is_made:
                index.set_note("making", "yes")
            index.apply(batch)
            if isinstance(last.event, Volume):
                _seal_into(disk, index, last.event)
        place = batch[-1][1]
        if on_progress:
            on_progress(place.head.seq)


def _seal_into(disk: Disk, index: Index, volume: Volume) -> None:
    """Say which objects a volume holds; one of which that is lost is noted, and stops nobody."""
    try:
        names = members(disk, volume)
    except ListLostError:
        index.set_unlisted(volume.name)
    else:
        at = proven_at(index, volume.name)
        index.seal_into(volume.name, at, (name.sha256 for name in names))


def _refuse_newer(event: object) -> None:
    if isinstance(event, Founding) and event.format > FORMAT:
        raise FormatTooNewError(
            segment_path(1),
            f"the register has format {event.format}, this program knows up to {FORMAT}",
            "Install a newer Phonotheque.",
        )
