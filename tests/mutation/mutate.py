# SPDX-License-Identifier: Apache-2.0
"""Mutation testing of the safety kernel: scripts/mutate [--long] [--seed N] [--list]

Changes one thing at a time in libems/src/safety or include/ems/safety and runs safety's unit tests, then its property tests. A mutant
that a test, a crash or the timeout stops is killed; one that every test likes has survived: a test is missing, or the code is more
than it needs to be. One that does not compile is not counted. Below 95 % killed the exit code is 1.

  (default)   30 mutants drawn with a fixed seed, two at a time; what scripts/test does
  --long      300 mutants, at most 45 minutes
  --seed N    draws other mutants; every run prints its seed
  --list      prints all mutants there are and runs none
  --build DIR working directory instead of build/mutation
  PATH        only files whose path contains one of these, e.g. gate.cpp; with --count 0: all their mutants

tests/mutation/equivalent.txt lists mutants that change nothing anybody can see, each with its argument; they are not drawn.
"""
from __future__ import annotations

import argparse
import difflib
import os
import random
import subprocess
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutations import Mutation, mutations

ROOT = Path(__file__).resolve().parents[2]
MUTATED = ("libems/src/safety", "libems/include/ems/safety")
NEEDED = ("CMakeLists.txt", "CMakePresets.json", "libems", "tests")
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
SHORT, LONG = 30, 300
LONG_S = 45 * 60
FLOOR = 0.95
SEED = 20_240_401
CASES = "3000"  # Of each property test.
WORKERS = 2


def sources() -> list[str]:
    return [str(p.relative_to(ROOT)) for folder in MUTATED for p in sorted((ROOT / folder).iterdir()) if p.suffix in (".cpp", ".hpp", ".def")]


def equivalents() -> dict[tuple[str, str, str], str]:
    """(path, line, mutation) -> why. Entries are four lines `file:`, `line:`, `mutation:`, `because:`, apart by blank lines."""
    out = {}
    text = "".join(line for line in EQUIVALENT.read_text().splitlines(keepends=True) if not line.startswith("#"))
    for entry in filter(None, (block.strip() for block in text.split("\n\n"))):
        fields = dict(line.split(": ", 1) for line in entry.splitlines())
        if list(fields) != ["file", "line", "mutation", "because"]:
            sys.exit(f"{EQUIVALENT.name}: not an entry:\n{entry}")
        out[fields["file"], fields["line"], fields["mutation"]] = fields["because"]
    return out


TEXTS: dict[str, str] = {}  # As they were at the start: somebody may be writing on.


def drawable(paths: list[str]) -> tuple[list[Mutation], int]:
    """Every mutant that is not known to be equivalent, and how many are."""
    known = equivalents()
    TEXTS.update({path: (ROOT / path).read_text() for path in sources()})
    everything = [m for path, text in TEXTS.items() for m in mutations(path, text)]
    if stale := known.keys() - {(m.path, m.source, m.what) for m in everything}:
        sys.exit(f"{EQUIVALENT.name}: no such mutant any more:\n" + "\n".join(" | ".join(key) for key in sorted(stale)))
    out = [m for m in everything if (m.path, m.source, m.what) not in known]
    return [m for m in out if not paths or any(path in m.path for path in paths)], len(everything) - len(out)


