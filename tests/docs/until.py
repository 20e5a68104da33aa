"""Run a command until it has printed some words, then interrupt it as Ctrl-C does.

Usage: until.py WORDS COMMAND. What it prints is passed on; its exit status is ours.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

words, command = sys.argv[1:]
child = subprocess.Popen(["bash", "-c", f"exec {command}"], stdout=subprocess.PIPE, text=True)
watchdog = threading.Timer(300, child.kill)
watchdog.start()
assert child.stdout is not None
for line in child.stdout:
    print(line, end="", flush=True)
    if words in line:
        child.send_signal(signal.SIGINT)
watchdog.cancel()
sys.exit(child.wait())
