"""The state of an archive as Prometheus reads it from a file.

Law: every figure of one file is of one instant; a name, once given, keeps its meaning; figures of
what is not known are left out, never zero.

Source: Prometheus, "Exposition formats", text-based format, version 0.0.4. The names follow its
"Metric and label naming": base units, `_total` for what only grows. Not here: writing the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from phonotheque.archive.keeping.alarms import Alarm, AlarmKind
from phonotheque.archive.keeping.copies import Copies
from phonotheque.archive.status import Status

_Sample = tuple[Mapping[str, str], float]
_Family = tuple[str, str, Sequence[_Sample]]


def format_metrics(status: Status, copies: Copies, found: Sequence[Alarm], at: datetime) -> bytes:
    """Return the file.

    Args:
        status: Of the archive.
        copies: As they were counted.
        found: What has stopped.
        at: When all this was so.
    """
    families = [*_holdings(status), *_checks(status), *_copies(copies), *_alarms(found)]
    families.append(
        ("status_timestamp_seconds", "When this file was made.", [({}, at.timestamp())])
    )
    return "".join(line for family in families for line in _lines(family)).encode()


def _holdings(status: Status) -> Iterator[_Family]:
    heaps = {
        "recording": status.recordings,
        "sealed": status.sealed,
        "unreadable": status.unreadable,
        "companion": status.companions,
    }
    kinds = [({"kind": kind}, heap) for kind, heap in heaps.items()]
    yield "objects", "Objects that are held.", [(kind, heap.objects) for kind, heap in kinds]
    yield "object_bytes", "Their bytes.", [(kind, heap.size_bytes) for kind, heap in kinds]
    yield "volumes", "Volumes that stand.", [({}, status.volumes)]
    yield "register_lines_total", "Lines of the register.", [({}, status.events)]


def _checks(status: Status) -> Iterator[_Family]:
    damaged = [({"condition": kind}, heap.objects) for kind, heap in status.damaged.items()]
    yield "damaged_objects", "Objects that are not as they were registered.", damaged
    yield "findings", "Torrents and lists that are not as sealed.", [({}, len(status.findings))]
    yield "unproven_objects", "Not read within their time.", [({}, status.unproven.objects)]
    yield "oldest_check_timestamp_seconds", "Everything was read since.", _at(status.oldest_check)
    yield "last_verify_timestamp_seconds", "Last run of phono verify.", _at(status.last_run)
    expiries = [({"role": one.role}, _seconds(one.expires)) for one in status.signatures]
    yield "signature_expiry_timestamp_seconds", "Until when it is believed.", expiries


def _copies(copies: Copies) -> Iterator[_Family]:
    mirrors = [
        ({"mirror": one.mirror, "operator": one.operator, "country": one.country,
          "medium": one.medium.value}, one)
        for one in copies.mirrors
    ]  # fmt: skip
    proven = [(labels, _seconds(one.proven_at)) for labels, one in mirrors]
    yield "mirror_proof_timestamp_seconds", "By when a mirror had what it proved.", proven
    whole = [(labels, one.whole) for labels, one in mirrors]
    yield "mirror_torrents", "Torrents that a mirror proved whole.", whole
    refuted = [(labels, one.refuted) for labels, one in mirrors]
    yield "mirror_refuted_torrents", "Torrents that a mirror was wrong about.", refuted
    yield "target_copies", "How many copies each volume should have.", [({}, copies.target)]
    yield "volumes_below_target", "Volumes that have fewer.", [({}, copies.below_target)]
    by_volume = [({"volume": one.volume}, one) for one in copies.volumes]
    held = [(labels, one.copies) for labels, one in by_volume]
    yield "volume_copies", "Copies of a volume by different operators.", held
    levels = [(labels, one.level.reached) for labels, one in by_volume]
    yield "volume_ndsa_level", "Level of preservation that a volume reaches, 0 to 4.", levels


def _alarms(found: Sequence[Alarm]) -> Iterator[_Family]:
    counts = Counter(one.kind for one in found)
    samples = [({"kind": kind.value}, counts[kind]) for kind in AlarmKind]
    yield "alarms", "Things that have stopped, or went wrong at a mirror.", samples


def _at(instant: str) -> Sequence[_Sample]:
    return [({}, _seconds(instant))] if instant else []


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def _lines(family: _Family) -> Iterator[str]:
    name, meaning, samples = family
    if not samples:
        return
    full = f"phonotheque_{name}"
    kind = "counter" if name.endswith("_total") else "gauge"
    yield f"# HELP {full} {meaning}\n# TYPE {full} {kind}\n"
    for labels, value in samples:
        written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{full}{{{written}}} {value:.15g}\n" if written else f"{full} {value:.15g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
