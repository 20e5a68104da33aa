"""A dry run of taking in: what would become of each file, without reading or writing one.

What cannot be known without reading the bytes is said as it most likely is: a file whose name is
that of audio would be added, another kept as a companion. Files read before are known exactly.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonotheque.accession.deposit import Deposit
from phonotheque.accession.ingest import Outcome, Told
from phonotheque.accession.take import identify
from phonotheque.accession.walk import Refused, path_text
from phonotheque.audio import AUDIO_EXTENSIONS
from phonotheque.music.digest import Sha256
from phonotheque.register.index import Index
from phonotheque.store.objects import extension_of


def rehearse(deposit: Deposit, index: Index) -> Iterator[Told]:
    """Tell what taking a deposit in would do, file by file, in order."""
    for item in deposit.found:
        path = path_text(item.relative)
        if isinstance(item, Refused):
            yield Told(path, None, 0, Outcome.REFUSED, item.reason)
            continue
        identity = identify(item)
        if identity is None:
            yield Told(path, None, item.size_bytes, Outcome.REFUSED, "it is gone")
        elif (sha256 := index.known_source(identity)) and _is_sound(sha256, index):
            yield Told(path, sha256, item.size_bytes, Outcome.HELD)
        else:
            is_audio = extension_of(path.rpartition("/")[2]) in AUDIO_EXTENSIONS
            outcome = Outcome.ADDED if is_audio else Outcome.COMPANION
            yield Told(path, None, item.size_bytes, outcome)


def _is_sound(sha256: Sha256, index: Index) -> bool:
    held = index.held(sha256)
    return held is not None and held.condition == "intact"
