# SPDX-License-Identifier: Apache-2.0
"""Kills agent, server or both under load, and counts rows; the sum at the end, also after Ctrl-C. Part two of scripts/powercut."""
from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from support.places import BUILD  # noqa: E402

sys.path.insert(0, str(BUILD / "python"))
from support.harness import Installation  # noqa: E402
from support.kill_rows import KINDS, PERIOD_S, KillRows  # noqa: E402

SHORT_KILLS = 10
LONG_MINUTES = 45.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/powercut", description=__doc__)
    parser.add_argument("--long", action="store_true", help=f"{LONG_MINUTES:.0f} minutes")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    minutes = options.minutes if options.minutes is not None else LONG_MINUTES if options.long else None
    end = time.monotonic() + minutes * 60 if minutes is not None else None
    print(f"kill -9 under load, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="ems-kill-", dir=os.environ.get("TMPDIR")) as folder:
        with Installation(Path(folder), telemetry_period_s=PERIOD_S) as site:
            site.make_pki()
            site.accept_limits()
            loop = KillRows(site, options.seed)
            kinds = list(KINDS) * 4
            kills = 0
            try:
                while time.monotonic() < end if end is not None else kills < SHORT_KILLS:
                    loop.once(kinds[kills] if end is None else loop.random.choice(kinds))
                    kills += 1
                    if loop.tally.harm:
                        print(f"HARM at kill {kills}: {loop.tally}", flush=True)
                        break
            except KeyboardInterrupt:
                pass
            tally = loop.finish()
    print(tally, flush=True)
    return 1 if tally.harm else 0


if __name__ == "__main__":
    sys.exit(main())
