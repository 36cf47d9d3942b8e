# SPDX-License-Identifier: Apache-2.0
"""A whole installation in one folder: authority, server, simulated site, agent. Used by scripts/demo and tests/e2e."""
from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build_dir() -> Path:
    return Path(os.environ.get("EMS_BUILD_DIR", ROOT / "build/dev"))


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


RECONNECT_S = 75  # An agent that found no server tries again after at most 60 s; the rest is for a busy machine.


def wait_for(what: str, condition, timeout_s: float, every_s: float = 0.1):
    """Polls `condition` until it returns something true; that is returned. Says what was awaited when time is up."""
    end = time.monotonic() + timeout_s
    last: object = None
    while time.monotonic() < end:
        try:
            last = condition()
        except (subprocess.SubprocessError, OSError, ValueError, KeyError) as error:
            last = error
        else:
            if last:
                return last
        time.sleep(every_s)
    raise TimeoutError(f"{what}: not within {timeout_s} s (last: {str(last)[:300]})")


SITE_YAML = """\
site: demo
agent: gateway-1
tenant: default
control: {control}
limits: limits.yaml
tick_s: 0.1
telemetry_period_s: {telemetry_period_s}
store: {{path: telemetry.db, budget_mb: 64}}
api: {{socket: agent.sock}}
log: {{level: info}}
servers:
  - {{address: "127.0.0.1:{server_port}", ca: pki/ca.crt, certificate: pki/agent.crt, key: pki/agent.key}}
batteries:
  - id: 1
    protocol: jbd
    serial: {{device: battery.tty, baud: 9600}}
    poll_period_s: 1.0
    reply_timeout_s: 0.3
    chemistry: lfp
    cells: {cells}
    capacity_ah: {capacity_ah}
    charge_current_max_a: 100.0
    discharge_current_max_a: 100.0
inverters:
  - id: 1
    pack: sunspec_pcs
    modbus_tcp: {{address: "127.0.0.1:{pcs_port}", unit: 1}}
    batteries: [1]
    poll_period_s: 0.5
    rated_power_w: 5000
    efficiency_pct: 95.0
    lease_s: {lease_s}
    dead_time_s: 0.5
    ramp_w_per_s: 5000
    dc_pv: none
meters:
  - id: 1
    role: pcc
    pack: eastron_sdm630
    modbus_rtu: {{device: meter.tty, baud: 9600, unit: 1}}
    poll_period_s: 0.5
  - id: 2
    role: pv
    pack: eastron_sdm630
    modbus_rtu: {{device: meter.tty, baud: 9600, unit: 2}}
    poll_period_s: 0.5
policies:
  import_limit: {{limit_w: {limit_w}}}
  self_consumption: {{target_w: 0, deadband_w: 50}}
  setpoint: {{lease_max_s: 3600}}
"""

LIMITS_YAML = """\
chemistry: lfp
charge_current_max_a: 100.0
discharge_current_max_a: 100.0
cell_voltage_max: {trip_v: 3.60, clear_v: 3.50}
"""

SERVER_YAML = """\
name: server-1
listen: "127.0.0.1:{server_port}"
tls: {{ca: pki/ca.crt, certificate: pki/server.crt, key: pki/server.key}}
store: {{path: fleet.db}}
tenants:
  - {{name: default, agents: ["demo/*"], users: ["ada"]}}
"""


