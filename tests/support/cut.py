# SPDX-License-Identifier: Apache-2.0
"""Lines that can be cut: a TCP proxy and a pseudo terminal, each before a real device."""
from __future__ import annotations

import os
import select
import socket
import threading
import time
import tty
from pathlib import Path

WRITE_MULTIPLE = 16  # Modbus function code, byte 7 of a TCP frame.


class TcpLine:
    """127.0.0.1:port in front of a target. Notes when each Modbus write passed."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.writes: list[float] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.is_cut = False
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.ending = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def cut(self) -> None:
        """Every connection ends now; new ones are taken and ended."""
        self.is_cut = True

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.ending = True
        self.thread.join(timeout=5)
        self._drop()
        self.listener.close()

    def _drop(self) -> None:
        for pair in self.pairs:
            for end in pair:
                end.close()
        self.pairs.clear()

    def _run(self) -> None:
        while not self.ending:
            if self.is_cut:
                self._drop()
            ends = [end for pair in self.pairs for end in pair]
            ready, _, _ = select.select([self.listener, *ends], [], [], 0.02)
            if self.listener in ready:
                near, _ = self.listener.accept()
                try:
                    if self.is_cut:
                        raise OSError("cut")
                    far = socket.create_connection(("127.0.0.1", self.target), timeout=2)
                except OSError:
                    near.close()
                else:
                    for end in (near, far):
                        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.pairs.append((near, far))
            for near, far in list(self.pairs):
                if not all(self._pass(a, b, a is near) for a, b in ((near, far), (far, near)) if a in ready):
                    near.close()
                    far.close()
                    self.pairs.remove((near, far))

    def _pass(self, source: socket.socket, sink: socket.socket, outward: bool) -> bool:
        try:
            data = source.recv(4096)
            if outward and len(data) > 7 and data[7] == WRITE_MULTIPLE:
                self.writes.append(time.monotonic())
            sink.sendall(data)
        except OSError:
            return False
        return bool(data)


class PtyLine:
    """A pseudo terminal in front of another one. Cut, it swallows what is said on both sides."""

    def __init__(self, target: Path) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.device = os.open(target, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.device)
        self.is_cut = False
        self.ending = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def cut(self) -> None:
        self.is_cut = True

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.ending = True
        self.thread.join(timeout=5)
        for fd in (self.master, self.slave, self.device):
            os.close(fd)

    def _run(self) -> None:
        other = {self.master: self.device, self.device: self.master}
        while not self.ending:
            ready, _, _ = select.select(list(other), [], [], 0.02)
            for fd in ready:
                data = os.read(fd, 4096)
                if not self.is_cut:
                    os.write(other[fd], data)
