"""Names and titles that never were, in ten scripts, with words as common and as rare as real ones.

Laws: the same numbers give the same text on every machine; words of a script are chosen with
Zipf's frequencies; Han, kana and Thai are written without spaces, as they are in the world.
Nothing here is taken from a catalogue: words are ordinary words or joined syllables.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]

_STEP = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def pieces(text: str) -> tuple[str, ...]:
    """Return what stands between the spaces of a text."""
    return tuple(text.split())


COMMON_WORDS = pieces("""
    the you love me night of in my to a on it we all day heart one time life world home light blue
    fire rain sun moon star dream baby girl boy man woman city street road river sea sky gold black
    white red green summer winter spring dance song music party king queen angel devil ghost shadow
    mirror glass stone wild free lost found broken perfect again forever never always tonight
    tomorrow yesterday away back down up out over under without with for from remember forget
    believe run fly fall rise stay leave come go let make feel know want need miss kiss touch hold
    sweet bitter high low slow fast deep young old new last first only little big good bad crazy
    beautiful lonely intro outro interlude theme part prelude sonata symphony concerto waltz blues
    soul funk rock jazz house live remix edit version radio original mix acoustic instrumental
    remastered bonus extended club dub session
""")
"""The commonest words of Latin titles, the commonest first."""

_KATAKANA = (
    "アインスルトリラクシタマノカレドテサコナキモフミハワチロオニネヒツエセウムヤユホメヨソケヌヘ"
)
_HIRAGANA = "の愛いうかしたなにはるをがとこきてっりれさもよまくあ"
_THAI_LETTERS = "กรนมงลสวดตคทยอปบหพจชขศถผภซฟฝธณฉฐฎ"
_THAI_VOWELS = ("", "า", "ี", "ั", "ิ", "เ", "ุ", "ู", "่า", "้")


@dataclass(frozen=True, slots=True)
class Script:
    """One way of writing.

    Attributes:
        share: Of all artists, how many write so.
        words: How many different words there are.
        pieces: What words are joined of, the commonest first when `is_zipf`.
        least: Fewest pieces of a word.
        most: Most pieces of a word.
        is_spaced: Whether words have spaces between them.
        is_zipf: Whether some pieces are far commoner than others.
    """

    share: float
    words: int
    pieces: tuple[str, ...]
    least: int = 2
    most: int = 4
    is_spaced: bool = True
    is_zipf: bool = False


SCRIPTS = {
    "Latn": Script(
        0.74,
        60_000,
        pieces(
            "ba be bo ka ke ko da de do fa la le lo li ma me mo mi na ne no pa ra re ri ro sa se so"
            " ta te to va vi ya zu chan ster ton ling ber gar lan mar nor son vel wyn ci ção ñar"
            " für grö él"
        ),
    ),
    "Cyrl": Script(
        0.07,
        20_000,
        pieces(
            "ба ва га да жа за ка ла ма на па ра са та ча ло мо но во ро со то не ре те ве ни ли"
            " ми ти ри ши ну лу"
        ),
    ),
    "Jpan": Script(0.05, 12_000, tuple(_KATAKANA + _HIRAGANA), 2, 6, False, True),
    "Hani": Script(
        0.04, 12_000, tuple(chr(0x4E00 + 5 * i) for i in range(4_000)), 2, 6, False, True
    ),
    "Hang": Script(
        0.04,
        12_000,
        tuple(
            "사랑나너우리밤별달빛하늘바람비꽃눈바다산물불인생꿈영원봄여름가을겨울시간세상소리도길집"
        ),
        2,
        6,
    ),
    "Arab": Script(
        0.02, 6_000, pieces("حب ليل قلب نور سما بحر يا من في عل نا لي را مي دا سا تا كا")
    ),
    "Thai": Script(
        0.015,
        6_000,
        tuple(letter + vowel for vowel in _THAI_VOWELS for letter in _THAI_LETTERS),
        2,
        5,
        False,
        True,
    ),
    "Deva": Script(0.01, 5_000, pieces("प्या रा दि ल त सा ज न मे री ते ह म तु चां द सू")),
    "Grek": Script(0.008, 4_000, pieces("αγ απη νυ χτα κα ρδι α φω ς θα λα σσα ου ρα νο μα τι")),
    "Hebr": Script(0.007, 3_000, pieces("אה בה לי לה לב אור ים שמ ש רו ח יר חי מי ם")),
}
NAMES = tuple(SCRIPTS)
IS_SPACED = np.array([script.is_spaced for script in SCRIPTS.values()])
_SHARES = np.cumsum([script.share for script in SCRIPTS.values()])
_FIRST = np.cumsum([0] + [script.words for script in SCRIPTS.values()])[:-1]
_LOG_WORDS = np.log([script.words for script in SCRIPTS.values()])


def hashes(numbers: npt.NDArray[Any], salt: int) -> Hashes:
    """Return 64 well-mixed bits for each number; another salt gives other bits.

    Source: "Fast Splittable Pseudorandom Number Generators" (Steele, Lea, Flood, OOPSLA 2014).
    """
    z = numbers.astype(np.uint64) + np.uint64(salt * _STEP & _MASK)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def uniform(numbers: npt.NDArray[Any], salt: int) -> Reals:
    """Return a number in [0, 1) for each number."""
    drawn: Reals = (hashes(numbers, salt) >> np.uint64(11)).astype(np.float64)
    drawn *= 2.0**-53
    return drawn


def normal(numbers: npt.NDArray[Any], salt: int) -> Reals:
    """Return a standard normal number for each number (Box and Muller 1958)."""
    radius = np.sqrt(-2 * np.log1p(-uniform(numbers, salt)))
    turned: Reals = radius * np.cos(2 * np.pi * uniform(numbers, salt + 1))
    return turned


@cache
def vocabulary() -> pa.Array:
    """All words, those of one script together, the commonest of each first."""
    words: list[str] = []
    for number, script in enumerate(SCRIPTS.values()):
        words += _words_of(script, number)
    return pa.array(words, pa.string())


def _words_of(script: Script, number: int) -> list[str]:
    """Join pieces to words until there are as many different ones as wanted."""
    seen = dict.fromkeys(COMMON_WORDS if number == 0 else ())
    drawn, count = 0, len(script.pieces)
    while len(seen) < script.words:
        rows = np.arange(drawn, drawn + 8_192)
        lengths = script.least + (
            hashes(rows, 1_000 + number) % np.uint64(script.most - script.least + 1)
        ).astype(np.int64)
        u = uniform(rows[:, None] * 8 + np.arange(script.most), 2_000 + number)
        chosen = (np.exp(u * np.log(count + 1)) - 1 if script.is_zipf else u * count).astype(int)
        for length, row in zip(lengths.tolist(), chosen.tolist(), strict=True):
            seen.setdefault("".join(script.pieces[i] for i in row[:length]))
        drawn += len(rows)
    return list(seen)[: script.words]


def script_of(numbers: npt.NDArray[Any], salt: int) -> Integers:
    """Choose a script for each number: an index into `NAMES`."""
    found: Integers = np.searchsorted(_SHARES, uniform(numbers, salt) * _SHARES[-1], side="right")
    return found


def phrases(scripts: Integers, counts: Integers, u: Reals) -> pa.Array:
    """Return one phrase for each row.

    Args:
        scripts: Index of its script.
        counts: How many words it has, at least 1.
        u: A draw for each word of all rows, in [0, 1): small ones are common words.
    """
    ends = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=ends[1:])
    of_word = np.repeat(scripts, counts)
    chosen = np.exp(u * _LOG_WORDS[of_word]).astype(np.int64) - 1 + _FIRST[of_word]
    words = vocabulary().take(pa.array(chosen))
    lists = pa.ListArray.from_arrays(pa.array(ends), words)
    spaced = IS_SPACED[scripts]
    text = pc.utf8_capitalize(pc.binary_join(lists, " "))
    if spaced.all():
        return text
    unspaced = pa.array(~spaced)
    joined = pc.binary_join(lists.filter(unspaced), "")
    return pc.replace_with_mask(text, unspaced, joined)
