# SPDX-License-Identifier: Apache-2.0
"""The I/O board's image in QEMU: its console, its coils as QEMU's monitor sees them, its panel; a Modbus master; a battery line two may use."""
from __future__ import annotations

import os
import re
import select
import socket
import struct
import subprocess
import termios
import threading
import time
import tty
from pathlib import Path

from support.harness import ROOT, wait_for

CHARGE, DISCHARGE, MAIN = 1, 2, 4  # Coils, and bits of the relay register.
WAITING, READY, HOST_SILENT, TRIPPED = range(4)
LATCH_MEMORY_BYTES = 16 << 20  # QEMU takes the PSRAM whole or not at all.


def mcu_dir() -> Path:
    return Path(os.environ.get("EMS_MCU_DIR", ROOT / "build/mcu"))


def image() -> Path:
    return mcu_dir() / "firmware/libems-io.elf"


class SharedLine:
    """A JBD battery on one tty, for two masters: one request at a time goes through, its answer goes back to who asked."""

    def __init__(self, folder: Path, battery_tty: Path) -> None:
        self.socket = folder / "battery.sock"
        self.tty = folder / "agent-battery.tty"
        self._battery = os.open(battery_tty, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._battery)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.socket))
        self._listener.listen(1)
        self._pty, self._pty_device = os.openpty()
        tty.setraw(self._pty_device)
        self.tty.symlink_to(os.ttyname(self._pty_device))
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.write(self._wake, b"x")
        self._thread.join(timeout=5)
        self._listener.close()
        for fd in (self._battery, self._pty, self._pty_device, self._stop, self._wake):
            os.close(fd)

    def _run(self) -> None:
        pending: dict[int, bytes] = {self._pty: b""}
        peers: dict[int, socket.socket] = {}
        while True:
            ready, _, _ = select.select([self._stop, self._listener, *pending], [], [])
            if self._stop in ready:
                return
            for one in ready:
                if one is self._listener:
                    peer, _ = self._listener.accept()
                    peers[peer.fileno()] = peer
                    pending[peer.fileno()] = b""
                    continue
                try:
                    data = os.read(one, 256)
                    pending[one] += data
                    self._exchange(one, pending)
                except OSError:  # Who asked is gone.
                    data = b""
                if not data:
                    del pending[one]
                    peers.pop(one).close()

    def _exchange(self, one: int, pending: dict[int, bytes]) -> None:
        """Whole requests: DD, A5 or 5A, register, length, data, checksum (2), 77."""
        while True:
            start = pending[one].find(b"\xdd")
            frame = pending[one][max(start, 0):]
            if start < 0 or len(frame) < 4 or len(frame) < frame[3] + 7:
                return
            size = frame[3] + 7
            pending[one] = frame[size:]
            termios.tcflush(self._battery, termios.TCIFLUSH)
            os.write(self._battery, frame[:size])
            reply, end = b"", time.monotonic() + 0.25
            while not (len(reply) >= 4 and len(reply) >= reply[3] + 7):
                left = end - time.monotonic()
                if left <= 0 or not select.select([self._battery], [], [], left)[0]:
                    break
                reply += os.read(self._battery, 512)
            if reply:
                os.write(one, reply)


