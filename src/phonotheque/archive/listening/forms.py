"""Which doors a form of a recording passes, and in which form browsers can play it; pure.

Laws: a copy with other tags is a changed copy, whoever hears it; an access copy is the same work in
another format, which every licence that allows copies allows; an excerpt is a cut.
"""

from __future__ import annotations

from phonotheque.listen.sound.ports import Asked, Purpose
from phonotheque.listen.values import SoundForm
from phonotheque.music.doors import Door
from phonotheque.music.facts import Technical

_DOORS = {
    (SoundForm.ORIGINAL, Purpose.HEAR): (Door.LISTEN,),
    (SoundForm.ORIGINAL, Purpose.KEEP): (Door.DOWNLOAD,),
    (SoundForm.DRESSED, Purpose.HEAR): (Door.LISTEN, Door.DOWNLOAD_DRESSED),
    (SoundForm.DRESSED, Purpose.KEEP): (Door.DOWNLOAD, Door.DOWNLOAD_DRESSED),
    (SoundForm.OPUS, Purpose.HEAR): (Door.LISTEN,),
    (SoundForm.OPUS, Purpose.KEEP): (Door.DOWNLOAD,),
    (SoundForm.PREVIEW, Purpose.HEAR): (Door.PREVIEW,),
    (SoundForm.PREVIEW, Purpose.KEEP): (Door.PREVIEW, Door.DOWNLOAD),
}

_PLAYED = {
    "mp3": ("mp3",),
    "flac": ("flac",),
    "ogg": ("vorbis", "opus", "flac"),
    "mp4": ("aac",),
    "wav": ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"),
}
"""By container: codecs that Firefox, Chromium and Safari all play."""


def doors_of(asked: Asked) -> tuple[Door, ...]:
    """Doors that all must be open, the one that grants the use first."""
    return _DOORS[asked.form, asked.purpose]


def may_hear_on_premises(asked: Asked) -> bool:
    """Whether the leave to play it in the archive's own rooms is enough."""
    is_whole = asked.form in (SoundForm.ORIGINAL, SoundForm.OPUS)
    return asked.place.is_premises and asked.purpose is Purpose.HEAR and is_whole


def played_form(technical: Technical | None) -> SoundForm:
    """The original where browsers play it, else a copy for listening."""
    if technical is not None and technical.codec in _PLAYED.get(technical.container, ()):
        return SoundForm.ORIGINAL
    return SoundForm.OPUS
