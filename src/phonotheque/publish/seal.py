"""Sealing a volume: every byte proven once more, what is damaged named and left out, then minted.

Laws: no volume holds an object that did not hash to its name in this very run; a finding is in the
register before the volume that does without it. The rest is `mint`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from phonotheque.errors import NotHeldError, PhonothequeError
from phonotheque.hands import Hands
from phonotheque.music.digest import Digests, Sha256
from phonotheque.music.finding import Finding, FindingKind
from phonotheque.publish.mint import Press, mint, record
from phonotheque.publish.plan import Filled, PlannedVolume
from phonotheque.publish.torrent import Torrent
from phonotheque.register.chain import in_lines
from phonotheque.register.descriptions import known_layers
from phonotheque.register.events import Fixity
from phonotheque.store.digests import digest_file
from phonotheque.store.objects import ObjectName, Store


@dataclass(frozen=True, slots=True)
class Proof:
    """One object read whole. `digests` is None when it is damaged, and `finding` says how."""

    digests: Digests | None
    finding: Finding | None


def prove(store: Store, name: ObjectName) -> Proof:
    """Read an object once, giving every digest if, and only if, it is what its name says."""
    try:
        with store.open(name) as file:
            digests = digest_file(file)
    except NotHeldError:
        return Proof(None, Finding(FindingKind.MISSING, name.path, "no file of this name is there"))
    except (OSError, PhonothequeError) as error:
        return Proof(None, Finding(FindingKind.UNREADABLE, name.path, str(error)))
    except ValueError:
        return Proof(None, Finding(FindingKind.TRUNCATED, name.path, "it is empty"))
    if digests.sha256 != name.sha256:
        detail = f"its bytes hash to {digests.sha256}"
        return Proof(None, Finding(FindingKind.CHANGED, name.path, detail))
    return Proof(digests, None)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What became of a planned volume. `torrent` is None when no object was sound."""

    planned: PlannedVolume
    torrent: Torrent | None
    findings: tuple[Finding, ...]


def prove_all(
    hands: Hands[ObjectName, Proof], filled: Filled
) -> Iterator[tuple[ObjectName, Proof]]:
    """Read every member once, on many hands; in the order they get ready."""
    for results in hands.work([member.name for member in filled.members]):
        for name, result in results:
            if isinstance(result, PhonothequeError):
                finding = Finding(FindingKind.UNREADABLE, name.path, str(result))
                result = Proof(None, finding)
            yield name, result


def seal(press: Press, filled: Filled, proofs: Mapping[Sha256, Proof]) -> Sealed:
    """Seal what is sound of a planned volume; record what is not.

    Args:
        press: The archive's parts.
        filled: The volume.
        proofs: What `prove_all` found for each of its members.
    """
    findings = tuple(proof.finding for proof in proofs.values() if proof.finding)
    if findings:
        _record_findings(press, findings)
    digests = {sha256: proof.digests for sha256, proof in proofs.items() if proof.digests}
    sound = tuple(member for member in filled.members if member.name.sha256 in digests)
    if not sound:
        return Sealed(filled.planned, None, findings)
    size_bytes = sum(member.size_bytes for member in sound)
    planned = replace(filled.planned, objects=len(sound), size_bytes=size_bytes)
    torrent = mint(press, Filled(planned, sound), proven=digests)
    with press.index.transaction():
        known = known_layers(press.index, list(digests))
        for sha256 in digests.keys() - known:
            press.index.remember(digests[sha256])
    return Sealed(planned, torrent, findings)


def _record_findings(press: Press, findings: tuple[Finding, ...]) -> None:
    events = []
    for part in in_lines(findings):
        names = tuple(finding.path.rpartition("/")[2][:64] for finding in part)
        events.append(Fixity(len(part), 0, objects=names, findings=part))
    record(press, events)
