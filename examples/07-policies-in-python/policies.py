# SPDX-License-Identifier: Apache-2.0
"""A simulated day under policies of several levels: who wins when, and why. Nothing in it was ever measured."""
from __future__ import annotations

import sys

import ems
from ems.policies import Policy

# %% What the site is for. The order here means nothing: libems's own order of precedence counts.
POLICIES: list[Policy] = [
    ems.ImportLimit(2800),
    ems.DemandLimit(limit_w=2000, import_max_w=2800),
    ems.TimeOfUse([
        ems.Window("01:00", "05:00", "charge", 1500, soc_stop_pct=60),
        ems.Window("18:00", "21:00", "discharge", 2000, soc_stop_pct=25),
    ]),
    ems.SelfConsumption(),
    ems.ComfortBand(power_w=5000),
]
#: Moments of the day at which somebody asks why, s.
WHY = {90 * 60: "01:30", 690 * 60: "11:30", 1170 * 60: "19:30"}


def clock(at_s: int) -> str:
    return f"{at_s // 3600:02d}:{at_s // 60 % 60:02d}"


# %% A day, looked at once a minute. A line for each stretch with one winner.
answers: dict[str, str] = {}
rows: list[tuple[int, str, int, int]] = []  # begin, winner, lowest and highest target
targets: list[tuple[int, int]] = []
with ems.SimulatedSite(seed=1, soc_pct=40, load_base_w=900, policies=POLICIES) as site:
    for at_s in range(60, 86401, 60):
        site.run(60)
        step = site.decision
        assert step is not None
        winner = step.winner or "idle"
        targets.append((at_s, step.target_w))
        if at_s in WHY:
            answers[WHY[at_s]] = site.explain()
        if rows and rows[-1][1] == winner:
            begin, _, lowest, highest = rows[-1]
            rows[-1] = (begin, winner, min(lowest, step.target_w), max(highest, step.target_w))
        else:
            rows.append((at_s, winner, step.target_w, step.target_w))

    long = [(row, end) for row, end in zip(rows, [row[0] for row in rows[1:]] + [86400]) if end - row[0] >= 900]
    print("SIMULATED. Stretches of a quarter of an hour and more with one winner; target in W, + discharges")
    for (begin, winner, lowest, highest), end in long:
        print(f"{clock(begin)} {clock(end)}  {winner:<17} {lowest:6d} .. {highest:5d}")
    for moment, text in answers.items():
        print(f"\nwhy, at {moment}?\n{text.rstrip()}")

    # %% The same as a picture, when a file is named.
    if len(sys.argv) > 1:
        import matplotlib

        matplotlib.use("Agg")
        axes = ems.plot.day(site)
        axes[0].figure.savefig(sys.argv[1], dpi=100)
