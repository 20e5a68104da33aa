"""No test here cuts the power: what is written need not be durable, and is written faster."""

import os

import pytest


@pytest.fixture(scope="package", autouse=True)
def not_durable():
    """Let fsync return at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield
