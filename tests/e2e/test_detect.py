# SPDX-License-Identifier: Apache-2.0
"""emsctl detect and ems.detect() on a pty and over TCP: the simulator, captured boards, silence, other masters, an interruption."""
import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import threading
import time
import tty

import ems
import pytest

from support.harness import build_dir
from support.places import ROOT

EMSCTL = build_dir() / "bin" / "emsctl"


def replies_of(protocol: str) -> dict[bytes, bytes]:
    vectors = json.loads((ROOT / f"tests/vectors/bms_serial_{protocol}.json").read_text())
    return {bytes.fromhex(v["request_hex"]): bytes.fromhex(v["response_hex"])
            for v in vectors if "expect" in v and v.get("request_hex") and v.get("response_hex")}


class Board:
    """The far end of a pty: answers captured requests with captured replies, and may speak by itself."""

    def __init__(self, replies: dict[bytes, bytes], *, speaks: bytes = b"") -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.replies, self.speaks = replies, speaks
        self.heard = b""
        self.ending = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.ending:
            ready, _, _ = select.select([self.master], [], [], 0.1)
            if self.speaks:
                os.write(self.master, self.speaks)
            if not ready:
                continue
            request = os.read(self.master, 256)
            self.heard += request
            if request in self.replies:
                os.write(self.master, self.replies[request])

    def close(self) -> None:
        self.ending = True
        self.thread.join(timeout=5)
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def board():
    with contextlib.ExitStack() as stack:
        def make(replies=(), **options) -> Board:
            return stack.enter_context(contextlib.closing(Board(dict(replies), **options)))
        yield make


