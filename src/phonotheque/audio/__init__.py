"""Bytes in, facts out: what a file of audio says about itself.

Importing this room costs nothing: decoders are loaded by `warm_up` or at the first reading.
`facts_in_child` is the door for everything that came from outside; `read_facts` is what runs
behind it.
"""

from __future__ import annotations

from typing import BinaryIO

from phonotheque.audio.attempts import facts_in_child
from phonotheque.audio.containers import AUDIO_EXTENSIONS, CONTAINERS, sniff_file
from phonotheque.audio.embedded import picture_in_child
from phonotheque.audio.isolate import warm_up
from phonotheque.audio.sandbox import Limits
from phonotheque.music.facts import AudioFacts

__all__ = [
    "AUDIO_EXTENSIONS",
    "CONTAINERS",
    "Limits",
    "facts_in_child",
    "picture_in_child",
    "read_facts",
    "sniff_file",
    "warm_up",
]


def read_facts(file: BinaryIO) -> AudioFacts:
    """Read all facts of `file` in this process. See `phonotheque.audio.facts.read_facts`."""
    from phonotheque.audio import facts

    return facts.read_facts(file)
