"""Statements of mirrors that come over HTTP: proven, and counted where a person knows the mirror.

Not here: the proof (`archive.keeping.accepting`), the address (`listen.statement_routes`).
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

from phonotheque.archive.keeping.accepting import accept
from phonotheque.errors import BadRequestError, IntegrityError, TrustError, UnavailableError
from phonotheque.listen.statement_routes import Counted


class ArchiveStatements:
    """Takes statements for one archive.

    Args:
        root: Its folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._turn = threading.Lock()

    def take(self, data: bytes) -> Counted:
        """Prove a statement and count it; see `Statements`."""
        if not self._turn.acquire(blocking=False):
            raise UnavailableError("statements", "another one is being proven", "Send it again.")
        try:
            done = accept(
                self._root, data, may_change_key=False, is_rehearsed=False, must_be_known=True
            )
        except (IntegrityError, TrustError) as error:
            raise BadRequestError(error.thing, error.wrong, error.todo) from error
        finally:
            self._turn.release()
        judged = Counter(one.verdict.value for one in done.judged)
        return Counted(done.reported.mirror, done.is_new, dict(sorted(judged.items())))
