"""How often one listener may ask: a bucket for each that runs over when it is filled too fast.

Laws: a bucket never lets through more than its burst and what flowed off since; a refusal says when
the next request would pass; memory is bounded, and who came longest ago is forgotten first, which
gives nobody more than one burst.

Sound, covers and papers are not counted here: fairness among those who download is a matter of
bandwidth, which the connections share.
Source: the generic cell rate algorithm (ITU-T I.371), as one instant for each listener.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock


class Bucket:
    """One limit, for one process. Threads may share it.

    Args:
        clock: Seconds that never go back.
        per_s: Requests in a second in the long run; 0 for no limit.
        burst: How many may come at once.
        most: Listeners who are remembered.
    """

    def __init__(
        self, clock: Callable[[], float], *, per_s: float, burst: int, most: int = 100_000
    ) -> None:
        self._clock = clock
        self._each_s = 1 / per_s if per_s else 0.0
        self._slack_s = self._each_s * (burst - 1)
        self._most = most
        self._due: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def wait_s(self, who: str) -> float:
        """Count a request; return 0, or how long its sender has to wait before it would pass."""
        if not self._each_s:
            return 0.0
        now = self._clock()
        with self._lock:
            due = max(self._due.pop(who, now), now)
            wait_s = due - now - self._slack_s
            self._due[who] = due + self._each_s if wait_s <= 1e-9 else due
            while len(self._due) > self._most:
                self._due.popitem(last=False)
        return wait_s if wait_s > 1e-9 else 0.0
