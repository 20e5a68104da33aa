"""A door that is patient: a machine that stands still for some seconds changes no answer.

What is bounded in time is proven where a test makes the bound short, for what it asks then.
"""

from __future__ import annotations

import pytest

from phonotheque.archive.listening import library, protocol
from phonotheque.listen.sound import album_routes, traffic

PATIENT_S = 600.0


@pytest.fixture(scope="module", autouse=True)
def _patient_door():
    """Nothing is cut short because time is up; what else this process tests is as it was.

    Of one module, not of a package: that would be the whole session for pytest, because there is no
    `__init__.py`, and not of one test: doors of a module are opened once.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (library, "DEADLINE_S"),
            (protocol, "HEAD_S"),
            (protocol, "TAKE_S"),
            (protocol, "IDLE_S"),
            (traffic, "_MADE_S"),
            (album_routes, "_PATIENCE_S"),
        ):
            patch.setattr(module, name, PATIENT_S)
        yield
