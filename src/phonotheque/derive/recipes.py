"""How each derivative is made, as values: the recipe is part of the name it is kept under.

Laws: a recipe changes nothing but by a new value, and so a new name: what was made by the old one
is never taken for what the new one makes. Numbers stand beside the reason for them.
"""

from __future__ import annotations

import msgspec


class Excerpt(msgspec.Struct, frozen=True):
    """Which part of a recording a preview plays.

    The rule is simple so that it can be told: from one third on, 30 seconds, never more than a
    third of the whole. A short piece is so never given away as its own preview.

    Attributes:
        begins_at_share: Where it begins, as a share of the whole: introductions are over, the
            theme is there.
        longest_ms: Its length in a long recording.
        longest_share: Its length in a short one, as a share of the whole.
        fade_in_ms: Raised from silence over so long.
        fade_out_ms: Lowered to silence over so long.
    """

    begins_at_share: float = 1 / 3
    longest_ms: int = 30_000
    longest_share: float = 1 / 3
    fade_in_ms: int = 500
    fade_out_ms: int = 2_000

    def span_ms(self, whole_ms: int) -> tuple[int, int]:
        """Return beginning and end, half-open, in a recording of that length."""
        start_ms = int(whole_ms * self.begins_at_share)
        return start_ms, start_ms + min(self.longest_ms, int(whole_ms * self.longest_share))


class CopyRecipe(msgspec.Struct, frozen=True):
    """How a copy for listening is made: Opus in Ogg (RFC 6716, RFC 7845), 48 kHz.

    Attributes:
        name: What it is called, in names of files too: a-z, 0-9 and -.
        bit_rate_bps: What a stereo copy aims at (the rate varies with the music); one channel
            gets two thirds of it, more than two are mixed down to two.
        complexity: How hard libopus thinks, 0 to 10.
        excerpt: The part that is played; None for the whole.
        codec: FFmpeg's name of the encoder.
        extension: Ending of the file.
    """

    name: str
    bit_rate_bps: int
    complexity: int = 10
    excerpt: Excerpt | None = None
    codec: str = "libopus"
    extension: str = "opus"

    def bit_rate_for(self, channels: int) -> int:
        """Return the aim in bits per second for one or two channels."""
        return self.bit_rate_bps if channels > 1 else self.bit_rate_bps * 2 // 3


COPY = CopyRecipe("opus-75", 75_000)
"""The access copy: about 34 MB an hour, on a slow line too; experts will hear the difference."""

FINE_COPY = CopyRecipe("opus-128", 128_000)
"""The better access copy: about 58 MB an hour, for hardly anybody to tell from the master."""

PREVIEW = CopyRecipe("preview-75", 75_000, excerpt=Excerpt())
"""Half a minute, for recordings of which no more may be played."""

COPIES = {recipe.name: recipe for recipe in (COPY, FINE_COPY, PREVIEW)}
"""All recipes of copies by name."""


class ThumbnailRecipe(msgspec.Struct, frozen=True):
    """How a small picture of a cover is made: a progressive JPEG in sRGB, never enlarged.

    Attributes:
        name: As in `CopyRecipe`.
        longest_px: Its longer side at most.
        quality: Of the JPEG, 1 to 95.
        extension: Ending of the file.
    """

    name: str
    longest_px: int
    quality: int = 82
    extension: str = "jpg"


THUMBNAILS = {
    250: ThumbnailRecipe("cover-250", 250),
    500: ThumbnailRecipe("cover-500", 500),
    1200: ThumbnailRecipe("cover-1200", 1200),
}
"""Lists and decks, pages of albums, the whole screen. The sizes are those of the Cover Art Archive,
so that clients which know that one find what they ask for."""


class SpectrogramRecipe(msgspec.Struct, frozen=True):
    """How a picture of all frequencies over time is drawn.

    Attributes:
        name: As in `CopyRecipe`.
        columns: Of the plot; a column is the mean of what sounded in its time.
        rows: Of the plot, from 0 Hz to half the sample rate, evenly.
        floor_db: What is this faint or fainter is drawn as silence, in dB under full scale.
        ceiling_db: What is this loud or louder is drawn brightest.
        extension: Ending of the file.
    """

    name: str = "spectrogram"
    columns: int = 1000
    rows: int = 512
    floor_db: int = -110
    ceiling_db: int = -10
    extension: str = "png"


SPECTROGRAM = SpectrogramRecipe()

Recipe = CopyRecipe | ThumbnailRecipe | SpectrogramRecipe
"""Any recipe whose result is kept. A waveform is drawn faster than it is looked up."""
