# SPDX-License-Identifier: Apache-2.0
"""How scripts/bench prints: one line a figure, the peer's figure of the same run beside ours, and where it was measured."""
from __future__ import annotations

import os
import platform
import statistics
import subprocess
from pathlib import Path
from typing import NamedTuple, Sequence

NOT_INSTALLED = "not installed"


class Runs(NamedTuple):
    """A figure of several runs."""

    median: float
    low: float
    high: float

    def text(self, unit: str) -> str:
        """`12.3 [11.9-12.8] Mpt/s`; without the spread where there was one run."""
        if self.low == self.high:
            return f"{short(self.median)} {unit}"
        return f"{short(self.median)} [{short(self.low)}-{short(self.high)}] {unit}"


def runs_of(values: Sequence[float]) -> Runs:
    return Runs(statistics.median(values), min(values), max(values))


def short(value: float) -> str:
    """Three digits."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def row(what: str, ours: str, aim: str, peer: str = "none exists", ratio: str = "-") -> None:
    print(f"{what:<46} {ours:>22} {aim:>16} {peer:>22} {ratio:>8}", flush=True)


def wide_row(what: str, ours: str, aim: str, peer: str, ratio: str) -> None:
    """For figures with their spread and peers with a name."""
    print(f"{what:<38} {ours:>30} {aim:>8} {peer:>56} {ratio:>14}", flush=True)


def times_better(what: str, ours: Runs, unit: str, peer_name: str, peer: Runs | None, aim: float | None = None) -> None:
    """More is better; `aim`: how many times the peer's."""
    want = f">= {aim:g}x" if aim is not None else "-"
    if peer is None:
        wide_row(what, ours.text(unit), want, f"{peer_name}: {NOT_INSTALLED}", "-")
        return
    ratio = ours.median / peer.median
    missed = " MISSED" if aim is not None and ratio < aim else ""
    wide_row(what, ours.text(unit), want, f"{peer_name}: {peer.text(unit)}", f"{short(ratio)}x{missed}")


def times_smaller(what: str, ours: float, unit: str, peer_name: str, peer: float | None, aim: float | None = None) -> None:
    """Less is better; `aim`: the peer's figure divided by ours."""
    want = f"<= 1/{aim:g}" if aim is not None else "-"
    if peer is None:
        wide_row(what, f"{ours:.3f} {unit}", want, f"{peer_name}: {NOT_INSTALLED}", "-")
        return
    missed = " MISSED" if aim is not None and peer / ours < aim else ""
    wide_row(what, f"{ours:.3f} {unit}", want, f"{peer_name}: {peer:.3f} {unit}", f"1/{short(peer / ours)}{missed}")


def machine(folder: Path) -> list[str]:
    """What a reader of the figures must know of the machine."""
    said = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
    cpu = next((value.strip() for name, _, value in said if name.startswith("model name")), "CPU unknown")
    memory_kib = int(Path("/proc/meminfo").read_text().split()[1])
    disk = subprocess.run(["df", "--output=fstype", folder], capture_output=True, text=True, check=True).stdout.split()[-1]
    load = os.getloadavg()
    return [f"machine: {cpu}, {os.cpu_count()} CPUs, {memory_kib / 2**20:.0f} GiB, {platform.system()} {platform.release()}, {disk}",
            f"load average: {load[0]:.1f} {load[1]:.1f} {load[2]:.1f}"]
