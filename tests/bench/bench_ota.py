# SPDX-License-Identifier: Apache-2.0
"""What an update costs: hash and verify of a 100 MB image in memory and into a file, a client's first cycle. Beside them in the same run:
`openssl speed`, and the disk itself.

Run by scripts/bench, on the release build: EMS_BUILD_DIR=build/release tests/bench/bench_ota.py [--dir FOLDER]
"""
from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from report import Runs, machine, runs_of, short, times_better, wide_row

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("EMS_BUILD_DIR", ROOT / "build/release")).resolve()
VECTORS = ROOT / "tests/vectors/ota/tuf/generated"
ROUNDS = 3
IN_MEMORY_AIM = 0.95  # Times openssl speed.
INTO_FILE_AIM = 0.9  # Times the slower of hashing and the disk.
REFRESH_MS = 5.0
GROWTH_KIB = 4096  # What "constant memory" may be, for an image of 100 MB.


def make_repository(folder: Path) -> None:
    """The base case, as bench_ota takes it."""
    case = json.loads((VECTORS / "index.json").read_text())[0]
    (folder / "metadata").mkdir(parents=True)
    (folder / "now").write_text(case["now"])
    shutil.copyfile(VECTORS / case["trusted_root"], folder / "root.json")
    for url, blob in case["urls"].items():
        if url.startswith("metadata/"):
            shutil.copyfile(VECTORS / blob, folder / url)


def ours(what: str, repository: Path, folder: Path) -> dict:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        done = subprocess.run([BUILD / "bin/bench_ota", what, repository, own], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def openssl_mb_per_s() -> float:
    """Of CPU time, which is what it counts by, in pieces of the size that ours come in."""
    done = subprocess.run(["openssl", "speed", "-seconds", "2", "-bytes", "65536", "-evp", "sha256"], check=True, capture_output=True,
                          text=True)
    return float(re.search(r"(?mi)^sha256\s+([0-9.]+)k", done.stdout).group(1)) / 1e3


def in_memory(repository: Path, folder: Path) -> None:
    rates: list[float] = []
    peers: list[float] = []
    for _ in range(ROUNDS):
        peers.append(openssl_mb_per_s())
        rates.append(runs_of(ours("memory", repository, folder)["mb_per_cpu_s"]).median)
    times_better("hash and verify 100 MB in memory", runs_of(rates), "MB/s", "openssl speed", runs_of(peers), IN_MEMORY_AIM)


def into_file(repository: Path, folder: Path) -> None:
    figures = ours("file", repository, folder)
    slower: Runs = min((runs_of(figures[name]) for name in ("disk_mb_per_s", "hash_mb_per_s")), key=lambda runs: runs.median)
    name = "disk" if slower == runs_of(figures["disk_mb_per_s"]) else "hash"
    times_better("hash and verify 100 MB into a file", runs_of(figures["mb_per_s"]), "MB/s", f"the slower, {name}", slower, INTO_FILE_AIM)
    growth = figures["growth_kib"]
    missed = "MISSED" if growth > GROWTH_KIB else "-"
    wide_row("  memory that it took beyond the image", f"{growth} KiB", f"<= {GROWTH_KIB}", "none exists", missed)


def refresh(repository: Path, folder: Path) -> None:
    times = runs_of(ours("refresh", repository, folder)["cpu_ms"])
    wide_row("first cycle of the base case, CPU", times.text("ms"), f"<= {short(REFRESH_MS)}", "none exists",
             "MISSED" if times.median > REFRESH_MS else "-")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--dir", type=Path, default=Path("/var/tmp"), help="which disk is measured")
    folder = arguments.parse_args().dir
    with tempfile.TemporaryDirectory(prefix="ems-bench-", dir=folder) as made:
        repository = Path(made) / "repository"
        make_repository(repository)
        wide_row("updates", "ours", "aim", "beside it", "ratio")
        in_memory(repository, Path(made))
        into_file(repository, Path(made))
        refresh(repository, Path(made))
    print("\n".join(machine(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
