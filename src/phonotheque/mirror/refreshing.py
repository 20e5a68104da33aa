"""A mirror brought up to date with what its archives say: followed, removed, noted.

Order: what is new is durable here -> what others have plenty of is noted -> what was removed goes.
So a removal reaches this disk with the first look after it was signed. Laws: one archive that
cannot be followed stops no other, and what was known of it still holds: its removals, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from phonotheque.errors import BadSettingError, NotHeldError, PhonothequeError
from phonotheque.mirror.deciding import note_plenty
from phonotheque.mirror.exclusions import load_exclusions
from phonotheque.mirror.following import follow
from phonotheque.mirror.home import Copy, Mirror
from phonotheque.mirror.known import known
from phonotheque.mirror.removal import absent, remove_objects
from phonotheque.mirror.values import Followed


@dataclass(frozen=True, slots=True)
class News:
    """What following all archives of a mirror came to.

    Attributes:
        followed: What is known now of each archive of which anything is known.
        refusals: Why some could not be followed; what was known of them before still holds.
        notices: What is worth telling.
    """

    followed: tuple[Followed, ...]
    refusals: tuple[PhonothequeError, ...]
    notices: tuple[str, ...]


def refresh(mirror: Mirror, at: datetime, *, is_confirmed: bool = False) -> News:
    """Learn what is new of all archives, and carry out what they removed.

    Args:
        mirror: Open to write.
        at: This instant.
        is_confirmed: A person said that much may be deleted at once.

    Raises:
        BadSettingError: What this mirror excludes cannot be read.
    """
    followed: list[Followed] = []
    refusals: list[PhonothequeError] = []
    notices: list[str] = []
    for copy in mirror.copies:
        try:
            notices += follow(copy, at)
            note_plenty(copy, mirror.settings, known(copy))
        except PhonothequeError as error:
            refusals.append(error)
        try:
            followed.append(known(copy))
            notices += remove(mirror, copy, followed[-1], is_confirmed=is_confirmed)
        except NotHeldError:
            continue  # never followed yet
        except BadSettingError:
            raise  # what the keeper excludes cannot be read: that is of no archive
        except PhonothequeError as error:
            refusals.append(error)
    return News(tuple(followed), tuple(refusals), tuple(notices))


def remove(
    mirror: Mirror, copy: Copy, followed: Followed, *, is_confirmed: bool = False
) -> list[str]:
    """Carry out what an archive removed and this mirror excludes; returns what is worth telling."""
    gone = absent(copy, followed.header.archive, load_exclusions(mirror.disk))
    return remove_objects(copy, gone, is_confirmed=is_confirmed)