class Worker:
    """A copy of what safety and its tests are built from, and its build directory."""

    def __init__(self, folder: Path):
        self.tree, self.build = folder / "tree", folder / "build"
        for source in (p for top in NEEDED for p in ([ROOT / top] if (ROOT / top).is_file() else sorted((ROOT / top).rglob("*")))):
            copy = self.tree / source.relative_to(ROOT)
            if source.is_file() and source.suffix != ".pyc" and (not copy.exists() or copy.read_bytes() != source.read_bytes()):
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(source.read_bytes())
        for copy in self.tree.rglob("*"):
            if copy.is_file() and not (ROOT / copy.relative_to(self.tree)).is_file():
                copy.unlink()
        for path, text in TEXTS.items():
            if (self.tree / path).read_text() != text:
                (self.tree / path).write_text(text)
        self.seconds: dict[str, float] = {}

    def prepare(self) -> None:
        """Builds the unchanged tree, whose tests must pass: they say how long a test may take."""
        options = [f"-DEMS_BUILD_{part}=OFF" for part in ("IO", "APPS", "PYTHON", "C")]
        options += ["-DEMS_WERROR=OFF", "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g0", "-DCMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE=PRE_TEST"]
        self.run(600, "cmake", "--preset", "dev", "-S", self.tree, "-B", self.build, *options, must="configure")
        for tier in ("unit", "property"):
            self.compile(f"{tier}_safety", must=f"build the tests of {tier}")
            begin = time.monotonic()
            self.test(tier, must=f"pass the tests of {tier} unchanged")
            self.seconds[tier] = time.monotonic() - begin

    def run(self, timeout: float, *command: object, must: str = "", **environment: str) -> str:
        """"", or why it failed."""
        try:
            done = subprocess.run([str(part) for part in command], cwd=self.tree, env={**os.environ, **environment}, timeout=timeout,
                                  capture_output=True, text=True, errors="replace")
            failure = "" if done.returncode == 0 else f"signal {-done.returncode}" if done.returncode < 0 else f"exit {done.returncode}"
            output = done.stdout[-4000:] + done.stderr[-4000:]
        except subprocess.TimeoutExpired:
            failure, output = "timeout", ""
        if failure and must:
            sys.exit(f"mutate: cannot {must} ({failure}):\n{output}")
        if failure.startswith("exit"):
            failed = [line.split()[3] for line in output.splitlines() if line.startswith("[  FAILED  ]") and len(line.split()) > 3]
            failure = failed[0] if failed else failure
        return failure

    def compile(self, target: str, must: str = "", **environment: str) -> str:
        return self.run(600, "cmake", "--build", self.build, "-j", 1 if not must else WORKERS, "--target", target, must=must, **environment)

    def test(self, tier: str, must: str = "") -> str:
        seconds = 10 * self.seconds[tier] + 10 if tier in self.seconds else 600
        return self.run(seconds, self.build / "tests" / f"{tier}_safety", "--gtest_brief=1", "--gtest_fail_fast", must=must, EMS_CASES=CASES)

    def judge(self, m: Mutation) -> str | None:
        """What killed it, "" when it survived, None when it does not compile."""
        target, text = self.tree / m.path, TEXTS[m.path]
        target.write_text(m.apply(text))
        try:
            if self.compile("ems_safety", CCACHE_READONLY="1"):
                return None
            for tier in ("unit", "property"):
                if self.compile(f"{tier}_safety", CCACHE_READONLY="1"):
                    return None
                if failure := self.test(tier):
                    return f"{tier}: {failure}"
            return ""
        finally:
            target.write_text(text)


def show(m: Mutation, verdict: str) -> None:
    print(f"{'survived' if verdict == '' else 'killed  '} {m.path}:{m.line}: {m.what}" + (f"  by {verdict}" if verdict else ""), flush=True)
    if verdict == "":
        text = TEXTS[m.path]
        diff = difflib.unified_diff(text.splitlines(), m.apply(text).splitlines(), lineterm="", n=1)
        print("\n".join("    " + line for line in list(diff)[2:]), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--count", type=int)
    parser.add_argument("--build", type=Path, default=ROOT / "build/mutation")
    parser.add_argument("paths", metavar="PATH", nargs="*")
    options = parser.parse_args()
    started = time.monotonic()
    candidates, equivalent = drawable(options.paths)
    if not candidates:
        parser.error("nothing to mutate there")
    if options.list:
        for m in candidates:
            print(f"{m.path}:{m.line}: {m.what} | {m.source}")
        print(f"{len(candidates)} mutants; {equivalent} more are known to be equivalent")
        return 0
    wanted = (LONG if options.long else SHORT) if options.count is None else options.count or len(candidates)
    random.Random(options.seed).shuffle(candidates)

    workers = [Worker(options.build.resolve() / str(i)) for i in range(WORKERS)]
    for worker in workers:
        worker.prepare()
    results: dict[Mutation, str] = {}
    tried = 0

    def work(worker: Worker, jobs: deque[Mutation], take) -> None:
        while jobs and (not options.long or time.monotonic() - started < LONG_S):
            m = take()
            verdict = worker.judge(m)
            if verdict is not None:
                results[m] = verdict
                show(m, verdict)

    # Mutants that do not compile are replaced by the next ones drawn. Those of one file come together: less to build.
    while len(results) < wanted and tried < len(candidates) and (not options.long or time.monotonic() - started < LONG_S):
        drawn = candidates[tried:tried + wanted - len(results)]
        tried += len(drawn)
        jobs = deque(sorted(drawn, key=lambda m: (m.path, m.at)))
        with ThreadPoolExecutor(WORKERS) as pool:
            for done in [pool.submit(work, workers[0], jobs, jobs.popleft), pool.submit(work, workers[1], jobs, jobs.pop)]:
                done.result()

    killed = sum(verdict != "" for verdict in results.values())
    share = killed / len(results) if results else 0.0
    print(f"\nmutants of safety: {len(results)}, killed {killed} ({100 * share:.1f} %, at least {100 * FLOOR:.0f} %), survived "
          f"{len(results) - killed}; drawn from {len(candidates)} with seed {options.seed}; {equivalent} known to be equivalent; "
          f"{time.monotonic() - started:.0f} s")
    return 0 if share >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
