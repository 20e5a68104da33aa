"""Naming licences: every form in which they are met, and everything that is no licence."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phonotheque.errors import BadLicenceError
from phonotheque.music.creative_commons import Deed, iter_deeds
from phonotheque.music.licence import (
    MAX_LENGTH,
    UNKNOWN,
    Scheme,
    near_matches,
    parse_licence,
    parse_licence_strict,
)
from phonotheque.music.permissions import LicenceClass
from phonotheque.music.rights_statements import RIGHTS_STATEMENTS, format_rights_uri

CC = "https://creativecommons.org/licenses"
PD = "https://creativecommons.org/publicdomain"

# What was written -> the address it names.
MESSY = {
    "http://creativecommons.org/licenses/by/3.0/": f"{CC}/by/3.0/",
    "http://creativecommons.org/licenses/by/3.0": f"{CC}/by/3.0/",
    "http://www.creativecommons.org/licenses/by/3.0/": f"{CC}/by/3.0/",
    "www.creativecommons.org/licenses/by/3.0": f"{CC}/by/3.0/",
    "creativecommons.org/licenses/by/3.0/": f"{CC}/by/3.0/",
    "//creativecommons.org/licenses/by/3.0/": f"{CC}/by/3.0/",
    "  https://creativecommons.org/licenses/by/3.0/\n": f"{CC}/by/3.0/",
    "<https://creativecommons.org/licenses/by/3.0/>": f"{CC}/by/3.0/",
    "HTTP://CreativeCommons.org/Licenses/BY-SA/3.0/": f"{CC}/by-sa/3.0/",
    "https://creativecommons.org/licenses/by/4.0/deed.en": f"{CC}/by/4.0/",
    "https://creativecommons.org/licenses/by/4.0/deed.pt_BR": f"{CC}/by/4.0/",
    "https://creativecommons.org/licenses/by/3.0/us/deed.en_US": f"{CC}/by/3.0/us/",
    "https://creativecommons.org/licenses/by-nc/4.0/legalcode": f"{CC}/by-nc/4.0/",
    "https://creativecommons.org/licenses/by-nc/4.0/legalcode.txt": f"{CC}/by-nc/4.0/",
    "https://creativecommons.org/licenses/by/4.0/?ref=chooser-v1": f"{CC}/by/4.0/",
    "https://creativecommons.org/licenses/by/4.0#by": f"{CC}/by/4.0/",
    "https://i.creativecommons.org/l/by-nc-sa/3.0/88x31.png": f"{CC}/by-nc-sa/3.0/",
    "http://creativecommons.org/licenses/by-nd-nc/1.0/": f"{CC}/by-nd-nc/1.0/",
    "http://creativecommons.org/licenses/by-nc-nd/1.0/": f"{CC}/by-nd-nc/1.0/",
    "http://creativecommons.org/licenses/by-nd-nc/2.0/": f"{CC}/by-nc-nd/2.0/",
    "http://creativecommons.org/licenses/by-sa-nc/3.0/": f"{CC}/by-nc-sa/3.0/",
    "http://creativecommons.org/licenses/by-nc-nd/2.5/ca/": f"{CC}/by-nc-nd/2.5/ca/",
    "http://creativecommons.org/licenses/by-nc-nd/2.0/uk": f"{CC}/by-nc-nd/2.0/uk/",
    "http://creativecommons.org/licenses/by-nc-sa/2.1/jp/": f"{CC}/by-nc-sa/2.1/jp/",
    "http://creativecommons.org/licenses/by/2.5/scotland/": f"{CC}/by/2.5/scotland/",
    "http://creativecommons.org/licenses/publicdomain/": f"{CC}/publicdomain/",
    "http://creativecommons.org/licenses/sampling+/1.0/": f"{CC}/sampling+/1.0/",
    "http://creativecommons.org/licenses/nc-sampling%2B/1.0/": f"{CC}/nc-sampling+/1.0/",
    "http://creativecommons.org/licenses/nd-nc/1.0": f"{CC}/nd-nc/1.0/",
    "http://creativecommons.org/publicdomain/zero/1.0/": f"{PD}/zero/1.0/",
    "http://creativecommons.org/publicdomain/mark/1.0/deed.de": f"{PD}/mark/1.0/",
    # As the Creative Commons tags of MP3 files have it.
    "2004 A. Maker. Licensed to the public under http://creativecommons.org/licenses/by/2.0/ "
    "verify at http://maker.example/licence.html": f"{CC}/by/2.0/",
    "CC BY-SA 3.0": f"{CC}/by-sa/3.0/",
    "cc by-sa v3.0": f"{CC}/by-sa/3.0/",
    "CC-BY-SA-3.0": f"{CC}/by-sa/3.0/",
    "cc_by_sa_3.0": f"{CC}/by-sa/3.0/",
    "CC-BY-SA-3": f"{CC}/by-sa/3.0/",
    "CC BY 3.0 DE": f"{CC}/by/3.0/de/",
    "CC-BY-3.0-IGO": f"{CC}/by/3.0/igo/",
    "CC-BY-NC-ND-1.0": f"{CC}/by-nd-nc/1.0/",
    "CC-SA-1.0": f"{CC}/sa/1.0/",
    "CC Sampling Plus 1.0": f"{CC}/sampling+/1.0/",
    "Creative Commons Attribution 4.0 International (CC BY 4.0)": f"{CC}/by/4.0/",
    "Creative Commons Attribution-NonCommercial-NoDerivs 3.0 Unported": f"{CC}/by-nc-nd/3.0/",
    "Attribution-Noncommercial-No Derivative Works 3.0": f"{CC}/by-nc-nd/3.0/",
    "Attribution-ShareAlike 2.5 Generic": f"{CC}/by-sa/2.5/",
    "CC0": f"{PD}/zero/1.0/",
    "cc-zero": f"{PD}/zero/1.0/",
    "CC0-1.0": f"{PD}/zero/1.0/",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": f"{PD}/zero/1.0/",
    "Public Domain Mark": f"{PD}/mark/1.0/",
    "Public Domain Mark 1.0": f"{PD}/mark/1.0/",
    "CC-PDM-1.0": f"{PD}/mark/1.0/",
    "CC-PDDC": f"{CC}/publicdomain/",
    "http://freemusicarchive.org/FMA_License": "https://freemusicarchive.org/FMA_License",
    "https://www.freemusicarchive.org/FMA_License/": "https://freemusicarchive.org/FMA_License",
    "InC": "http://rightsstatements.org/vocab/InC/1.0/",
    "noc-us": "http://rightsstatements.org/vocab/NoC-US/1.0/",
    "https://rightsstatements.org/page/CNE/1.0/?language=en": (
        "http://rightsstatements.org/vocab/CNE/1.0/"
    ),
    "All rights reserved.": "http://rightsstatements.org/vocab/InC/1.0/",
    "GPL-2+": "GPL-2.0-or-later",
    "gpl-2.0": "GPL-2.0-only",
    "LGPLv2.1": "LGPL-2.1-only",
    "Expat": "MIT",
    "https://www.gnu.org/licenses/gpl-3.0.en.html": "GPL-3.0-only",
    "https://spdx.org/licenses/OFL-1.1.html": "OFL-1.1",
    "https://opensource.org/licenses/MIT": "MIT",
    "http://www.apache.org/licenses/LICENSE-2.0": "Apache-2.0",
    "http://artlibre.org/licence/lal/en/": "LAL-1.3",
}

UNNAMED = [
    "",
    " \n",
    "CC BY",
    "cc",
    "Creative Commons",
    "public domain",
    "by 3.0",
    "CC BY 5.0",
    "CC BY 2.1",
    "CC BY 4.0 DE",
    "CC BY-ND-SA 3.0",
    "CC BY 3.0 or any other",
    "not CC BY 3.0",
    "CC BY 3.0 / CC BY 4.0",
    "(c) 2009 A Label",
    "http://creativecommons.org/licenses/",
    "http://creativecommons.org/licenses/by-nc/",
    "http://creativecommons.org/licenses/by/3.0/atlantis/",
    "http://creativecommons.org/licenses/by/4.0/de/",
    "http://creativecommons.org/licenses/by/3.0/de/fr/",
    "http://creativecommons.org/publicdomain/zero/2.0/",
    "http://creativecommons.org.evil.example/licenses/by/3.0/",
    "http://evil.example/creativecommons.org/licenses/by/3.0/",
    "http://notcreativecommons.org/licenses/by/3.0/",
    "http://creativecommons.org/licenses/by/3.0/ http://creativecommons.org/licenses/by-nc/3.0/",
    "http://creativecommons.org/licenses/by/3.0/ http://creativecommons.org/licenses/by-nc/",
    "All rights reserved. http://creativecommons.org/licenses/by/3.0/",
    "GPL",
    "GPL-4.0",
    "GFDL-1.3-invariants-only",
    "http://example.org/licence",
    "x" * (MAX_LENGTH + 1),
]


@pytest.mark.parametrize(("text", "uri"), MESSY.items())
def test_messy_forms_name_their_licence(text: str, uri: str) -> None:
    """Every spelling in use leads to the one canonical form, and the words are kept."""
    licence = parse_licence(text)
    assert licence.uri == uri
    assert licence.raw == text


@pytest.mark.parametrize("text", UNNAMED)
def test_what_is_no_licence_is_unknown_and_grants_nothing(text: str) -> None:
    """A text that is not wholly understood is copyright not evaluated, words kept."""
    licence = parse_licence(text)
    assert licence == UNKNOWN
    assert licence.raw == text
    assert licence.licence_class is None
    assert not licence.is_evaluated


def test_every_published_text_is_read_from_each_of_its_names() -> None:
    """Address, SPDX id and name of each of the 639 published texts lead back to it alone."""
    deeds = list(iter_deeds())
    assert len(deeds) == 639
    for deed in deeds:
        for text in (deed.uri, deed.spdx_id, deed.name):
            licence = parse_licence(text)
            assert licence.uri == deed.uri
            assert Deed(licence.family, licence.version, licence.port) == deed


def test_a_port_is_another_licence() -> None:
    """No two published texts share an address."""
    deeds = list(iter_deeds())
    assert len({deed.uri for deed in deeds}) == len(deeds) == len({d.spdx_id for d in deeds})
    assert parse_licence("CC BY 3.0 DE") != parse_licence("CC BY 3.0")


def test_a_text_that_was_never_published_cannot_be_made() -> None:
    """There is no CC BY 4.0 Germany."""
    with pytest.raises(ValueError, match=r"never published CC-BY-4\.0-DE"):
        Deed("by", "4.0", "de")


CLASSES = {
    "CC BY 4.0": LicenceClass.OPEN,
    "CC BY-SA 4.0": LicenceClass.OPEN,
    "CC BY-NC 4.0": LicenceClass.NC,
    "CC BY-NC-SA 4.0": LicenceClass.NC,
    "CC BY-ND 4.0": LicenceClass.ND,
    "CC BY-NC-ND 4.0": LicenceClass.NC_ND,
    "CC0": LicenceClass.OPEN,
    "CC-PDM-1.0": LicenceClass.OPEN,
    "CC-SA-1.0": LicenceClass.OPEN,
    "CC-NC-ND-1.0": LicenceClass.NC_ND,
    "GPL-2.0-or-later": LicenceClass.OPEN,
    "CC-PDDC": None,
    "CC Sampling 1.0": None,
    "CC Sampling+ 1.0": None,
    "CC NC-Sampling+ 1.0": None,
    "https://creativecommons.org/licenses/devnations/2.0/": None,
    "http://freemusicarchive.org/FMA_License": None,
    "LicenseRef-Band": None,
}


@pytest.mark.parametrize(("text", "licence_class"), CLASSES.items())
def test_classes(text: str, licence_class: LicenceClass | None) -> None:
    """Each licence is in its class of volume; one without a class says why it has none."""
    licence = parse_licence(text)
    assert licence.scheme is not Scheme.UNKNOWN
    assert licence.licence_class is licence_class
    assert licence.may_redistribute == (licence_class is not None)
    assert bool(licence.note) == (licence_class is None)


@pytest.mark.parametrize("code", RIGHTS_STATEMENTS)
def test_rights_statements_are_named_and_grant_nothing(code: str) -> None:
    """Each of the twelve is read from code and identifier, and is no licence."""
    for text in (code, format_rights_uri(code)):
        licence = parse_licence(text)
        assert (licence.scheme, licence.family) == (Scheme.RS, code)
        assert not licence.may_redistribute
        assert licence.is_evaluated == (code != "CNE")


def test_conditions() -> None:
    """Attribution and share-alike follow the elements; public-domain tools ask for neither."""
    by_sa, nd, zero = (parse_licence(t) for t in ("CC BY-SA 4.0", "CC-ND-1.0", "CC0"))
    assert (by_sa.requires_attribution, by_sa.share_alike) == (True, True)
    assert (nd.requires_attribution, nd.share_alike, nd.may_derive) == (False, False, False)
    assert (zero.requires_attribution, zero.share_alike, zero.may_commercial) == (
        False,
        False,
        True,
    )


@given(
    st.text(max_size=80)
    | st.text("CcBbYySsAaNnDd0123456789.-+ /()ORANDWITHoréorg:", max_size=60)
    | st.tuples(st.sampled_from([*MESSY, *UNNAMED]), st.text(max_size=8)).map("".join)
)
@example("\ud800")
@example("(" * 2000)
@example("CC0" + " OR CC0" * 250)
@example("İCC BY 3.0")
def test_any_text_is_read(text: str) -> None:
    """No text raises, what is named is named the same again, what is not grants nothing."""
    licence = parse_licence(text)
    assert licence.raw == text
    if licence.scheme is Scheme.UNKNOWN:
        assert licence == UNKNOWN
    else:
        assert licence.uri
        assert parse_licence(licence.uri) == licence


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("CC BY", "CC-BY-4.0"),
        ("cc-by-sa", "CC-BY-SA-4.0"),
        ("http://creativecommons.org/licenses/by-nc/", "CC-BY-NC-4.0"),
        ("CC BY 5.0", "CC-BY-4.0"),
        ("Public Domain", "CC0-1.0"),
        ("Public Domain", "CC-PDM-1.0"),
        ("MTI", "MIT"),
        ("GPL-2.0-or-latr", "GPL-2.0-or-later"),
        ("CNE.1", "CNE"),
    ],
)
def test_strict_reading_offers_what_was_meant(text: str, offered: str) -> None:
    """What a person typed and cannot be named is refused with the nearest names."""
    with pytest.raises(BadLicenceError) as caught:
        parse_licence_strict(text)
    assert offered in caught.value.todo
    assert offered in near_matches(text)


@pytest.mark.parametrize("text", ["", "   "])
def test_strict_reading_refuses_a_blank(text: str) -> None:
    """No licence is no licence."""
    with pytest.raises(BadLicenceError, match="no licence was given"):
        parse_licence_strict(text)


def test_strict_reading_takes_no_sentence() -> None:
    """An address inside other words may be quoted, denied or one of two: it is asked for alone."""
    sentence = "see http://creativecommons.org/licenses/by/3.0/ for what we do not want"
    assert parse_licence(sentence).uri == f"{CC}/by/3.0/"
    with pytest.raises(BadLicenceError, match="sentence") as caught:
        parse_licence_strict(sentence)
    assert f"{CC}/by/3.0/" in caught.value.todo


def test_a_refusal_shows_one_short_line() -> None:
    """Foreign text in a message has no line breaks, no control characters and an end."""
    with pytest.raises(BadLicenceError) as caught:
        parse_licence_strict("\x1b[2J" + "word\n" * 500)
    assert caught.value.thing.isprintable()
    assert len(caught.value.thing) < 120


@pytest.mark.parametrize("text", [text for text in MESSY if "Licensed to" not in text])
def test_strict_reading_takes_every_other_form(text: str) -> None:
    """What is named without other words around it is taken from a person, too."""
    assert parse_licence_strict(text).uri == MESSY[text]


def _releases() -> Path:
    data = os.environ.get("PHONOTHEQUE_DATA")
    root = Path(data) if data else Path(__file__).parents[3] / "shared" / "data"
    return root / "freemusi" / "releases.csv"


def test_real_netlabel_releases() -> None:
    """Every licence of 1,624 real releases is named, but for the blanks."""
    if not _releases().is_file():
        pytest.skip(f"no {_releases()}; set PHONOTHEQUE_DATA to the folder of data")
    with _releases().open(encoding="utf-8", newline="") as file:
        written = [row["licenseurl"] for row in csv.DictReader(file)]
    licences = [parse_licence(text) for text in written]
    assert len(written) == 1624
    assert len(set(written)) == 79 + 1  # and the blank
    assert sum(one.scheme is Scheme.UNKNOWN for one in licences) == written.count("") == 168
    canonical = {one.uri for one in licences if one.uri}
    assert len(canonical) == 79
    named = [one for one in licences if one.scheme is Scheme.CC]
    assert sum(one.licence_class is None for one in named) == 1  # nc-sampling+
