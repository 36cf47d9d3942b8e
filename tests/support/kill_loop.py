# SPDX-License-Identifier: Apache-2.0
"""Kills agent, server and links at random moments with leases of 1 s, and asks the plant when it was back at 0 W. Used by
tests/e2e/test_kill.py (short) and scripts/kill (long)."""
from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

from support.cut import PtyLine, TcpLine
from support.harness import RECONNECT_S, Installation, wait_for
from support.plant import ROW_S, ZERO_W, now_s, truth

LEASE_S = 1.0
POWER_W = 2000
DEAD_TIME_S, RAMP_W_PER_S = 0.1, 10000.0
TICK_S = 0.1
BATTERY_STALE_S = 2.0  # Four polls of 0.5 s, and the least there is.
REST_S = 0.6  # At 0 W for so long: it rests.
SCHEDULING_S = 0.5  # Two busy cores, three processes: slack of the test machine, not of the product.
TO_ZERO_S = DEAD_TIME_S + POWER_W / RAMP_W_PER_S

# From the kill to 0 W at the inverter. Its revert timer counts from the last command that it got.
DECLARED_S = {
    "agent": LEASE_S + TO_ZERO_S,
    "inverter link": LEASE_S + TO_ZERO_S,
    # The set-point's lease counts in the agent from when it took it; then the agent orders 0 W itself.
    "server": LEASE_S + TICK_S + TO_ZERO_S,
    # Nothing is known of the battery any more; then the agent orders 0 W itself.
    "battery link": BATTERY_STALE_S + TICK_S + TO_ZERO_S,
}


def from_server(site: Installation, *words: str) -> None:
    """A command of the operator, given at the server."""
    site.ctl("fleet", "--server", f"127.0.0.1:{site.server_port}", "--ca", "pki/ca.crt", "--certificate", "pki/user.crt", "--key",
             "pki/user.key", "command", *words, "--agent", "demo/gateway-1")


@dataclass
class Outcome:
    kind: str
    took_s: float
    missed: bool = field(init=False)

    def __post_init__(self) -> None:
        self.missed = self.took_s > DECLARED_S[self.kind] + SCHEDULING_S + ROW_S


def site_yaml(text: str, pcs_port: int, line: TcpLine, battery: PtyLine) -> str:
    """The installation's site file with the lines that can be cut, and no policy but a person's and the server's set-point."""
    text = text.replace(f"127.0.0.1:{pcs_port}", f"127.0.0.1:{line.port}").replace("device: battery.tty", f"device: {battery.path}")
    text = text.replace("dead_time_s: 0.5", f"dead_time_s: {DEAD_TIME_S}").replace("ramp_w_per_s: 5000", f"ramp_w_per_s: {RAMP_W_PER_S:.0f}")
    text = text.replace("poll_period_s: 1.0", "poll_period_s: 0.5")
    return text[: text.index("policies:")] + "policies:\n  setpoint: {lease_max_s: 3600}\n"


class KillLoop:
    def __init__(self, site: Installation, seed: int) -> None:
        self.site, self.random = site, random.Random(seed)
        site.start_server()
        site.start_sim("--log", "truth.csv", "--load-w", "1000", "--load-step-w", "0", "--load-evening-w", "0", "--pv-w", "0",
                       "--start-hour", "12", "--soc-pct", "60", "--dead-time-s", str(DEAD_TIME_S), "--ramp-w-per-s", str(RAMP_W_PER_S))
        self.line, self.battery = TcpLine(site.pcs_port), PtyLine(site.folder / "battery.tty")
        site.write("site.yaml", site_yaml((site.folder / "site.yaml").read_text(), site.pcs_port, self.line, self.battery))
        site.start_agent()

    def close(self) -> None:
        self.line.close()
        self.battery.close()

    def delivering(self) -> bool:
        return abs(truth(self.site.folder, now_s(self.site.folder) - 0.5)[-1]["battery_ac_w"] - POWER_W) < 5 * ZERO_W

    def order(self, lease_s: float = 30) -> None:
        self.site.ctl("setpoint", "--power-w", str(POWER_W), "--lease-s", str(lease_s), "--name", "Ada Example")

    def order_from_server(self) -> None:
        from_server(self.site, "setpoint", "--power-w", str(POWER_W), "--lease-s", str(LEASE_S))

    def healthy(self) -> bool:
        status = self.site.status()
        return status["safety"]["state"] == "normal" and all(link["online"] for link in status["links"])

    def back_at_zero_s(self, from_s: float, kind: str) -> float:
        """Seconds from the kill to the first row of the last run at 0 W; some time at 0 W must follow."""
        end_s = from_s + DECLARED_S[kind] + 5.0

        def last_moving() -> float | None:
            rows = truth(self.site.folder, from_s)
            moving = [row["t_s"] for row in rows if abs(row["battery_ac_w"]) >= ZERO_W]
            last = moving[-1] if moving else from_s
            return last if rows and (rows[-1]["t_s"] - last >= REST_S or rows[-1]["t_s"] >= end_s) else None

        last = wait_for("the inverter rests", lambda: (value := last_moving()) is not None and (value,), DECLARED_S[kind] + 20)[0]
        return last + ROW_S - from_s

    def once(self, kind: str) -> Outcome:
        wait_for("the site is healthy", self.healthy, 40)
        if kind == "server":
            wait_for("the uplink is online", lambda: self.site.status()["uplink"]["state"] == "online", RECONNECT_S)

            def led_by_server() -> bool:  # A set-point of 1 s, given again and again until the plant follows it.
                self.order_from_server()
                return self.delivering()
            wait_for("the battery delivers", led_by_server, 20, every_s=0.3)
        else:
            self.order()
            wait_for("the battery delivers", self.delivering, 20)
        time.sleep(self.random.uniform(0.0, 0.6 if kind != "server" else 0.2))  # The moment; nothing is concluded from it.
        if kind == "server":
            self.order_from_server()
        from_s = now_s(self.site.folder)
        if kind == "inverter link":
            self.line.cut()
        elif kind == "battery link":
            self.battery.cut()
        else:
            self.site.kill(kind)
        outcome = Outcome(kind, self.back_at_zero_s(from_s, kind))
        self.line.mend()
        self.battery.mend()
        if kind == "agent":
            self.site.start_agent()
        elif kind == "server":
            self.site.start_server()
        else:
            self.site.ctl("setpoint", "--clear", "--name", "Ada Example")
        return outcome


def summary(outcomes: list[Outcome], seed: int) -> str:
    lines = []
    for kind, declared in DECLARED_S.items():
        took = sorted(outcome.took_s for outcome in outcomes if outcome.kind == kind)
        if took:
            lines.append(f"  {kind:<14} {len(took):>4} x, at 0 W after {took[0]:.1f} .. {took[-1]:.1f} s (declared {declared:.1f} s)")
    missed = sum(outcome.missed for outcome in outcomes)
    return f"kill loop, leases of {LEASE_S:.0f} s, seed {seed}: {len(outcomes)} kills, {missed} misses\n" + "\n".join(lines)
