# SPDX-License-Identifier: Apache-2.0
"""Makes the log that firmware/tests/replay.hpp describes: a day of a site that a seed decides, faults included.

Two batteries of 16 LFP cells, each behind an inverter, the second with PV on its dc bus, and the meter at the connection. Devices
answer every 500 ms, with jitter; now and then one is silent, a reading is bad, uncertain, nonsense or from the future, the loop is
late, the clock jumps back, a battery gets full, hot, cold, lies or smokes, people and operators command, somebody presses the emergency
stop and a technician resets it.

  /usr/bin/python3 firmware/tests/replay_log.py SEED TICKS > replay.log
"""
from __future__ import annotations

import random
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

RECORD = struct.Struct("<BBBBHHHHIqq")
SAMPLE, SET, UNSET, RESET, TICK = 1, 2, 3, 4, 5
BAD, UNCERTAIN, SUBSTITUTED, GOOD = 0, 1, 2, 3
BATTERY, INVERTER, METER = 1, 2, 3
CELLS = 16
STALE_MS = 2_000
TICK_US = 100_000
SIGNALS_DEF = Path(__file__).resolve().parents[2] / "libems/include/ems/model/signals.def"
SIGNALS = {name: int(number) for name, number in re.findall(r"^EMS_SIGNAL\((\w+), (\d+)", SIGNALS_DEF.read_text(), re.M)}


SETPOINT, REMOTE_SETPOINT, ACTIVE_POWER_LIMIT, DIMMING = 0, 1, 2, 3
UTC_US = 1_767_225_600_000_000  # 2026-01-01: where DayTables of tests/support/all_policies.hpp begins.
EFFICIENCY = 0.96
SPELLS = ("silent", "full", "hot", "cold", "sagging", "alarmed", "lying", "smoke")


def towards(value: float, target: float, step: float) -> float:
    return min(target, value + step) if value < target else max(target, value - step)


