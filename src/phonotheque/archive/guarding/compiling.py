"""What a watch calls, compiled before it looks.

numba compiles a function when it is called first, for seconds where it is not in a cache yet: what
is decided about the first listeners would wait for it. So a service that nobody has is watched for
an event, by the same calls.

Law: when this returned, nothing that is taken in has anything compiled.
"""

from __future__ import annotations

import numpy as np

from phonotheque.archive.guarding.suspicion import new_guard
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.groups.likeness import looks_of
from phonotheque.guard.groups.meetings import copies_of, meetings
from phonotheque.guard.groups.membership import own_odds
from phonotheque.guard.groups.ranking import scores_of
from phonotheque.guard.groups.strata import stratify


def compile_ahead() -> None:
    """Have all compiled that a watch calls."""
    guard, none = new_guard(), np.zeros(1, np.int32)
    guard.make_room(1, none, none)
    second, copied = np.zeros(1, np.int64), np.ones(1, np.bool_)
    guard.see(Events(none, none, second, none, copied), ~copied)
    guard.groups.first_copies.of(np.zeros(1, np.int64), 1)
    strata = stratify(guard.groups.listeners, guard.music.genre, guard.music.album)
    scores_of(guard.accounts)
    copies = copies_of(none, none, strata, 1)
    looks_of(copies, strata)
    meetings(copies, copied, copied)
    own_odds(copies, np.zeros(1))
