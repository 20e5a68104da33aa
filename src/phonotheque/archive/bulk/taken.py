"""What came of a step of publishing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a step; false when nothing had changed and nothing was found.

    Attributes:
        done: What it did, in sentences.
        findings: What it found and could not mend, each with what to do about it.
    """

    done: str = ""
    findings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.done or self.findings)
