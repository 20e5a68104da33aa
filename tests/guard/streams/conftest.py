"""A real stream server, of a test's own."""

from __future__ import annotations

import shutil
import subprocess

import pytest


class Real:
    """A server behind a socket in a folder; what it holds lasts as long as the folder."""

    def __init__(self, folder) -> None:
        self.program = shutil.which("valkey-server") or shutil.which("redis-server")
        if self.program is None:
            pytest.skip("neither Valkey nor Redis is installed")
        self.folder = folder
        self.url = f"unix://{folder}/server.sock"
        self.start()

    def start(self) -> None:
        """Start it, and return once it answers."""
        kept = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        where = ["--port", "0", "--unixsocket", f"{self.folder}/server.sock"]
        command = [self.program, *where, *kept, "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "eady to accept connections" in line:
                return
        pytest.fail("the server did not start")

    def kill(self) -> None:
        """Kill it, as a loss of power would."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def asked(self, *command: str) -> object:
        """Ask it something, beside everything else."""
        import valkey

        with valkey.Valkey.from_url(self.url) as there:
            return there.execute_command(*command)


@pytest.fixture
def real(tmp_path):
    """A server on a socket of its own."""
    pytest.importorskip("valkey", reason="the extra `valkey` is not installed")
    server = Real(tmp_path)
    yield server
    if server.process.poll() is None:
        server.kill()
