# SPDX-License-Identifier: Apache-2.0
"""Kills for as long as one likes; count, misses and seed at the end, also after Ctrl-C. Run by scripts/kill."""
from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from support.harness import Installation  # noqa: E402
from support.kill_loop import DECLARED_S, KillLoop, summary  # noqa: E402

SHORT_KILLS = 10
LONG_MINUTES = 45.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/kill", description=__doc__)
    parser.add_argument("--long", action="store_true", help=f"{LONG_MINUTES:.0f} minutes")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    minutes = options.minutes if options.minutes is not None else LONG_MINUTES if options.long else None
    end = time.monotonic() + minutes * 60 if minutes is not None else None
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="ems-kill-", dir="/tmp") as folder, Installation(Path(folder), lease_s=1) as site:
        site.make_pki()
        site.accept_limits()
        loop = KillLoop(site, options.seed)
        try:
            while time.monotonic() < end if end is not None else len(outcomes) < SHORT_KILLS:
                outcome = loop.once(loop.random.choice(list(DECLARED_S)))
                outcomes.append(outcome)
                if outcome.missed:
                    print(f"MISS: kill {len(outcomes)}, {outcome}", flush=True)
        except KeyboardInterrupt:
            pass
        finally:
            loop.close()
            print(summary(outcomes, options.seed), flush=True)
    return 1 if any(outcome.missed for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
