"""Letters of other scripts as people type them in Latin: one way for each letter, for keys only.

Laws: text of ASCII comes back as it is; whatever has no Latin way here (Han, Arabic, Indic scripts,
Thai) stays as it is, so that it still equals itself. It is for comparing what both sides wrote, and
is never shown.

Source: BGN/PCGN 1947 (Russian) without signs, ISO 843 (Greek) reduced to ASCII, modified Hepburn
without long vowels (kana), Revised Romanization of 2000 letter by letter (Hangul).
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

_LATIN = "ø o æ ae œ oe ł l đ d ð d þ th ı i ħ h ŋ ng ə e ß ss ĸ k ŧ t"
_CYRILLIC = (
    "а a б b в v г g д d е e ё e ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u ф f"
    " х kh ц ts ч ch ш sh щ shch ъ  ы y ь  э e ю yu я ya і i ї i є ye ґ g ў u ј j љ lj њ nj ћ c"
    " ђ d џ dz ѓ g ќ k ѕ z"
)
_GREEK = (
    "α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ y φ f"
    " χ ch ψ ps ω o"
)
_HEBREW = (
    "א a ב b ג g ד d ה h ו v ז z ח h ט t י y כ k ך k ל l מ m ם m נ n ן n ס s ע a פ p ף p צ ts"
    " ץ ts ק k ר r ש sh ת t"
)
_KANA = (
    "ア a イ i ウ u エ e オ o カ ka キ ki ク ku ケ ke コ ko サ sa シ shi ス su セ se ソ so タ ta"
    " チ chi ツ tsu テ te ト to ナ na ニ ni ヌ nu ネ ne ノ no ハ ha ヒ hi フ fu ヘ he ホ ho マ ma"
    " ミ mi ム mu メ me モ mo ヤ ya ユ yu ヨ yo ラ ra リ ri ル ru レ re ロ ro ワ wa ヲ o ン n ガ ga"
    " ギ gi グ gu ゲ ge ゴ go ザ za ジ ji ズ zu ゼ ze ゾ zo ダ da ヂ ji ヅ zu デ de ド do バ ba"
    " ビ bi ブ bu ベ be ボ bo パ pa ピ pi プ pu ペ pe ポ po ヴ vu ァ a ィ i ゥ u ェ e ォ o"
)
_SMALL_Y = {"ャ": "a", "ュ": "u", "ョ": "o"}
_SMALL_VOWELS = "ァィゥェォ"
_INITIALS = "g kk n d tt r m b pp s ss * j jj ch k t p h"
_MEDIALS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i"
_FINALS = "* k k k n n n t l k m l l l p l m p p t t ng t t k t p t"
"""Parts of a syllable in the order of Unicode; finals as each is spoken at the end of a word."""
_HANGUL, _HANGUL_END = 0xAC00, 0xD7A3
_HIRAGANA, _HIRAGANA_END, _TO_KATAKANA = 0x3041, 0x3096, 0x60


def _pairs(text: str) -> dict[str, str]:
    """Read "letter way letter way"; a way may be empty."""
    parts = text.split(" ")
    return dict(zip(parts[::2], parts[1::2], strict=True))


_LETTERS = {
    ord(letter): way
    for table in (_LATIN, _CYRILLIC, _GREEK, _HEBREW)
    for letter, way in _pairs(table).items()
}
_SYLLABLES = _pairs(_KANA)


def latin(folded: str) -> str:
    """Return folded text in Latin letters, as far as there is a way."""
    if folded.isascii():
        return folded
    text = folded.translate(_LETTERS)
    if text.isascii():
        return text
    return "".join(_spoken(text))


def _spoken(text: str) -> list[str]:
    """Spell kana and Hangul, letter by letter."""
    out: list[str] = []
    is_double = False
    for letter in text:
        code = ord(letter)
        if _HIRAGANA <= code <= _HIRAGANA_END:
            letter = chr(code + _TO_KATAKANA)
        if letter == "ッ":
            is_double = True
        elif letter == "ー":
            continue
        elif letter in _SMALL_Y and out and out[-1].endswith("i"):
            stem = out[-1][:-1]
            out[-1] = stem + ("" if stem.endswith(("sh", "ch", "j")) else "y") + _SMALL_Y[letter]
        elif letter in _SMALL_VOWELS and out and len(out[-1]) > 1:
            out[-1] = out[-1][:-1] + _SYLLABLES[letter]
        elif letter in _SYLLABLES:
            way = _SYLLABLES[letter]
            out.append(way[0] + way if is_double and way[0] not in "aeioun" else way)
            is_double = False
        elif _HANGUL <= code <= _HANGUL_END:
            out.append(_hangul(code - _HANGUL))
        else:
            out.append(letter)
    return out


def _hangul(number: int) -> str:
    """Spell a syllable of Hangul."""
    first, rest = divmod(number, 21 * 28)
    middle, last = divmod(rest, 28)
    spoken = _INITIALS.split()[first] + _MEDIALS.split()[middle] + _FINALS.split()[last]
    return spoken.replace("*", "")