class Installation:
    """Files and processes of one site and its server. A context manager: it ends what it started."""

    def __init__(self, folder: Path, *, control: str = "armed", limit_w: int = 8000, cells: int = 16,
                 capacity_ah: float = 100.0, telemetry_period_s: float = 1.0, lease_s: int = 15) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.bin = build_dir() / "bin"
        self.server_port = free_port()
        self.pcs_port = free_port()
        self.processes: dict[str, subprocess.Popen] = {}
        values = {"control": control, "limit_w": limit_w, "cells": cells, "capacity_ah": capacity_ah,
                  "telemetry_period_s": telemetry_period_s, "lease_s": lease_s, "server_port": self.server_port, "pcs_port": self.pcs_port}
        self.write("site.yaml", SITE_YAML.format(**values))
        self.write("limits.yaml", LIMITS_YAML)
        self.write("server.yaml", SERVER_YAML.format(**values))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def __enter__(self) -> "Installation":
        return self

    def __exit__(self, *_) -> None:
        for name in list(self.processes):
            self.kill(name)

    # ---- commands ------------------------------------------------------------------------------

    def ctl(self, *arguments: str, check: bool = True, timeout_s: float = 20) -> subprocess.CompletedProcess:
        done = subprocess.run([self.bin / "emsctl", *arguments], cwd=self.folder, capture_output=True, text=True,
                              timeout=timeout_s)
        if check and done.returncode != 0:
            raise subprocess.SubprocessError(f"emsctl {' '.join(arguments)}: {done.returncode}: {done.stderr.strip()}")
        return done

    def make_pki(self) -> None:
        """A development authority and one identity of each kind, made now: nothing is committed anywhere."""
        self.ctl("pki", "init", "--dir", "pki")
        self.ctl("pki", "server", "--dir", "pki", "--name", "server-1", "--dns", "localhost", "--ip", "127.0.0.1", "--out", "server")
        self.ctl("pki", "agent", "--dir", "pki", "--site", "demo", "--name", "gateway-1", "--out", "agent")
        self.ctl("pki", "user", "--dir", "pki", "--name", "ada", "--role", "operator", "--out", "user")

    def accept_limits(self) -> None:
        self.ctl("limits", "accept", "--config", "site.yaml", "--name", "Ada Example")

    def status(self) -> dict:
        return json.loads(self.ctl("status", "--json").stdout)

    def fleet(self, *arguments: str) -> list:
        return self.fleet_lines(*arguments)[0]

    def fleet_lines(self, *arguments: str) -> list:
        """What `emsctl fleet` printed, one JSON document a line."""
        done = self.ctl("fleet", "--server", f"127.0.0.1:{self.server_port}", "--ca", "pki/ca.crt", "--certificate",
                        "pki/user.crt", "--key", "pki/user.key", *arguments)
        return [json.loads(line) for line in done.stdout.splitlines()]

    # ---- processes -----------------------------------------------------------------------------

    def start(self, name: str, program: str, *arguments: str, stdin=None, stdout=None) -> subprocess.Popen:
        log = (self.folder / f"{name}.log").open("ab")
        process = subprocess.Popen([self.bin / program, *arguments], cwd=self.folder, stdin=stdin or subprocess.DEVNULL,
                                   stdout=stdout or log, stderr=log)
        self.processes[name] = process
        return process

    def start_server(self) -> None:
        self.start("server", "ems-server", "--config", "server.yaml")
        wait_for("server ready", lambda: self.listening(self.server_port), 15)

    def start_sim(self, *arguments: str) -> dict:
        """Starts the simulated site; returns its endpoints."""
        process = self.start("sim", "emsctl", "sim", "--dir", ".", "--pcs-port", str(self.pcs_port), *arguments,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the simulator did not start: " + self.log("sim"))
        return json.loads(line)

    def sim(self, command: str) -> None:
        """Writes one line to the simulator's control channel."""
        process = self.processes["sim"]
        process.stdin.write((command + "\n").encode())
        process.stdin.flush()

    def start_agent(self) -> None:
        self.start("agent", "ems-agent", "--config", "site.yaml")
        wait_for("agent ready", self.status, 20)

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self.processes.pop(name)
        process.kill()
        process.wait(timeout=10)

    def stop(self, name: str, timeout_s: float = 15) -> int:
        """SIGTERM, and the exit code."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=timeout_s)

    def log(self, name: str, lines: int = 25) -> str:
        path = self.folder / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    @staticmethod
    def listening(port: int) -> bool:
        with socket.socket() as s:
            s.settimeout(0.5)
            return s.connect_ex(("127.0.0.1", port)) == 0
