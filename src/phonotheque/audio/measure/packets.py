"""Every packet of a stream through its decoder, and a note of each that did not come out.

Laws: a packet that holds bytes and does not decode is a failure with its place; an error on an
empty one is none (an empty last packet is common in old Vorbis and means nothing); a frame that its
decoder calls corrupt is a failure, and is heard like any other; where the container breaks off,
what came before still counts.

FFmpeg gives up where a chained Ogg goes on with another rate, number of channels or codec. There
the next part is opened as a file of its own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, TypeAlias, cast

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from phonotheque.audio import decoding
from phonotheque.audio.decoding import FOREIGN_ERRORS, OpenedAudio, Range, words_of
from phonotheque.audio.measure.ogg_packets import find_link
from phonotheque.audio.measure.parts import Parts
from phonotheque.errors import MalformedError
from phonotheque.music.sound import DAMAGE_LISTED, Damage

_Packet: TypeAlias = "Packet[AudioStream]"

_MOST_LINKS = 10_000
"""Parts of a chain that are opened: a week of radio. Each costs half a millisecond."""


class PacketWalk:
    """Walks an opened file once.

    Args:
        audio: Just opened.
        parts: Where frames go.
        payload: Takes the bytes of every packet, if it is wanted.

    Attributes:
        first_failures: At most `DAMAGE_LISTED`.
        failure_count: How many there were.
    """

    def __init__(self, audio: OpenedAudio, parts: Parts, payload: Any | None) -> None:
        self._audio, self._parts, self._payload = audio, parts, payload
        self._link_byte = 0
        self._link_ms = 0
        self._last_byte = 0
        self._broken = ""
        self.first_failures: list[Damage] = []
        self.failure_count = 0

    def iter_steps(self) -> Iterator[None]:
        """Decode packet after packet; yield when there are blocks to take."""
        yield from self._iter_link(self._audio)
        file = self._audio.file
        is_ogg = self._audio.container.format.name == "ogg"
        for _ in range(_MOST_LINKS):
            start = find_link(file, self._last_byte) if self._broken and is_ogg else None
            if start is None:
                break
            self._link_byte, self._link_ms = start, self._parts.length_ms
            self._last_byte = start
            view = cast(BinaryIO, Range(file, start, file.seek(0, io.SEEK_END)))
            try:
                with decoding.opened(view, "ogg") as link:
                    yield from self._iter_link(link)
            except MalformedError as error:
                self._broken = error.wrong
        if self._broken:
            self._note(self._broken, None, self._audio)
        try:
            self._parts.drain()
        except FOREIGN_ERRORS as error:
            self._note(f"the end does not decode: {words_of(error)}", None, self._audio)

    def _iter_link(self, audio: OpenedAudio) -> Iterator[None]:
        """Walk to the end of the file, or to where FFmpeg gives up: then `_broken` says why."""
        self._broken = ""
        packets = audio.container.demux(audio.stream)
        while True:
            try:
                packet = next(packets, None)
            except FOREIGN_ERRORS as error:
                self._broken = f"the container breaks off: {words_of(error)}"
                self._decode(None, audio)
                return
            if packet is None:
                return
            if packet.size:
                if self._payload is not None:
                    self._payload.update(packet)
                if packet.pos is not None and packet.pos >= 0:
                    self._last_byte = self._link_byte + packet.pos
            self._decode(packet, audio)
            if self._parts.has_block:
                yield

    def _decode(self, packet: _Packet | None, audio: OpenedAudio) -> None:
        """Decode a packet; None makes the decoder give what it still holds."""
        try:
            for frame in audio.codec.decode(None) if packet is None else packet.decode():
                if isinstance(frame, AudioFrame):
                    if frame.is_corrupt:
                        self._note("the decoder calls this part corrupt", packet, audio)
                    self._parts.write(frame)
        except FOREIGN_ERRORS as error:
            if packet is not None and packet.size:
                self._note(f"does not decode: {words_of(error)}", packet, audio)

    def _note(self, what: str, packet: _Packet | None, audio: OpenedAudio) -> None:
        self.failure_count += 1
        if len(self.first_failures) >= DAMAGE_LISTED:
            return
        at_byte = at_ms = None
        if packet is not None and packet.pos is not None and packet.pos >= 0:
            at_byte = self._link_byte + packet.pos
        if packet is not None and packet.pts is not None and packet.time_base is not None:
            since = packet.pts - (audio.stream.start_time or 0)
            at_ms = self._link_ms + max(0, round(since * packet.time_base * 1000))
        self.first_failures.append(Damage(what, at_byte, at_ms))
