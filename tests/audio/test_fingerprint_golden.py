"""Fingerprints as libchromaprint 1.5.1 gave them, for machines that do not have it.

Only added to: a change of these words would make every fingerprint ever stored a stranger.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.audio.likeness.sounds import tune

from phonotheque.audio.fingerprint import decode_fingerprint, encode_fingerprint, fingerprint

TUNE = """
9bbea1ef99b6b365bcf68301bc168200fc128600f411a600f410ae24e510ee24e710162ce3130728e2120d28e313092b
e3f1082ae390186ae1902c0ae180240a7184010a7384414a5385f35a5306a36b5306936bf10e8d2bf00c892be008b939
e0c8a909e088ab09e0c8ae0be408b20ae409924af70a534ab60a11cab61a10eab65a14aaa69818afa69828a9b69869a8
b798ab88b7b8ba88b7bc9688b76c92c8a7258249a726922fa726a227a736a225a737e365a53551e4ed37008ced36008c
ed1604886c320cb86cf208bc6c9128ac6c9029be6c902bce6c902ece3c90264e3c91220e3792220e1692320e1692320e
46b14e0e46907b2e47d06926475029ee450309be444f058e45c8018f4788038f468a338d46ce238c46476f6c4654e924
4750e92445d3a83144d1a80344d0b5435450b1f2540091e2500183b2514283c25342834352428d015312c911d711e923
c5346923c4346922c4542922c4970502c48e0342c58e03c2c38e03c2c29a1362c2bb6123c2bbe931c2bbe900c2b8b974
d298a9e4d318a9a4d3188dacf318818c
"""
OTHER = """
d5b0adcad7b081cad69081dad691836af692822af6d2a22ef630a22ff730a22cfc24e32cfc26712cec2600ecec36049c
ec16089cfc0208bdfc4209befd920b86fd922ac6ddb52646dda42206dda42217cfa42265cfa72364cea62164cea60164
cea7053dcea50d3fcea4091ecd6c290ec82c291ec83c2b3ec8381b1ec8380d4ec8f901cec9ba319e8aaaf1868aaa9186
8aaa81838aa891e38aa8a1e18aa8a1e18ae8a0e58be8b0ed8b2c9069992cc42bdd3d443bdd3e1c6bfd362fe9fd362ef8
65b63e4865b50ec865a44ec877e46ec873242e4853243f0851250708512647385026e12970b6a12b7097a12a7094810a
508c800e508c900e444e807e450ec0c6550a4486570a4c855d1a59a55d7b5aa55dac7aa55cac7a855cac69874d6c2c87
cd2c2082cd2420a2cf2621a2cfe232e28ea2023286a2023286a0422286a0a22286a0ae3386a0ab0396a59b1596ec8a25
be7c8a2dbe388eedbf3886b8af38a2b9ad1bf2a9ad1a16abed1e15abed161dabecf608b9eca118bdfca028a4fcb02cb4
dcb02441dcb02101ccb02303ccb02302
"""
HISS = """
9fb43a6b9df00a1a8d300a0acd317b0acd16e94add16f5cadd5f81cadc98918adc98a1a9dc98a3a8dd98a2acdd59aeac
dd1bcadcdf3a0a7ddf3e3a3edf3e2b3edf7e2d3e9fae14169faa04168daad0068da8e0028ca8a1f38ce8b1e18c6883a1
cd2a87b0cd2a8790df3ad780d73f2580d7352190d71111a0d71141e4d711c16cf751ad2cf5f1a93df5b0a91df5b0a90f
e4b0ab0fe0d4be0de014821cf00c823cf10f422cf10a036df30a31edf25a35eff2de08eef29d18aed39d38bed59d3886
d49d3886448515c6448451c244c4f15244c4b162cc47a122ccc6a152cc46a142cf46a1c2ce1685c2c61685c2c636cdc2
d637c9d2d677c963d6f46921d6f46920d6d46d20d7d46520d1546000d14520005006100050460040404e0120404e0360
504f0260514e36e4534eee84534eae85134d9f8533448d9f324485af324495ba7603958a771295ca7713bc5af730e82a
f730282af7302c2af7f2252ab7b6032ab7b7421f97b5f20d97b5e2159795e23597558323955e8562955eccd29d5ef4c2
9d5e64c29d1f30f29d1901a29d1903a2
"""
PACKED_TUNE = """
28b52ffd609000cd090056184b3a406d927423a663513929cfbf2be590fb77c6dbb99a87b8c2500ebf4a558375160cc2
18d1b43e8b2c029e31072bff9ad966a2e623c7daddb64c013f0043003e001f964a900a174fe4e129d71d0333341e1286
488c016f8cd42e249550eb9cf678f0a07b82264d49d0e4af4e24b9a6b336f49c5f607e47d6f9d4986f040e280298515a
0305fc89453e2d8d00ffac337034060e84ec282b1f0516c64f49acebd4dd20241a423c8b8a480451ae19235601892174
07202924332a01f62a2a2952ad2bf404cbf98b802740a2e38c23fd824a53ede32c1b342c33703898f282e09dfe85b0c1
ac9a15771898b8f58b24ee7493b939537ff4c31f9c689daf7323a9445002ebe293fe7d2eb4d61bff5a6b77e90b80a5ff
35bf61fff817c78f2cdf8f05f1cb40b66fcf2aab3c631d7e0a030020ea9b94602a00a0
"""


def words_of(text: str) -> list[int]:
    digits = "".join(text.split())
    return [int(digits[first : first + 8], 16) for first in range(0, len(digits), 8)]


@pytest.mark.parametrize(
    ("samples", "frozen"),
    [(tune(15, 1), TUNE), (tune(15, 2), OTHER), (tune(15, 3, noise=4_000), HISS)],
    ids=["tune", "other", "hiss"],
)
def test_the_words_are_those_of_chromaprint(samples: NDArray[np.int16], frozen: str) -> None:
    """The same samples give the words that libchromaprint gave, for ever."""
    assert fingerprint(samples).tolist() == words_of(frozen)


def test_what_was_packed_once_can_be_read() -> None:
    """The frozen bytes of a packed fingerprint unpack to its words; packing may get better."""
    packed = bytes.fromhex("".join(PACKED_TUNE.split()))
    assert decode_fingerprint(packed).tolist() == words_of(TUNE)
    assert len(encode_fingerprint(decode_fingerprint(packed))) <= len(packed)
