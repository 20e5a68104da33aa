"""The guard of one archive, put together for a worker of its listening door."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from phonotheque.archive.guarding.case_pages import ConcernedDesk
from phonotheque.archive.guarding.desk import desk_of
from phonotheque.archive.guarding.door_guard import Allowed, DoorGuard
from phonotheque.archive.guarding.spending import Spending
from phonotheque.archive.guarding.verdict_map import VerdictMap
from phonotheque.archive.listening.listener_keys import ListenerKeys
from phonotheque.config import Config
from phonotheque.errors import MalformedError, PhonothequeError
from phonotheque.listen.allowance import Allowance
from phonotheque.listen.log import Pseudonyms
from phonotheque.listen.ports import Library


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
