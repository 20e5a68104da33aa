"""Disks that fail on purpose: in memory, losing power, refusing the k-th call, flipping a byte.

- `faults.memory`: `MemoryDisk`, a real disk in memory
- `faults.powerloss`: `PowerLossDisk` and `explore`: every crash point of a scenario
- `faults.sites`: `assert_every_sync_matters`: no fsync can be taken out unnoticed
- `faults.faulty`: `FailKth`, `FullAfter`, `FlipByte`, `TruncateOnRead`, `Hooked`, `CrashAfter`
"""
