"""Faults of processes and disks, with the real command: kill -9, crowds, full disks, fuzz.

    python -m tests.torture --seconds 600            every torment in turn, a new seed each round
    python -m tests.torture --only kill --seed 42    one torment, from a given seed

- `command`: running `phono` so that it can be watched, stopped and killed; `stopped_at`: one that
  stops by itself
- `invariants`: what must be true of an archive on disk at any instant, read without the product
- `kill`, `crowd`, `disk_full`, `damage`, `fuzz`, `hostile`, `giant`, `suites`: the torments
"""
