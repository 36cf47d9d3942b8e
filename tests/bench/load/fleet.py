# SPDX-License-Identifier: Apache-2.0
"""An ems-server with a store of its own in a folder, and what its process costs. Used by load.py and drain.py."""
from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from support.harness import Installation, build_dir, free_port, wait_for  # noqa: E402

SERVER_YAML = """\
name: server-1
listen: "127.0.0.1:{port}"
tls: {{ca: pki/ca.crt, certificate: pki/server.crt, key: pki/server.key}}
store: {{path: fleet.db}}
tenants:
  - {{name: default, agents: ["fleet/*"], users: ["ada"]}}
limits: {{sessions_max: {sessions}}}
log: {{level: warning}}
"""


def program(name: str) -> Path:
    return build_dir() / "bin" / name


def call(*words, timeout_s: float = 600) -> dict:
    """Runs one of our programs; its last line on stdout is JSON, or there is none."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True, timeout=timeout_s, check=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}


class Server:
    """A context manager. The store's file stays after stop() until the folder goes."""

    def __init__(self, sessions: int = 1000) -> None:
        self._temp = tempfile.TemporaryDirectory(prefix="ems-load-")
        self.folder = Path(self._temp.name)
        self.port = free_port()
        (self.folder / "server.yaml").write_text(SERVER_YAML.format(port=self.port, sessions=sessions))
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.stop()
        self._temp.cleanup()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def store(self) -> Path:
        return self.folder / "fleet.db"

    def start(self) -> None:
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen([program("ems-server"), "--config", "server.yaml"], cwd=self.folder, stderr=log)
        wait_for("server ready", lambda: Installation.listening(self.port), 30)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> tuple[float, float]:
        """Resident now, and at most."""
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines() if ":" in line)
        return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))


def many_files() -> None:
    """A connection is a file at both ends."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def row(name: str, text: str) -> None:
    print(f"  {name:<22}{text}", flush=True)
