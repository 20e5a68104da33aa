"""One decode of a whole file gives every fact that is measured.

`measure` walks the packets of an opened file once: it hashes them, decodes them, and shows large
blocks of samples to a few meters (loudness, levels, spectrum, fingerprint). Nothing is read twice,
nothing needs the length in advance, and memory does not grow with it.

Not here: opening a file (`phonotheque.audio.decoding`), what its headers and tags say, and judging
whether it is whole (`phonotheque.audio.integrity`).
"""

from phonotheque.audio.measure.by_ffmpeg import measure
from phonotheque.audio.measure.by_sndfile import measure_by_sndfile, opened_by_sndfile
from phonotheque.audio.measure.meters import Measured
from phonotheque.audio.measure.wanted import Wanted

__all__ = ["Measured", "Wanted", "measure", "measure_by_sndfile", "opened_by_sndfile"]