class Site:
    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.now = 1_000_000
        self.soc = [6_000.0, 3_000.0]  # Basis points.
        self.power = [0.0, 0.0]  # W at ac; + discharges.
        self.load = 2_000.0
        self.millivolt = self.millidegree = 0.0  # What a spell adds to each cell, slowly.
        self.spell = dict.fromkeys(SPELLS, 0)  # Ticks each still lasts.

    def one_in(self, n: int) -> bool:
        return self.random.randrange(n) == 0

    def sample(self, kind: int, index: int, signal: str, value: float, element: int = 0) -> bytes:
        quality, at = GOOD, self.now - self.random.randrange(20_000)
        if self.one_in(12_000):
            quality = self.random.choice((BAD, UNCERTAIN, SUBSTITUTED))
        if self.one_in(20_000):
            at = self.now + self.random.randrange(5_000_000)
        if self.one_in(20_000):
            value = self.random.choice((-(2**31), 2**31 - 1, 2**40, 0, -1))
        return RECORD.pack(SAMPLE, quality, kind, 0, index, SIGNALS[signal], element, 0, STALE_MS, int(value), at)

    def battery(self, index: int, pv: int) -> Iterator[bytes]:
        of, power = self.random, self.power[index - 1]
        soc = self.soc[index - 1] = min(9_900.0, max(300.0, self.soc[index - 1] + of.uniform(-15, 15)))
        cells = [3_150 + int(soc / 40) + int(self.millivolt) + of.randrange(8) for _ in range(CELLS)]
        warm = 25_000 + int(self.millidegree)
        dc = (power / EFFICIENCY if power > 0 else power * EFFICIENCY) - pv
        current = 1_000_000 * dc / sum(cells) * (3 if self.spell["lying"] else 1)
        yield from (self.sample(BATTERY, index, "cell_voltage", mv, i) for i, mv in enumerate(cells, 1))
        yield self.sample(BATTERY, index, "pack_voltage", sum(cells) + of.randrange(-30, 30))
        yield self.sample(BATTERY, index, "pack_current", current + of.randrange(-200, 200))
        yield self.sample(BATTERY, index, "pack_power", dc + of.randrange(-20, 20))
        yield self.sample(BATTERY, index, "soc", soc)
        yield from (self.sample(BATTERY, index, "temperature", warm + of.randrange(900), i) for i in (1, 2))
        yield self.sample(BATTERY, index, "charge_current_limit", 0 if self.spell["full"] > 20 else of.randrange(90_000, 120_000))
        yield self.sample(BATTERY, index, "discharge_current_limit", of.randrange(90_000, 120_000))
        yield self.sample(BATTERY, index, "alarms", 1 << of.randrange(12) if self.spell["alarmed"] else 0)
        yield self.sample(BATTERY, index, "insulation_resistance", of.randrange(40, 2_000) if self.one_in(200) else 2_000)
        yield self.sample(BATTERY, index, "smoke_detected", bool(self.spell["smoke"]))

    def devices(self) -> Iterator[bytes]:
        self.millivolt = towards(self.millivolt, 330 * bool(self.spell["full"]) - 700 * bool(self.spell["sagging"]), 8)
        self.millidegree = towards(self.millidegree, 33_000 * bool(self.spell["hot"]) - 33_000 * bool(self.spell["cold"]), 1_200)
        self.load = min(14_000.0, max(-6_000.0, self.load + self.random.uniform(-900, 900)))
        pv = self.random.choice((1_400, 1_500, 1_600)) if self.spell["full"] else 0
        careful = any(self.spell[spell] for spell in ("full", "hot", "cold", "sagging", "alarmed")) or self.millivolt or self.millidegree
        for index in (1, 2):
            wanted = 0.0 if careful else self.power[index - 1] + self.random.uniform(-700, 700)
            self.power[index - 1] = towards(self.power[index - 1], min(4_600.0, max(-4_600.0, wanted)), 2_500)
            if not (self.spell["silent"] and index == 1):
                yield from self.battery(index, pv if index == 2 else 0)
            yield self.sample(INVERTER, index, "active_power", self.power[index - 1])
            yield self.sample(INVERTER, index, "frequency", 50_000 + self.random.randrange(-300, 300))
        yield self.sample(INVERTER, 2, "dc_pv_power", pv)
        yield self.sample(METER, 1, "active_power", self.load - sum(self.power))

    def tick(self, number: int) -> Iterator[bytes]:
        for spell, left in self.spell.items():
            rare = 6_000 if spell == "smoke" else 2_500
            self.spell[spell] = left - 1 if left else self.random.randrange(20, 250) if self.one_in(rare) else 0
        self.now += TICK_US + self.random.randrange(-2_000, 2_000)
        if self.one_in(900):
            self.now += self.random.randrange(200_000, 3_000_000)
        if self.one_in(3_000):
            self.now -= self.random.randrange(100_000, 400_000)
        if number % 5 == 0:
            yield from self.devices()
        if self.one_in(300):
            what, lease_ms = self.random.randrange(4), self.random.randrange(1_000, 60_000)
            value = self.random.randrange(0 if what in (ACTIVE_POWER_LIMIT, DIMMING) else -9_000, 9_000)
            yield RECORD.pack(SET, what, 0, 0, 0, 0, 0, 0, lease_ms, value, self.now)
        if self.one_in(900):
            yield RECORD.pack(UNSET, self.random.randrange(4), 0, 0, 0, 0, 0, 0, 0, 0, self.now)
        if self.one_in(250):
            yield RECORD.pack(RESET, 0, 0, 0, 0, 0, 0, 0, 0, 0, self.now)
        ready = self.random.choice((1, 2, 0)) if self.one_in(100) else 3
        utc = UTC_US + 60 * self.now if number > 500 else 0  # At first not set; then an hour a minute, so that the tables pass.
        yield RECORD.pack(TICK, ready, self.one_in(2_500), 0, 0, 0, 0, 0, 0, utc, self.now)


def make(seed: int, ticks: int) -> bytes:
    site = Site(seed)
    return b"".join(record for number in range(ticks) for record in site.tick(number))


if __name__ == "__main__":
    sys.stdout.buffer.write(make(int(sys.argv[1]), int(sys.argv[2])))
