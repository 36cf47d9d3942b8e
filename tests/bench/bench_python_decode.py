# SPDX-License-Identifier: Apache-2.0
"""A million JBD frames from Python to columns: ems.decode_column beside a straightforward decoder in pure Python, in the same run.

Run by scripts/bench, on the release build: EMS_BUILD_DIR=build/release tests/bench/bench_python_decode.py [FRAMES]
"""
from __future__ import annotations

import os
import struct
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(os.environ.get("EMS_BUILD_DIR", ROOT / "build/release")).resolve() / "python"))

import numpy  # noqa: E402

import ems  # noqa: E402
from python_decoders import jbd  # noqa: E402


def decode_all(frames: list[bytes]) -> dict[str, numpy.ndarray]:
    """What both sides must give: a column a signal, an error number a frame."""
    rows, errors = [], []
    for frame in frames:
        try:
            rows.append(jbd(frame))
            errors.append(0)
        except (ValueError, IndexError, struct.error):
            rows.append(None)
            errors.append(1)
    names = next(row for row in rows if row is not None)
    columns = {name: numpy.array([None if row is None else row[name] for row in rows]) for name in names}
    return {**columns, "error": numpy.array(errors)}


def make_frames(count: int) -> numpy.ndarray:
    """Rows of bytes: a 16-cell battery with voltage, current, charge and temperature that change from frame to frame."""
    payload = numpy.zeros((count, 29), numpy.uint8)
    n = numpy.arange(count)
    words = [(0, 5000 + n % 700), (2, (n % 8000 - 4000) & 0xFFFF), (4, n % 10_000), (6, n * 0 + 10_000), (8, n % 500), (10, n * 0 + 0x2C7C),
             (23, 2931 + n % 200), (25, 2931 + n % 170), (27, 2931 + n % 130)]
    for at, word in words:
        payload[:, at], payload[:, at + 1] = word >> 8, word & 0xFF
    payload[:, 18], payload[:, 19], payload[:, 20], payload[:, 21], payload[:, 22] = 0x20, n % 101, 3, 16, 3
    head = numpy.broadcast_to(numpy.array([0xDD, 3, 0, 29], numpy.uint8), (count, 4))
    check = (0x10000 - 29 - payload.sum(axis=1, dtype=numpy.int64)) & 0xFFFF
    tail = numpy.stack([check >> 8, check & 0xFF, numpy.full(count, 0x77)], axis=1).astype(numpy.uint8)
    return numpy.concatenate([head, payload, tail], axis=1)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    matrix = make_frames(count)
    frames = [row.tobytes() for row in matrix]

    ems.decode_column("jbd", matrix[:1000])  # The first call imports and allocates.
    best = min(timed(lambda: ems.decode_column("jbd", matrix)) for _ in range(3))
    as_list = min(timed(lambda: ems.decode_column("jbd", frames)) for _ in range(3))
    columns = ems.decode_column("jbd", matrix)
    begin = time.process_time()
    peer = decode_all(frames)
    peer_s = time.process_time() - begin

    assert columns.ok.all() and not peer["error"].any()
    for name in ("pack_voltage_v", "pack_current_a", "soc_pct", "cycle_count"):
        assert numpy.allclose(columns[name].value, peer[name], atol=1e-9), name
    assert numpy.allclose(columns["temperatures_degc"].value, peer["temperatures_degc"], atol=1e-9)

    for what, ours_s in ((f"{count} JBD frames, uint8 rows", best), (f"{count} JBD frames, list of bytes", as_list)):
        ours = f"{ours_s / count * 1e9:.0f} ns/frame"
        print(f"{what:<46} {ours:>22} {'>= 100x':>16} {f'{peer_s / count * 1e9:.0f} ns (Python)':>22} {f'{peer_s / ours_s:.0f}x':>8}")
    return 0


def timed(work: Any) -> float:
    """CPU seconds of one call; what it made is dropped inside."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


if __name__ == "__main__":
    sys.exit(main())