class Board:
    """One board. Its latch memory is a file: kill() is a power cut, and start() powers it up again."""

    def __init__(self, folder: Path, battery_socket: Path, *, host_pty: bool = False) -> None:
        self.folder = folder
        self._battery = battery_socket
        self._host_pty = host_pty
        self.host_tty = folder / "board.tty"
        self.process: subprocess.Popen | None = None
        self._circuit = "O"
        with (folder / "latch.bin").open("wb") as memory:
            memory.truncate(LATCH_MEMORY_BYTES)

    def path(self, name: str) -> Path:
        return self.folder / name

    def start(self) -> None:
        for name in ("monitor.sock", "panel.sock", "host.sock", "console.log"):
            self.path(name).unlink(missing_ok=True)
        host = "pty,id=host" if self._host_pty else f"socket,id=host,path={self.path('host.sock')},server=on,wait=off"
        self.process = subprocess.Popen(
            ["qemu-system-arm", "-M", "mps2-an385,memory-backend=latch",
             "-object", f"memory-backend-file,id=latch,size=16M,mem-path={self.path('latch.bin')},share=on",
             "-kernel", str(image()), "-display", "none",
             "-chardev", f"file,id=console,path={self.path('console.log')}", "-chardev", f"socket,id=battery,path={self._battery}",
             "-chardev", host, "-chardev", f"socket,id=panel,path={self.path('panel.sock')},server=on,wait=off",
             "-chardev", f"socket,id=monitor,path={self.path('monitor.sock')},server=on,wait=off", "-mon", "monitor",
             *(part for name in ("console", "battery", "host", "panel") for part in ("-serial", f"chardev:{name}"))],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.path("qemu.log").open("ab"))
        self._panel = wait_for("the panel's line", lambda: self._connect("panel.sock"), 20)
        self.panel(self._circuit)
        wait_for("the board boots", lambda: "boot" in self.console(), 20)
        self._monitor = self._connect("monitor.sock")
        self._answer()
        if self._host_pty:
            device = re.search(r"host: filename=pty:(\S+)", self.monitor("info chardev")).group(1)
            self.host_tty.unlink(missing_ok=True)
            self.host_tty.symlink_to(device)

    def kill(self) -> None:
        if self.process is None:
            return
        self._monitor.close()
        self._panel.close()
        self.process.kill()
        self.process.wait(timeout=10)
        self.process = None

    def _connect(self, name: str) -> socket.socket:
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(5)
        try:
            peer.connect(str(self.path(name)))
        except OSError:
            peer.close()
            raise
        return peer

    def _answer(self) -> str:
        text = ""
        while not text.endswith("(qemu) "):
            text += self._monitor.recv(4096).decode(errors="replace")
        return text

    def monitor(self, command: str) -> str:
        self._monitor.sendall(command.encode() + b"\n")
        return self._answer()

    def console(self) -> str:
        path = self.path("console.log")
        return path.read_text(errors="replace") if path.exists() else ""

    def coils(self) -> int:
        """What the chip really drives, past all of its software: the user LEDs that stand for the coils."""
        return int(re.search(r"4002f004: (0x[0-9a-f]+)", self.monitor("xp /1xw 0x4002f004")).group(1), 16)

    def panel(self, letters: str) -> None:
        """C, O: the e-stop circuit closes, opens. R, r: the reset key goes down, up."""
        self._panel.sendall(letters.encode())
        self._circuit = ([self._circuit] + [letter for letter in letters if letter in "CO"])[-1]

    def turn_reset_key(self) -> None:
        self.panel("R")
        time.sleep(0.3)  # The board looks every 100 ms.
        self.panel("r")
        time.sleep(0.3)

    def host(self) -> "Master":
        return Master(self._connect("host.sock"))


def crc16(data: bytes) -> bytes:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return struct.pack("<H", crc)


class Master:
    """A Modbus RTU master of its own making; beats the heart of the dead-man while told to."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._lock = threading.Lock()
        self._beat = 0
        self._beating = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join(timeout=5)
        self._line.close()

    def request(self, pdu: bytes) -> bytes:
        """The answer's PDU; an exception is one too."""
        with self._lock:
            frame = b"\x01" + pdu
            self._line.sendall(frame + crc16(frame))
            answer = b""
            while len(answer) < 5 or crc16(answer[:-2]) != answer[-2:]:
                answer += self._line.recv(300)
            assert answer[0] == 1
            return answer[1:-2]

    def registers(self) -> tuple[int, ...]:
        answer = self.request(struct.pack(">BHH", 4, 0, 64))
        assert answer[:2] == bytes([4, 128]), answer
        return struct.unpack(">64H", answer[2:])

    def write(self, address: int, *values: int) -> bytes:
        return self.request(struct.pack(f">BHHB{len(values)}H", 16, address, len(values), 2 * len(values), *values))

    def follow(self, power_w: int, lease_s: int) -> bytes:
        high, low = struct.unpack(">HH", struct.pack(">i", power_w))
        return self.write(1, 1, high, low, lease_s)

    def beat(self, on: bool) -> None:
        """Every 250 ms: a busy test machine must not look like a silent host."""
        (self._beating.set if on else self._beating.clear)()

    def _run(self) -> None:
        while not self._closed.wait(0.25):
            if self._beating.is_set():
                self._beat = (self._beat + 1) % 0x8000
                self.write(0, self._beat)
