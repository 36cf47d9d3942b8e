# SPDX-License-Identifier: Apache-2.0
"""Decode speed: a frame of every protocol through its codec, beside a decoder in pure Python (python_decoders.py) in the same run.

Run by scripts/bench, on the release build: EMS_BUILD_DIR=build/release tests/bench/bench_decode.py
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("EMS_BUILD_DIR", ROOT / "build/release")).resolve()
sys.path[:0] = [str(ROOT / "tests"), str(BUILD / "python")]

import ems  # noqa: E402
from python_decoders import PEERS, jk_pb_answer  # noqa: E402
from report import row, short  # noqa: E402
from support import vectors  # noqa: E402

PEER_S = 0.3  # CPU time of a peer's measurement.


class Work(NamedTuple):
    """What both sides decode."""

    protocol: str
    told: dict[str, Any]  # The codec's options.
    request: bytes
    reply: bytes
    frames: list[tuple[int, bytes, bool]]

    def line(self) -> str:
        """For bench_decode.cpp."""
        options = ",".join(str(self.told.get(name, "-")) for name in vectors.OPTIONS)
        if self.frames:
            words = [f"{number:0{8 if extended else 3}X}#{data.hex()}" for number, data, extended in self.frames]
        else:
            words = [self.request.hex() or "-", self.reply.hex() or "-"]
        return " ".join([self.protocol, options, *words])

    def ours(self) -> dict[str, Any]:
        if self.frames:
            return ems.decode_can(self.protocol, [ems.CanFrame(*frame) for frame in self.frames], **self.told)
        return ems.decode(self.protocol, self.reply or None, self.request, **self.told)


def work_of(vector: dict[str, Any]) -> Work:
    frames = [(f["id"], bytes.fromhex(f["data_hex"]), f["ext"]) for f in vector.get("frames", [])]
    return Work(vector["protocol"], vectors.options(vector), bytes.fromhex(vector.get("request_hex") or ""),
                bytes.fromhex(vector.get("response_hex") or ""), frames)


def chosen() -> list[Work]:
    """A piece of work a protocol: what its peer decodes, else the longest vector that decodes; a refusal where there is no other, as its
    request."""
    good = [v for v in vectors.of_batteries(ems.protocols()) if "expect" in v]
    by_name = {v["id"]: v for v in good}
    found = []
    for name in ems.protocols():
        if name == "jk_pb_modbus":
            status = work_of(by_name[PEERS[name][0]])
            found.append(Work(name, {}, b"", jk_pb_answer(status.reply), []))
        elif name in PEERS:
            found.append(work_of(by_name[PEERS[name][0]]))
        elif any(v["protocol"] == name for v in good):
            all_of_it = [work_of(v) for v in good if v["protocol"] == name]
            found.append(max(all_of_it, key=lambda work: (len(work.reply) + sum(len(f[1]) for f in work.frames), len(work.request))))
        else:
            refused = next(v for v in vectors.of_batteries([name]) if v.get("request_hex"))
            found.append(work_of(refused)._replace(reply=b""))
    return found


def peer_ns(decoder: Callable[..., dict[str, Any]], work: Work) -> float:
    """CPU time of one call, once what it gives is what we give."""
    given = [frame[:2] for frame in work.frames] if work.frames else work.reply
    theirs, ours = decoder(given), work.ours()
    for name, value in theirs.items():
        assert name not in ours or vectors.agrees(ours[name], value), (work.protocol, name, value, ours[name])
    assert len(set(theirs) & set(ours)) >= len(theirs) - 1, (work.protocol, theirs, ours)
    calls, begin = 0, time.process_time()
    while time.process_time() - begin < PEER_S:
        for _ in range(100):
            decoder(given)
        calls += 100
    return (time.process_time() - begin) / calls * 1e9


def main() -> int:
    works = chosen()
    done = subprocess.run([BUILD / "bin/bench_decode"], input="".join(work.line() + "\n" for work in works), check=True,
                          stdout=subprocess.PIPE, text=True)
    row("decode, CPU of a frame, median", "ours, frames/s", "aim", "Python, same run", "ratio")
    allocations = 0
    for work, figures in zip(works, json.loads(done.stdout), strict=True):
        ns = figures["call"]["p50_ns"] / figures["frames"]
        allocations += figures["call"]["allocations"]
        what = f"{work.protocol}, {figures['bytes'] // figures['frames']} B, {figures['values'] / figures['frames']:.3g} values"
        peer = PEERS.get(work.protocol)
        theirs = peer_ns(peer[1], work) / figures["frames"] if peer else None
        beside = (f"{theirs:.0f} ns", f"{theirs / ns:.0f}x") if theirs else ("-", "-")
        row(what, f"{ns:.0f} ns, {short(1e3 / ns)} M/s", "-", *beside)
    row("  allocations of all these decodes", str(allocations), "0", "-")
    print("  codecs by themselves, values to a sink; bytes and values of a frame; on CAN the mean of a burst's frames")
    return 0


if __name__ == "__main__":
    sys.exit(main())
