"""Two machines in networks of their own, and a cable that is pulled in the midst of a fetch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mirror.networks import HALF_BYTES, OWN_NETWORK, make, why_not
from publish.stage import PATIENCE_S


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the far machine told at the end."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("networks")
    command = [*OWN_NETWORK, sys.executable, "-m", "mirror.networks", "near", str(folder)]
    done = subprocess.run(
        command,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_pulled_cable_is_told(told: dict[str, Any]) -> None:
    """A fetch whose only source is cut off in the middle ends by itself and says what came."""
    is_whole, error = told["first"]
    assert not is_whole
    assert "then nothing for a long time" in error


def test_it_goes_on_when_the_cable_is_back(told: dict[str, Any]) -> None:
    """The next fetch brings the rest over the network, and not again what had come."""
    assert told["second"] == [True, "None"]
    assert told["is_exact"]
    whole = sum(map(len, make().bodies.values()))
    first, second = told["received_bytes"]
    assert HALF_BYTES < first < whole
    assert second < whole


def test_what_is_meant_for_this_machine_never_leaves_it(told: dict[str, Any]) -> None:
    """A whole fetch with settings for loopback sends not one packet through the cable."""
    assert told["at_home_packets"] == 0
