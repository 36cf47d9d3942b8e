# SPDX-License-Identifier: Apache-2.0
"""Kills agent, server or both at random moments while rows flow, and counts rows: what was committed or acknowledged must be there,
once, unchanged. Used by tests/e2e/test_kill.py (short) and scripts/powercut (long)."""
from __future__ import annotations

import random
import shutil
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy

import ems
from support.harness import Installation, wait_for

AGENT = "demo/gateway-1"
PERIOD_S = 0.1
WINDOW_S = 1.0  # The store commits once a second.
FSYNC_S = 1.0  # What a commit may take on a busy machine.
KINDS = {"agent": ("agent",), "server": ("server",), "both": ("agent", "server")}


@dataclass
class Rows:
    """Telemetry rows of a store: which, when, and a digest of everything each row says."""
    epoch: numpy.ndarray
    sequence: numpy.ndarray
    time: numpy.ndarray
    digest: numpy.ndarray

    def __len__(self) -> int:
        return len(self.sequence)

    def by_key(self) -> dict[tuple[int, int], tuple[int, int]]:
        keys = zip(self.epoch.tolist(), self.sequence.tolist())
        return dict(zip(keys, zip(self.time.tolist(), self.digest.tolist())))

    def twice(self) -> int:
        return len(self) - len(self.by_key())

    def holes(self) -> int:
        """Sequences of each epoch that are not there below its last one."""
        return sum(int(self.sequence[self.epoch == epoch].max()) - len(set(self.sequence[self.epoch == epoch].tolist()))
                   for epoch in set(self.epoch.tolist()))


def rows_of(path: Path, agent: str | None = None) -> Rows:
    columns = ems.Store(path, agent).columns()
    if not columns:
        return Rows(*(numpy.empty(0, kind) for kind in ("uint32", "uint64", "int64", "uint64")))
    digest = numpy.zeros(len(columns[0].sequence), numpy.uint64)
    for column in columns:  # The order of columns is no part of a row; a value that is not valid is none.
        seed = numpy.uint64(zlib.crc32(column.name.encode()) | 1)
        cell = (column.raw.astype("int64").view("uint64") * numpy.uint64(8) + column.quality) * seed
        cell = (cell ^ (cell >> numpy.uint64(29))) * numpy.uint64(0x9E3779B97F4A7C15) + seed
        digest += numpy.where(column.valid, cell ^ (cell >> numpy.uint64(32)), numpy.uint64(0))
    first = columns[0]
    return Rows(first.epoch, first.sequence, first.time.astype("int64"), digest)


def rows_at_death(folder: Path, name: str, agent: str | None = None) -> Rows:
    """What a process that was killed had made durable: read from a copy, so that nothing repairs or checkpoints the original."""
    copy = folder / "at-death"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for part in (name, f"{name}-wal"):
        if (folder / part).exists():
            shutil.copy(folder / part, copy / part)
    return rows_of(copy / name, agent)


@dataclass
class Tally:
    kills: dict[str, int] = field(default_factory=dict)
    acknowledged_lost: int = 0
    committed_lost: int = 0
    duplicated: int = 0
    torn: int = 0
    rows: int = 0
    resent: int = 0
    windows_s: list[float] = field(default_factory=list)

    @property
    def harm(self) -> int:
        return self.acknowledged_lost + self.committed_lost + self.duplicated + self.torn

    def __str__(self) -> str:
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        windows = f"{min(self.windows_s):.2f} .. {max(self.windows_s):.2f} s" if self.windows_s else "none"
        return (f"{sum(self.kills.values())} x kill -9 ({kinds}), {self.rows} rows stored: acknowledged rows lost {self.acknowledged_lost}, "
                f"committed rows lost {self.committed_lost}, rows duplicated {self.duplicated}, torn reads {self.torn}; "
                f"never committed at a kill: {windows}; sent again and refused: {self.resent}")


class KillRows:
    """One installation under kill -9."""

    def __init__(self, site: Installation, seed: int) -> None:
        self.site, self.random, self.tally = site, random.Random(seed), Tally()
        self.durable: dict[str, dict] = {"agent": {}, "server": {}}
        site.start_server()
        site.start_sim("--log", "truth.csv")
        site.start_agent()

    def _rows(self) -> dict:
        return self.site.status()["rows"]["telemetry"]

    def _flowing(self, known: dict) -> bool:
        now = self._rows()
        return now["made"] > known["made"] and now["acknowledged"] > known["acknowledged"]

    def _compare(self, program: str, rows: Rows) -> None:
        """What was durable before is, and is the same."""
        found = rows.by_key()
        self.tally.duplicated += rows.twice()
        self.tally.committed_lost += rows.holes()
        for key, row in self.durable[program].items():
            self.tally.committed_lost += key not in found
            self.tally.torn += key in found and found[key] != row
        self.durable[program] = found

    def once(self, kind: str) -> None:
        known = self._rows()
        wait_for("rows are made and acknowledged", lambda: self._flowing(known), 90)
        time.sleep(self.random.uniform(0.0, 1.2))  # The moment; nothing is concluded from it.
        acknowledged = self._rows()["acknowledged"]
        killed_us = time.time_ns() // 1000
        for program in KINDS[kind]:
            self.site.kill(program)
        self.tally.kills[kind] = self.tally.kills.get(kind, 0) + 1
        if "agent" in KINDS[kind]:
            rows = rows_at_death(self.site.folder, "telemetry.db")
            self._compare("agent", rows)
            self.tally.windows_s.append((killed_us - int(rows.time.max())) / 1e6)
        if "server" in KINDS[kind]:
            rows = rows_at_death(self.site.folder, "fleet.db", AGENT)
            self._compare("server", rows)
            self.tally.acknowledged_lost += max(0, acknowledged - len(rows))
            if kind == "server":
                wait_for("rows wait at the edge", lambda: self._rows()["pending"] >= 5, 15)
            self.site.start_server()
        if "agent" in KINDS[kind]:
            self.site.start_agent()

    def finish(self) -> Tally:
        """Everything delivered, both sides ended: the same rows, once, in one life of the store."""
        def drained() -> bool:
            status = self.site.status()
            return status["uplink"]["state"] == "online" and status["rows"]["telemetry"]["pending"] < 20
        wait_for("the backlog is delivered", drained, 90)
        assert self.site.stop("agent") == 0
        for count in self.site.fleet("counts", "--agent", AGENT):  # The server's own books, of every stream.
            self.tally.resent += count["duplicates"] if count["stream"] == "telemetry" else 0
            self.tally.committed_lost += count["gap_rows"]
            assert count["stored"] == count["mark"], f"{count}: a sequence was counted twice or never stored"
        edge, server = rows_of(self.site.folder / "telemetry.db"), rows_of(self.site.folder / "fleet.db", AGENT)
        self._compare("agent", edge)
        self._compare("server", server)
        stored = server.by_key()
        self.tally.committed_lost += len(set(edge.by_key()) - set(stored))
        self.tally.duplicated += len(set(stored) - set(edge.by_key()))
        self.tally.torn += sum(row != stored.get(key, row) for key, row in edge.by_key().items())
        store = ems.Store(self.site.folder / "fleet.db", AGENT)
        self.tally.committed_lost += len(store.gaps())
        made = {stream: mark for stream, mark in ems.Store(self.site.folder / "telemetry.db").marks().items() if mark > 0}
        assert store.marks() == made, "the server is where the edge is, in every stream"
        assert set(server.epoch.tolist()) == {1}, "a restart is no new life of the store"
        self.tally.rows = len(server)
        return self.tally
