"""What holds for all tests: Hypothesis without deadlines, since no assertion is about time."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "here",
    deadline=None,
    derandomize=os.environ.get("PHONOTHEQUE_RANDOM") != "1",  # torture draws new examples
    max_examples=int(os.environ.get("PHONOTHEQUE_EXAMPLES", "50")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("here")
