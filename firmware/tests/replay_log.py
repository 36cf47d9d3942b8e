# SPDX-License-Identifier: Apache-2.0
"""Makes the log that firmware/tests/replay.hpp describes: a day of a site that a seed decides, faults included.

Two batteries of 16 LFP cells, each behind an inverter, the second with PV on its dc bus, and the meter at the connection. Devices
answer every 500 ms, with jitter; now and then one is silent, a reading is bad, uncertain, nonsense or from the future, the loop is
late, the clock jumps back, somebody presses the emergency stop and a technician resets it.

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


class Site:
    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.now = 1_000_000
        self.soc = [6_000.0, 3_000.0]  # Basis points.
        self.spell = dict.fromkeys(("silent", "full", "hot", "cold", "sagging", "alarmed"), 0)  # Ticks each still lasts.

    def one_in(self, n: int) -> bool:
        return self.random.randrange(n) == 0

    def sample(self, kind: int, index: int, signal: str, value: int, element: int = 0) -> bytes:
        quality, at = GOOD, self.now - self.random.randrange(50_000)
        if self.one_in(4_000):
            quality = self.random.choice((BAD, UNCERTAIN, SUBSTITUTED))
        if self.one_in(8_000):
            at = self.now + self.random.randrange(5_000_000)
        if self.one_in(8_000):
            value = self.random.choice((-(2**31), 2**31 - 1, 2**40, 0, -1))
        return RECORD.pack(SAMPLE, quality, kind, 0, index, SIGNALS[signal], element, 0, STALE_MS, value, at)

    def battery(self, index: int) -> Iterator[bytes]:
        of = self.random
        soc = self.soc[index - 1] = min(9_900.0, max(300.0, self.soc[index - 1] + of.uniform(-30, 30)))
        mean = 3_100 + int(soc / 30) + (280 if self.spell["full"] else 0) - (500 if self.spell["sagging"] else 0)
        cells = [mean + of.randrange(12) for _ in range(CELLS)]
        warm = 25_000 + (26_000 if self.spell["hot"] else 0) - (28_000 if self.spell["cold"] else 0)
        yield from (self.sample(BATTERY, index, "cell_voltage", mv, i) for i, mv in enumerate(cells, 1))
        yield self.sample(BATTERY, index, "pack_voltage", sum(cells) + of.randrange(-30, 30))
        yield self.sample(BATTERY, index, "pack_current", of.randrange(-90_000, 90_000))
        yield self.sample(BATTERY, index, "soc", int(soc))
        yield from (self.sample(BATTERY, index, "temperature", warm + of.randrange(4_000), i) for i in (1, 2))
        yield self.sample(BATTERY, index, "charge_current_limit", 0 if self.spell["full"] else of.randrange(50_000, 120_000))
        yield self.sample(BATTERY, index, "discharge_current_limit", of.randrange(50_000, 120_000))
        yield self.sample(BATTERY, index, "alarms", 1 << of.randrange(12) if self.spell["alarmed"] else 0)

    def devices(self) -> Iterator[bytes]:
        for index in (1, 2):
            if not (self.spell["silent"] and index == 1):
                yield from self.battery(index)
            yield self.sample(INVERTER, index, "active_power", self.random.randrange(-5_000, 5_000))
            yield self.sample(INVERTER, index, "frequency", 50_000 + self.random.randrange(-300, 300))
        yield self.sample(INVERTER, 2, "dc_pv_power", self.random.choice((0, 0, 1_500, 6_000)))
        yield self.sample(METER, 1, "active_power", self.random.randrange(-6_000, 14_000))

    def tick(self, number: int) -> Iterator[bytes]:
        for spell, left in self.spell.items():
            self.spell[spell] = left - 1 if left else self.random.randrange(20, 90) if self.one_in(1_500) else 0
        self.now += TICK_US + self.random.randrange(-2_000, 2_000)
        if self.one_in(900):
            self.now += self.random.randrange(200_000, 3_000_000)
        if self.one_in(3_000):
            self.now -= self.random.randrange(100_000, 400_000)
        if number % 5 == 0:
            yield from self.devices()
        if self.one_in(300):
            yield RECORD.pack(SET, 0, 0, 0, 0, 0, 0, 0, self.random.randrange(1_000, 60_000), self.random.randrange(-9_000, 9_000), self.now)
        if self.one_in(900):
            yield RECORD.pack(UNSET, 0, 0, 0, 0, 0, 0, 0, 0, 0, self.now)
        if self.one_in(250):
            yield RECORD.pack(RESET, 0, 0, 0, 0, 0, 0, 0, 0, 0, self.now)
        ready = self.random.choice((1, 2, 0)) if self.one_in(100) else 3
        utc = 1_767_225_600_000_000 + self.now if number > 500 else 0  # 2026-01-01; at first not set.
        yield RECORD.pack(TICK, ready, self.one_in(2_500), 0, 0, 0, 0, 0, 0, utc, self.now)


def make(seed: int, ticks: int) -> bytes:
    site = Site(seed)
    return b"".join(record for number in range(ticks) for record in site.tick(number))


if __name__ == "__main__":
    sys.stdout.buffer.write(make(int(sys.argv[1]), int(sys.argv[2])))
