# SPDX-License-Identifier: Apache-2.0
"""The two daemons under a service manager: ready, alive only on evidence, stopping; and what their units forbid is not needed."""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from support.harness import RECONNECT_S, wait_for

ROOT = Path(__file__).resolve().parents[2]
WATCHDOG_S = 3.0


class Manager:
    """The manager's end of NOTIFY_SOCKET: datagrams with the time they came."""

    def __init__(self, name: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.settimeout(0.05)
        self.environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}
        self.seen: list[tuple[float, str]] = []

    def listen(self, seconds: float) -> list[str]:
        """What came in that time."""
        before, end = len(self.seen), time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.seen.append((time.monotonic(), self.socket.recv(4096).decode()))
            except TimeoutError:
                pass
        return [text for _, text in self.seen[before:]]

    def until(self, words: str, timeout_s: float = 20) -> str:
        return wait_for(words, lambda: next((text for text in self.listen(0.1) if words in text), None), timeout_s)


@pytest.fixture
def manager(install, monkeypatch, tmp_path):
    """A site whose daemons are started with the manager's environment."""
    site = install()
    end = Manager(str(site.folder / "notify"))
    for name, value in end.environment.items():
        monkeypatch.setenv(name, value)
    yield site, end
    end.socket.close()


def test_agent_says_ready_then_alive_in_time_then_stopping(manager):
    site, end = manager
    site.start_sim()
    site.start("agent", "ems-agent", "--config", "site.yaml")
    first = end.until("READY=1")
    assert "WATCHDOG=1" in first.splitlines() and re.search(r"^STATUS=\w+, armed, \d of 4 devices online", first, re.M), first
    end.listen(WATCHDOG_S * 2)
    alive = [at for at, text in end.seen if "WATCHDOG=1" in text.splitlines()]
    assert len(alive) >= 5
    gaps = [later - at for at, later in zip(alive, alive[1:])]
    assert max(gaps) < WATCHDOG_S / 2, gaps
    assert sum("READY=1" in text for _, text in end.seen) == 1
    process = site.processes["agent"]
    process.send_signal(signal.SIGTERM)
    last = end.until("STOPPING=1", 5)
    assert "WATCHDOG=1" not in last
    assert process.wait(timeout=15) == 0


def test_agent_whose_process_is_stopped_says_nothing(manager):
    site, end = manager
    site.start_sim()
    site.start("agent", "ems-agent", "--config", "site.yaml")
    end.until("READY=1")
    process = site.processes["agent"]
    process.send_signal(signal.SIGSTOP)
    end.listen(0.3)  # What was on its way.
    assert end.listen(WATCHDOG_S) == []
    process.send_signal(signal.SIGCONT)
    end.until("WATCHDOG=1", 5)


PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207


def test_agent_whose_control_thread_hangs_lets_the_watchdog_bite(manager):
    site, end = manager
    site.start_sim()
    site.start("agent", "ems-agent", "--config", "site.yaml")
    end.until("READY=1")
    pid = site.processes["agent"].pid
    control = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir() if (task / "comm").read_text().strip() == "control"]
    assert control
    thread = min(control)  # Threads that it made later have its name too.
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(PTRACE_SEIZE, thread, None, None) != 0:
        pytest.skip(f"this machine does not let a test hold a thread: {os.strerror(ctypes.get_errno())}")
    assert libc.ptrace(PTRACE_INTERRUPT, thread, None, None) == 0
    end.listen(0.5)
    texts = end.listen(WATCHDOG_S)
    assert texts and not any("WATCHDOG=1" in text for text in texts), texts
    assert "the control strand does not answer" in texts[-1]
    os.waitpid(thread, 0x40000000)  # __WALL: the thread is held now, so it can be let go.
    assert libc.ptrace(PTRACE_DETACH, thread, None, None) == 0
    end.until("WATCHDOG=1", 10)


def test_server_says_ready_when_it_listens_then_alive_then_stopping(manager):
    site, end = manager
    site.start("server", "ems-server", "--config", "server.yaml")
    assert "STATUS=0 agents connected" in end.until("READY=1")
    assert site.listening(site.server_port)
    end.listen(WATCHDOG_S * 1.5)
    alive = [at for at, text in end.seen if "WATCHDOG=1" in text.splitlines()]
    assert len(alive) >= 4 and max(later - at for at, later in zip(alive, alive[1:])) < WATCHDOG_S / 2
    assert site.stop("server") == 0
    assert "STOPPING=1" in "".join(end.listen(0.2))


def test_an_abstract_socket_serves_as_well(install, monkeypatch):
    site = install()
    end = Manager(f"@ems-e2e-{os.getpid()}")
    for name, value in end.environment.items():
        monkeypatch.setenv(name, value)
    site.start("server", "ems-server", "--config", "server.yaml")
    end.until("READY=1")
    end.socket.close()


@pytest.mark.parametrize("name", ["notify", "vsock:2:1234"])
def test_a_notify_socket_that_is_none_is_said_at_once(install, monkeypatch, name):
    site = install()
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    process = site.start("server", "ems-server", "--config", "server.yaml")
    assert process.wait(timeout=10) == 1
    assert site.log("server") == "ems-server: service manager: invalid_argument: NOTIFY_SOCKET is no unix socket"


# ---- what the units forbid ---------------------------------------------------------------------


def lines_of(unit: str, key: str) -> list[str]:
    text = (ROOT / f"apps/{unit}/packaging/ems-{unit}.service.in").read_text()
    return re.findall(rf"^{key}=(.*)$", text, re.M)


def expand(name: str) -> set[str]:
    """Members of a group of system calls, as systemd knows them."""
    if not name.startswith("@"):
        return {name}
    out = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
    members = [line.strip() for line in out.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*(expand(member) for member in members)) if members else set()


def allowed_calls(unit: str) -> set[str]:
    allowed = expand("@default")
    for line in lines_of(unit, "SystemCallFilter"):
        names = set().union(*(expand(name) for name in line.removeprefix("~").split()))
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed


@pytest.mark.skipif(not (shutil.which("strace") and shutil.which("systemd-analyze")), reason="needs strace and systemd-analyze")
@pytest.mark.parametrize("unit", ["agent", "server"])
def test_everything_a_daemon_calls_is_allowed_by_its_unit(manager, unit):
    site, end = manager
    trace = site.folder / "trace"
    if unit == "agent":
        site.start_server()
        site.start_sim()
    program, config = site.bin / f"ems-{unit}", "site.yaml" if unit == "agent" else "server.yaml"
    end.listen(0.5)
    site.start(unit, shutil.which("strace"), "-f", "-qq", "-o", str(trace), str(program), "--config", config)
    end.until("READY=1", 40)
    if unit == "agent":
        wait_for("uplink", lambda: site.status()["uplink"]["state"] == "online", RECONNECT_S)
    end.listen(3)
    pid = int(trace.read_text().split(maxsplit=1)[0])
    os.kill(pid, signal.SIGTERM)
    site.processes[unit].wait(timeout=30)
    text = trace.read_text()
    called = set(re.findall(r"^\d+ +(\w+)\(", text, re.M))
    assert {"sendto", "futex"} <= called
    assert called - allowed_calls(unit) == set()
    families = set(re.findall(r"\bsocket\((AF_\w+)", text))
    assert families and families <= set(lines_of(unit, "RestrictAddressFamilies")[0].split())
