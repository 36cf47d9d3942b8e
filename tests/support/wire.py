# SPDX-License-Identifier: Apache-2.0
"""A line between the agent and a device that can be unplugged, replaced by noise, and put back."""
from __future__ import annotations

import contextlib
import os
import random
import select
import socket
import threading
import tty
from pathlib import Path


class Wire:
    """Moves bytes between the agent's end (a tty at `path`, or a TCP port) and the device's (a file descriptor it does not own)."""

    def __init__(self, device: int, *, path: Path | None = None, port: int | None = None, seed: int = 1) -> None:
        assert (path is None) != (port is None)
        self._device = device
        self._path = path
        self._port = port
        self._random = random.Random(seed)
        self._noise = False
        self._agent: list[int] = []  # The end's descriptors; the first is read and written.
        self._listener: socket.socket | None = None
        self._lock = threading.Lock()
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.plug()
        self._thread.start()

    # ---- what happens to the line -----------------------------------------------------------------

    def plug(self, *, noise: bool = False) -> None:
        """The device is there, or in its place something that sends random bytes and hears nothing."""
        with self._lock:
            self._noise = noise
            if self._path is not None and not self._agent:
                ours, theirs = os.openpty()
                tty.setraw(theirs)
                self._agent = [ours, theirs]
                self._path.unlink(missing_ok=True)
                self._path.symlink_to(os.ttyname(theirs))
            elif self._port is not None and self._listener is None:
                self._listener = socket.create_server(("127.0.0.1", self._port), backlog=1)
        os.write(self._wake, b"p")

    def unplug(self) -> None:
        """The agent's end is gone."""
        with self._lock:
            self._drop()
            if self._path is not None:
                self._path.unlink(missing_ok=True)
            if self._listener is not None:
                self._listener.close()
                self._listener = None
        os.write(self._wake, b"u")

    def close(self) -> None:
        self.unplug()
        os.write(self._wake, b"x")
        self._thread.join(timeout=5)
        os.close(self._stop)
        os.close(self._wake)

    # ---- the thread ----------------------------------------------------------------------------------

    def _drop(self) -> None:
        for descriptor in self._agent:
            os.close(descriptor)
        self._agent = []

    def _run(self) -> None:
        while True:
            with self._lock:
                watched = [self._stop, self._device] + self._agent[:1]
                if self._listener is not None:
                    watched.append(self._listener.fileno())
            with contextlib.suppress(OSError, ValueError):  # An end that was just closed.
                ready, _, _ = select.select(watched, [], [], 0.05)
                if self._stop in ready and b"x" in os.read(self._stop, 64):
                    return
                with self._lock:
                    self._move(ready)

    def _move(self, ready: list[int]) -> None:
        if self._listener is not None and self._listener.fileno() in ready:
            self._drop()
            self._agent = [self._listener.accept()[0].detach()]
        if self._noise and self._agent:
            self._send(self._agent[0], self._random.randbytes(self._random.randint(1, 40)))
        if self._agent and self._agent[0] in ready:
            try:
                data = os.read(self._agent[0], 4096)
            except OSError:
                data = b""
            if not data:
                if self._path is None:
                    self._drop()  # The agent closed its connection.
            elif not self._noise:
                self._send(self._device, data)
        if self._device in ready:
            data = os.read(self._device, 4096)
            if self._agent and not self._noise:
                self._send(self._agent[0], data)

    @staticmethod
    def _send(descriptor: int, data: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(descriptor, data)
