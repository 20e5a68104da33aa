"""What is closed: volumes and packs that may not be shared now, whatever a published index says.

Every door that gives a torrent, or what is in one, asks here: `phono seed`, the web seed,
`phono publish push`, the signed index. Law: what closes one is told by the resolver at the moment
of asking: a removal, a decision, a licence that was only claimed where claims do not count any
more. A pack in which a check found damage is closed, too, until it is made again: none of its bytes
is known to be right. A damaged volume stays open, for each of its recordings is proven by itself.

Not here: asking about one recording (`archive.bulk.publishing.asker`), giving what is closed a
successor (`archive.bulk.conducting`).
"""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.archive.bulk.packing import packs_held_back
from phonotheque.archive.bulk.publishing import withdrawn
from phonotheque.archive.opening import Archive
from phonotheque.music.digest import Sha256
from phonotheque.publish.packs.standing import offered_packs
from phonotheque.register.findings import damaged_torrents


@dataclass(frozen=True, slots=True)
class Closure:
    """Why a volume or pack may not be shared now.

    Attributes:
        reason: A sentence for everybody.
        sha256: One object in it that closes it; None when it is not one of them.
        is_damage: Whether it may be shared by all who have it whole, only not from here.
    """

    reason: str
    sha256: Sha256 | None = None
    is_damage: bool = False

    @property
    def told(self) -> str:
        """The same for the archive's own people, with where they find the evidence."""
        if self.sha256 is None:
            return self.reason
        name = self.sha256.hex[:12]
        return (
            f"{name} in it may no longer be. {self.reason} "
            f"`phono rights show {name}` has the evidence."
        )


_ON_CLAIMS = Closure("What it holds rests on tags alone, and they do not count any more.")


_DAMAGED = Closure("It was found damaged; `phono publish run` makes it again.", is_damage=True)


def closures(archive: Archive) -> dict[str, Closure]:
    """Return the volumes and packs that may not be shared now, by name, each with the reason.

    Cost: what was decided since the oldest of them was made is asked again, and the indexes of
    older packs are read for what must not be given; nothing is read when nothing was decided.
    """
    found = damaged_torrents(archive.index.db)
    damaged = {one.name for one in offered_packs(archive.index) if one.name in found}
    return dict.fromkeys(damaged, _DAMAGED) | {
        name: Closure(why[1].reason, why[0]) if why else _ON_CLAIMS
        for name, why in {**withdrawn(archive), **packs_held_back(archive)}.items()
    }
