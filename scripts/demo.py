# SPDX-License-Identifier: Apache-2.0
"""The demo itself: starts a site, lets four things go wrong, and checks what libems does against the plant's own truth."""
from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from support.harness import Installation, build_dir, wait_for  # noqa: E402

sys.path.insert(0, str(build_dir() / "python"))

LIMIT_W = 4000
METER_CLASS = 0.01  # The SDM630 is a class 1 meter: 1 % of the limit is not an excursion.
STALE_S, TICKS_S = 3.0, 0.2  # Three polls of 1 s; two ticks.
DEAD_TIME_S, RAMP_W_PER_S, RATED_W = 0.3, 5000.0, 5000.0
SEED = 20261121


class Demo:
    def __init__(self, folder: Path) -> None:
        self.site = Installation(folder, limit_w=LIMIT_W)
        self.checks: list[tuple[bool, str]] = []
        self.began = time.monotonic()

    # ---- saying and checking -------------------------------------------------------------------

    def say(self, text: str) -> None:
        print(f"\n--- {time.monotonic() - self.began:5.1f} s  {text}", flush=True)

    def check(self, ok: bool, text: str) -> None:
        self.checks.append((bool(ok), text))
        print(f"{'    ok' if ok else 'FAILED'}  {text}", flush=True)

    def status(self) -> dict:
        return self.site.status()

    def until(self, what: str, condition, timeout_s: float):
        """Waits for a condition on the status; a time-out is a failed check, not an exception."""
        begin = time.monotonic()
        try:
            wait_for(what, lambda: condition(self.status()), timeout_s)
        except TimeoutError as error:
            self.check(False, str(error)[:200])
            return None
        return time.monotonic() - begin

    def truth(self) -> list[dict]:
        """What the plant really did, every 100 ms."""
        with (self.site.folder / "truth.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if None not in row.values()]
        return [{key: float(value) for key, value in row.items() if value not in ("", "true", "false")} for row in rows]

    # ---- the story -----------------------------------------------------------------------------

    def start(self) -> None:
        self.say("a development authority, accepted limits, server, simulated site, agent")
        self.site.make_pki()
        self.site.accept_limits()
        report = self.site.ctl("config", "check", "site.yaml").stdout
        self.reaction_s = float(re.search(r"declared reaction time: ([\d.]+) s", report).group(1))
        print(report.strip())
        self.site.start_server()
        self.site.start_sim("--log", "truth.csv", "--seed", str(SEED), "--load-w", "2000", "--load-step-w", "0", "--pv-w", "4000",
                            "--start-hour", "12", "--soc-pct", "60", "--dead-time-s", str(DEAD_TIME_S), "--ramp-w-per-s",
                            str(RAMP_W_PER_S))
        self.site.start_agent()
        self.watcher = self.site.start("watch", "emsctl", "watch", stdout=subprocess.PIPE)
        threading.Thread(target=self.print_table, daemon=True).start()
        self.until("the site is healthy", lambda s: s["safety"]["state"] == "normal", 20)
        self.until("the battery takes the PV surplus", lambda s: s["decision"]["winner"] == "self_consumption"
                   and (s["assets"]["inverter/1"]["values"]["active_power_w"] or 0) < -300, 15)

    def print_table(self) -> None:
        for line in self.watcher.stdout:
            print(line.decode(errors="replace").rstrip()[:200], flush=True)

    def load_peak(self) -> None:
        self.say("a person holds the battery at 0 W for 20 s; then 8 kW of load come on for 12 s")
        self.site.ctl("setpoint", "--power-w", "0", "--lease-s", "20", "--name", "Ada Example")
        self.until("the set-point is in force", lambda s: s["decision"]["winner"] == "setpoint" or s["decision"]["target_w"] == 0, 5)
        from_s = self.truth()[-1]["t_s"]
        self.site.sim("load +8000 for 12")
        self.until("import_limit binds what the set-point may have",
                   lambda s: any(level["level"] == "contractual" and level["lo_by"] == "import_limit" and level["after"]["lo_w"] > 1000
                                 for level in s["decision"]["levels"]), 6)
        print(self.site.ctl("why").stdout.rstrip())
        time.sleep(11)
        longest = run = 0.0
        last_t = None
        for row in (r for r in self.truth() if r["t_s"] >= from_s):
            dt = row["t_s"] - last_t if last_t is not None else 0.0
            run = run + dt if row["grid_w"] > LIMIT_W * (1 + METER_CLASS) else 0.0
            longest = max(longest, run)
            last_t = row["t_s"]
        peak = max(r["load_w"] - r["pv_w"] for r in self.truth() if r["t_s"] >= from_s)
        self.check(peak > LIMIT_W * 1.2, f"without the battery the site would have imported {peak / 1000:.2f} kW")
        self.check(0 < longest <= self.reaction_s,
                   f"longest import above {LIMIT_W / 1000:.1f} kW: {longest:.1f} s (declared: at most {self.reaction_s:.1f} s)")

    def overvoltage(self) -> None:
        self.until("charging again", lambda s: (s["assets"]["inverter/1"]["values"]["active_power_w"] or 0) < -300, 20)
        self.say("cell 3 measures 3.61 V for 8 s (limit: 3.60 V)")
        self.site.sim("cell 3 =3610mv for 8")
        took = self.until("charging is forbidden, discharging is not",
                          lambda s: s["safety"]["envelope"]["lo_w"] == 0 and s["safety"]["envelope"]["hi_w"] > 1000, 4)
        if took is not None:
            names = [r["name"] for r in self.status()["safety"]["reasons"]]
            self.check("cell_overvoltage" in names, f"reason named: {', '.join(names)}")
        time.sleep(DEAD_TIME_S + RATED_W / RAMP_W_PER_S + 0.5)
        row = self.truth()[-1]
        self.check(row["battery_ac_w"] > -20, f"the plant no longer charges: {row['battery_ac_w']:.0f} W at ac")
        self.until("charging is allowed again", lambda s: s["safety"]["envelope"]["lo_w"] < -1000, 25)

    def silence(self) -> None:
        self.until("charging again", lambda s: (s["assets"]["inverter/1"]["values"]["active_power_w"] or 0) < -300, 10)
        declared = STALE_S + TICKS_S + DEAD_TIME_S + RATED_W / RAMP_W_PER_S + 1.0  # + one poll under way
        self.say(f"the battery falls silent for 8 s (declared: 0 W within {declared:.1f} s)")
        from_s = self.truth()[-1]["t_s"]
        self.site.sim("fault battery silence 8")
        self.until("state is safe", lambda s: s["safety"]["state"] == "safe", declared + 1)
        time.sleep(1.5)
        rows = [r for r in self.truth() if r["t_s"] >= from_s]
        at_zero = next((r["t_s"] - from_s for r in rows if abs(r["battery_ac_w"]) < 20), None)
        self.check(at_zero is not None and at_zero <= declared,
                   f"0 W at the plant after {at_zero if at_zero is None else round(at_zero, 1)} s")
        self.until("the battery is back", lambda s: s["safety"]["state"] == "normal", 30)

    def server_loss(self) -> None:
        self.say("the server is killed (kill -9) for 10 s")
        self.site.kill("server")
        time.sleep(10)
        pending = self.status()["rows"]["telemetry"]["pending"]
        self.check(pending >= 5, f"{pending} rows wait at the edge")
        self.site.start_server()
        took = self.until("the backlog is delivered", lambda s: s["rows"]["telemetry"]["pending"] <= 2
                          and s["uplink"]["state"] == "online", 40)
        if took is not None:
            self.check(True, f"backlog delivered {took:.1f} s after the server's return")

    def end(self) -> None:
        self.say("SIGTERM to the agent")
        self.site.kill("watch")
        code = self.site.stop("agent")
        self.check(code == 0, f"agent ended with {code}")
        time.sleep(DEAD_TIME_S + RATED_W / RAMP_W_PER_S + 0.5)
        self.check(abs(self.truth()[-1]["battery_ac_w"]) < 20, "the plant stands at 0 W")
        self.rows()

    def rows(self) -> None:
        import numpy

        import ems

        edge = ems.Store(str(self.site.folder / "telemetry.db"))
        fleet = ems.Store(str(self.site.folder / "fleet.db"), "demo/gateway-1")
        made, stored = edge.marks(), fleet.marks()
        point = "site setpoint_power_w"
        at_edge, at_server = edge.column(point), fleet.column(point)
        numbers = at_server.sequence
        doubled = len(numbers) - len(numpy.unique(numbers))
        lost = int(made["telemetry"]) - len(numpy.unique(numbers))
        self.check(stored == made, f"rows made {made}, stored {stored}")
        self.check(numpy.array_equal(at_edge.raw, at_server.raw) and not fleet.gaps(), "the server holds the same values, no gaps")
        counts = {c["stream"]: c for c in self.site.fleet("counts", "--agent", "demo/gateway-1")}
        resent = counts["telemetry"]["duplicates"]
        self.check(lost == 0 and doubled == 0, "nothing lost, nothing double")
        print(f"\nrows made {sum(made.values())}, stored {sum(stored.values())}, lost {lost}, duplicated {doubled}"
              f"  ({resent} sent again after the cut and refused)")

    def run(self) -> int:
        for part in (self.start, self.load_peak, self.overvoltage, self.silence, self.server_loss):
            part()
        return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the site running at the end")
    parser.add_argument("--dir", type=Path, help="folder for the site's files")
    options = parser.parse_args()
    folder = options.dir or Path(tempfile.mkdtemp(prefix="ems-demo-"))
    demo = Demo(folder)
    print(f"demo: files in {folder}, seed {SEED}")
    with demo.site:
        try:
            demo.run()
            if options.keep:
                demo.say(f"still running; look with: cd {folder} && {demo.site.bin}/emsctl status   (Ctrl-C ends it)")
                try:
                    while True:
                        time.sleep(1)
                except KeyboardInterrupt:
                    pass
            demo.end()
        except Exception as error:  # noqa: BLE001 - reported as a failed check, with the logs
            demo.check(False, f"{type(error).__name__}: {error}")
            for name in ("agent", "server", "sim", "watch"):
                print(f"--- last lines of {name}.log\n{demo.site.log(name)}")
    failed = [text for ok, text in demo.checks if not ok]
    print(f"{len(demo.checks) - len(failed)} checks hold, {len(failed)} failed, {time.monotonic() - demo.began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
