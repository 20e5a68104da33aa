"""The guard of one archive, put together for a worker of its listening door."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from phonotheque.archive.guarding.case_pages import ConcernedDesk
from phonotheque.archive.guarding.desk import desk_of
from phonotheque.archive.guarding.door_guard import Allowed, DoorGuard
from phonotheque.archive.guarding.kept_cases import KeptCases
from phonotheque.archive.guarding.spending import Spending
from phonotheque.archive.guarding.verdict_map import VerdictMap
from phonotheque.archive.listening.listener_keys import ListenerKeys
from phonotheque.config import Config
from phonotheque.errors import MalformedError, PhonothequeError
from phonotheque.guard.instants import instant_of
from phonotheque.listen.allowance import Allowance
from phonotheque.listen.log import Pseudonyms
from phonotheque.listen.pages.about_guard import Watched
from phonotheque.listen.ports import Library

WATCH = "state/guard/watch"
"""What the watch knows; its module loads much that a door does not need."""


def guard_at_door(
    root: Path, config: Config, keys: ListenerKeys, library: Library, workers: int
) -> DoorGuard:
    """Open the guard of a door.

    Args:
        library: Says which gids anybody may have been given.
        workers: How many have one: when they cannot share what was spent, each has its part of a
            budget.
    """
    allowed = Allowed(
        config["listen.restricted_in_hour"],
        config["listen.restricted_in_day"],
        config["listen.restricted_in_month"],
    )
    fallback = Allowance(
        time.monotonic,
        in_hour=-(-allowed.in_hour // workers),
        in_day=-(-allowed.in_day // workers),
    )
    names = Pseudonyms(keys.key)

    def is_given(gid: UUID) -> bool:
        return library.by_gids([gid])[0] is not None

    return DoorGuard(
        Spending(root),
        VerdictMap(root),
        names,
        keys.key,
        allowed,
        fallback,
        older=keys.older,
        is_given=is_given,
    )


def begin_cases(root: Path, config: Config, on_fault: Callable[[str], None]) -> None:
    """Begin the case book of a service that has none, and tell the door what stands in it.

    One that cannot be written is told, and keeps nobody from listening; of one that cannot be read
    tells whoever watches over it (`kept_cases`).
    """
    try:
        desk_of(root, int(config["guard.shadow_days"])).publish()
    except MalformedError:
        pass
    except PhonothequeError as error:
        on_fault(f"the case book of the guard: {error}")


def cases_at_door(root: Path, config: Config, guard: DoorGuard) -> ConcernedDesk:
    """The cases of a door, for whom they are about."""
    return ConcernedDesk(desk_of(root, int(config["guard.shadow_days"])), guard.concerned)


@dataclass
class WatchedDoor:
    """Tells how an archive is guarded now. Threads may share it.

    Of a case book that cannot be read it tells nothing; one that was read once is not read again
    for this, because it began only once.
    """

    root: Path
    config: Config
    kept: KeptCases
    _shadow_until: int | None = None

    def __call__(self) -> Watched:
        """What holds now."""
        shadow_until, watched_at = self._new_until(), 0
        with suppress(OSError):
            watched_at = int((self.root / WATCH).stat().st_mtime)
        return Watched(
            in_hour=self.config["listen.restricted_in_hour"],
            in_day=self.config["listen.restricted_in_day"],
            in_month=self.config["listen.restricted_in_month"],
            log_days=self.config["listen.log_days"],
            watched_at=instant_of(watched_at) if watched_at else "",
            shadow_until=instant_of(shadow_until) if time.time() < shadow_until else "",
        )

    def _new_until(self) -> int:
        """Second until which the service is new; 0 where nobody can say."""
        if self._shadow_until is None:
            try:
                begun = self.kept.read().begun
            except PhonothequeError:
                return 0
            self._shadow_until = begun.shadow_until if begun else None
        return self._shadow_until or 0
