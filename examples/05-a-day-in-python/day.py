# SPDX-License-Identifier: Apache-2.0
"""A day of a simulated site: run it, draw it, say what happened. Nothing in it was ever measured."""
from __future__ import annotations

import sys

import matplotlib

matplotlib.use("Agg")
import ems  # noqa: E402

picture = sys.argv[1] if len(sys.argv) > 1 else "day.png"

# %% A day, from midnight to midnight; for ten minutes at noon the battery does not answer.
with ems.SimulatedSite(seed=1, start_hour=0, soc_pct=40) as site:
    site.set_fault("silence", "battery", in_s=12 * 3600, lasts_s=600)
    site.run(86400)

    # %% Everything that happened is numpy.
    grid = site.column("site site_grid_power_w")
    soc = site.column("battery/1 soc_pct")
    hours = 10 / 3600  # One row every 10 s.
    imported_kwh = grid.value[grid.valid].clip(min=0).sum() * hours / 1000
    exported_kwh = -grid.value[grid.valid].clip(max=0).sum() * hours / 1000
    unknown_min = (~soc.valid).sum() * 10 / 60
    print(f"SIMULATED: imported {imported_kwh:.1f} kWh, exported {exported_kwh:.1f} kWh")
    print(f"state of charge {soc.value[soc.valid].min():.0f} to {soc.value[soc.valid].max():.0f} %, unknown for {unknown_min:.0f} min")

    # %% A day in a picture.
    power, _ = ems.plot.day(site)
    power.figure.savefig(picture, dpi=100)
    print("drawn:", len(soc.value), "rows of", len(site.points()), "points")