def detect(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess:
    return subprocess.run([EMSCTL, "detect", *arguments], capture_output=True, text=True, timeout=timeout)


def test_the_simulator_is_found_and_the_lines_for_the_site_file_are_printed(install):
    site = install()
    site.start_sim()
    port = str(site.folder / "battery.tty")
    done = detect("--port", port, "--listen", "0.5", "--verbose")
    assert done.returncode == 0, done.stderr
    assert f"protocol: jbd\n    serial: {{device: {port}, baud: 9600}}" in done.stdout
    assert "its cells add up" in done.stdout
    assert "listens for 0.5 s, then asks in" in done.stderr and "Ctrl-C" in done.stderr  # Before anything is sent.
    assert "jbd, 9600 bit/s" in done.stderr and "answered" in done.stderr


@pytest.mark.parametrize("protocol", ["jbd", "daly_a5"])  # The unit tests have them all; here each waits for those before it.
def test_captured_boards_are_found(board, protocol):
    done = detect("--port", board(replies_of(protocol)).port, "--bit-rate", "9600", "--listen", "0", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["verdict"]) == (0, "found"), said
    assert [one["protocol"] for one in said["found"]] == [protocol]
    assert said["found"][0]["bit_rate"] == 9600


def test_python_finds_it_too_and_tells_what_it_tries(board):
    tried = []
    found = ems.detect(board(replies_of("daly_a5")).port, listen_s=0, on_tried=tried.append)
    assert found.verdict == "found" and found.found[0].protocol == "daly_a5" and found.found[0].answered >= 1
    assert [(one.protocol, one.outcome) for one in tried][:2] == [("jbd", "silent"), ("daly_a5", "answered")]


def test_a_line_behind_tcp_keeps_its_rate():
    replies = replies_of("daly_a5")
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer() -> None:
            with server.accept()[0] as peer:
                while request := peer.recv(256):
                    if request in replies:
                        peer.sendall(replies[request])
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        address = "127.0.0.1:%d" % server.getsockname()[1]
        found = ems.detect(tcp=address, listen_s=0)
        thread.join(timeout=5)
    assert found.verdict == "found" and found.found[0].protocol == "daly_a5" and found.found[0].bit_rate is None


def test_a_line_in_use_is_left_alone(board):
    other = board(speaks=b"\x00\x55")
    done = detect("--port", other.port, "--bit-rate", "9600", "--listen", "0.5")
    assert done.returncode == 5 and "nothing was sent" in done.stdout
    assert other.heard == b""


def test_ctrl_c_ends_it_and_the_port_is_free(board):
    silent = board()
    running = subprocess.Popen([EMSCTL, "detect", "--port", silent.port, "--listen", "0"], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not silent.heard and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=10)
    assert running.returncode == 130 and "interrupted" in errors
    port = os.open(silent.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)  # Would raise: another one still holds it.
    os.close(port)


def test_an_exception_of_the_caller_ends_the_search(board):
    silent = board()
    with pytest.raises(ZeroDivisionError):
        ems.detect(silent.port, listen_s=0, on_tried=lambda tried: 1 // len(tried.variant))  # jbd has none.
    assert len(silent.heard) < 40  # The first protocol's requests, no more.


def test_a_recording_of_a_can_bus(tmp_path):
    log = tmp_path / "bus.log"
    frames = ["351#1402740E740ECC01", "355#1A006400", "356#4E13020304050000", "359#0000000001504E00", "35C#C000", "35E#50594C4F4E202020"]
    log.write_text("".join(f"({i}.000000) can0 {frame}\n" for i, frame in enumerate(frames * 3)))
    done = detect("--candump", str(log), "--json")
    said = json.loads(done.stdout)
    # Relatives send the same identifiers with another scale or sign: a person has to choose.
    assert done.returncode == 4 and said["found"][0]["protocol"] == "pylontech-lv-can", said
    assert ems.detect_candump(log).verdict == "several"
    log.write_text("".join(f"({i}.000000) can0 {frame}\n" for i, frame in enumerate([*frames, "361#E40CE40C", "363#01000100", "371#E803E803"] * 3)))
    assert (found := json.loads(detect("--candump", str(log), "--json").stdout))["verdict"] == "found" and found["found"][0]["protocol"] == "deye-lv-can"
    log.write_text("(0.000000) can0 351#1402740E740ECC01\n" * 9)
    assert detect("--candump", str(log)).returncode == 3
    assert ems.detect_candump(log).verdict == "nothing"


DEYE = ["351#1402740E740ECC01", "355#1A006400", "356#4E13020304050000", "359#0000000001504E00", "35C#C000", "361#E40CE40C"]


class SlcanAdapter(Board):
    """The far end of a pty: a CAN adapter on a bus of 250 kbit/s, on which DEYE is spoken every 50 ms once its channel is open."""

    opened = False

    def _run(self) -> None:
        bit_rate, command = b"", b""
        frames = b"".join(b"t%s%d%s\r" % (f[:3].encode(), len(f[4:]) // 2, f[4:].encode()) for f in DEYE)
        while not self.ending:
            if not select.select([self.master], [], [], 0.05)[0]:
                if self.opened and bit_rate == b"S5":
                    os.write(self.master, frames)
                continue
            for byte in os.read(self.master, 256):
                self.heard += bytes([byte])
                command += bytes([byte])
                if byte != 0x0D:
                    continue
                bit_rate = command[:-1] if command[:1] == b"S" else bit_rate
                self.opened = command == b"L\r" if command[:1] in b"LOC" else self.opened
                command = b""
                os.write(self.master, b"\r")


@pytest.fixture
def adapter():
    with contextlib.closing(SlcanAdapter({})) as made:
        yield made


def test_a_live_can_bus_is_listened_to_at_each_rate(adapter):
    done = detect("--can", f"slcan:{adapter.port}", "--listen", "2")
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "sends nothing" in done.stderr
    assert "deye-lv-can: reads 6 messages" in done.stdout
    assert f"    protocol: deye-lv-can\n    slcan: {{device: {adapter.port}, bit_rate: 250000}}" in done.stdout
    assert set(adapter.heard) <= set(b"CSL65\r") and b"L\r" in adapter.heard  # The channel, and not one frame.


def test_python_listens_to_a_can_bus_too(adapter):
    found = ems.detect_can(f"slcan:{adapter.port}", listen_s=2, bit_rate=250_000)
    assert found.verdict == "found" and found.found[0].protocol == "deye-lv-can"
    assert found.heard["bit_rate"] == 250_000 and found.heard["identifiers"] == 6
    assert ems.detect_can(f"slcan:{adapter.port}", listen_s=0.2, bit_rate=500_000).verdict == "nothing"
    with pytest.raises(ems.errors.InvalidArgumentError):
        ems.detect_can(f"slcan:{adapter.port}", acknowledge=True)
    with pytest.raises(ems.errors.SyntaxError):
        ems.detect_can("can0")


def test_a_bus_behind_a_socketcand():
    ending = threading.Event()
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve() -> None:
            with server.accept()[0] as peer:
                peer.sendall(b"< hi >")
                for _ in range(2):  # open, rawmode
                    heard.append(peer.recv(256))
                    peer.sendall(b"< ok >")
                with contextlib.suppress(OSError):
                    while not ending.wait(0.05):
                        peer.sendall("".join(f"< frame {f[:3]} 1.0 {f[4:]} >" for f in DEYE).encode())
                    heard.append(peer.recv(256))
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        done = detect("--can", "socketcand:127.0.0.1:%d/can0" % server.getsockname()[1], "--listen", "2", "--json")
        ending.set()
        thread.join(timeout=5)
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["found"][0]["protocol"] == "deye-lv-can", said
    assert heard[:2] == [b"< open can0 >", b"< rawmode >"] and heard[2:] in ([], [b""])


def test_a_silent_can_bus_is_nothing_and_says_what_may_be_missing(adapter):
    done = detect("--can", f"slcan:{adapter.port}", "--listen", "0.2", "--bit-rate", "500000")
    assert done.returncode == 3 and "nothing was heard" in done.stdout and "--acknowledge" in done.stderr


@pytest.mark.parametrize("arguments", [
    ("--can", "can0"), ("--can", "slcan:x", "--port", "y"), ("--can", "slcan:x", "--listen", "0"), ("--can", "slcan:x", "--acknowledge"),
    ("--port", "p", "--bit-rate", "9600", "--acknowledge"), ("--can", "slcan:x", "--address", "1"),
    (), ("--port", "/dev/null", "--tcp", "h:1"), ("--tcp", "nohost"), ("--tcp", "h:0"), ("--tcp", "h:1", "--bit-rate", "9600"),
    ("--port", "p", "--address", "256"), ("--candump", "f", "--ask-by-writing"), ("--port", "p", "--listen", "-1"),
])
def test_wrong_words(arguments):
    assert detect(*arguments).returncode == 2


def test_a_port_that_is_not_there_is_an_error_with_its_name(tmp_path):
    missing = str(tmp_path / "none")
    done = detect("--port", missing)
    assert done.returncode == 1 and missing in done.stderr and "io" in done.stderr
    with pytest.raises(ems.errors.IoError):
        ems.detect(missing)
    with pytest.raises(ems.errors.InvalidArgumentError):
        ems.detect()
