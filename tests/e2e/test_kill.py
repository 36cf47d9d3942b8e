# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under load: no committed row is missing or double, and the open window is counted apart."""
import os
import random

from support.kill_loop import KillLoop, summary
from support.kill_rows import FSYNC_S, PERIOD_S, WINDOW_S, KillRows


def seed_of_run() -> int:
    seed = int(os.environ.get("EMS_SEED", random.SystemRandom().randrange(2**32)))
    print(f"seed {seed} (EMS_SEED repeats it)")
    return seed


def test_agent_and_server_killed_at_random_moments(install, capsys):
    """scripts/powercut --long does the same for 45 minutes."""
    loop = KillRows(install(telemetry_period_s=PERIOD_S), seed_of_run())
    kinds = ["agent"] * 7 + ["server"] * 3 + ["both"] * 3
    loop.random.shuffle(kinds)
    for kind in kinds:
        loop.once(kind)
    tally = loop.finish()
    with capsys.disabled():
        print(f"\n{tally}")
    assert tally.harm == 0
    assert sum(tally.kills.values()) == 13 and tally.rows > 60
    assert max(tally.windows_s) <= WINDOW_S + PERIOD_S + FSYNC_S


# SAF-072
def test_whatever_is_killed_the_inverter_is_back_at_0_w_within_the_declared_time(install, capsys):
    """scripts/kill --long does the same for 45 minutes."""
    seed = seed_of_run()
    loop = KillLoop(install(lease_s=1), seed)
    kinds = ["agent"] * 2 + ["inverter link"] * 4 + ["server"] * 2 + ["battery link"] * 2
    loop.random.shuffle(kinds)
    try:
        outcomes = [loop.once(kind) for kind in kinds]
    finally:
        loop.close()
    with capsys.disabled():
        print("\n" + summary(outcomes, seed))
    assert [outcome for outcome in outcomes if outcome.missed] == []
