"""The pictures of music in the docs: `python -m scripts.pictures`.

A track of the made-up label (`phonotheque.demo`) is drawn as an archive would draw it: its waveform
as SVG and as PNG, its spectrogram as PNG, and its sleeve as a thumbnail. Law: nothing in these
pictures was touched up, and whoever runs the script gets them again.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from phonotheque.audio import facts_in_child
from phonotheque.demo.label import make_label
from phonotheque.derive.recipes import THUMBNAILS
from phonotheque.derive.spectrogram import spectrogram_png
from phonotheque.derive.spectrum import measure_spectrum
from phonotheque.derive.thumbnails import make_thumbnail
from phonotheque.derive.waveform import Drawn, waveform_svg

FOLDER = Path(__file__).parents[1] / "docs" / "images"
TRACK = "Gantry Nine - Warm Machinery/03 Seven Grams of Oil.mp3"


def main() -> None:
    """Make the label in a folder of its own, draw one track of it, and forget the label."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-pictures-") as name:
        label = make_label(Path(name) / "label")
        draw(label.folder / TRACK)


def draw(path: Path) -> None:
    """Draw a track and its sleeve into the docs' folder."""
    with open(path.with_name("cover.png"), "rb") as cover:
        hue = make_thumbnail(cover, THUMBNAILS[250]).hue
    with open(path, "rb") as track:
        facts = facts_in_child(track)
        if facts.sound is None:
            raise ValueError(f"{path} has no sound: {facts.reason}")
        title = f"{facts.tags.title} by {', '.join(facts.tags.artists)}"
        drawn = Drawn(facts.sound.decoded_ms, title, hue)
        waveform = waveform_svg(facts.waveform, drawn)
        spectrogram = spectrogram_png(measure_spectrum(track, facts.sound.decoded_ms))
    (FOLDER / "waveform.svg").write_text(waveform, encoding="utf-8")
    (FOLDER / "spectrogram.png").write_bytes(spectrogram)


if __name__ == "__main__":
    main()
