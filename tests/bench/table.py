# SPDX-License-Identifier: Apache-2.0
"""The data sets of the telemetry benchmarks: the file of table.hpp in numpy, and where its rows come from."""
from __future__ import annotations

import csv
import gzip
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Sequence

import numpy

KINDS = ("site", "battery", "inverter", "meter", "pv", "load")
GOOD = 4  # 1 + ems::Quality::good.


class Point(NamedTuple):
    kind: int
    module: int
    index: int
    signal: int
    element: int
    digits: int
    name: str


@dataclass
class Table:
    """Devices x rows (x points). `states`: 0 absent, else 1 + the quality."""

    points: list[Point]
    utc_us: numpy.ndarray
    values: numpy.ndarray
    states: numpy.ndarray

    @property
    def devices(self) -> int:
        return self.values.shape[0]

    @property
    def rows(self) -> int:
        return self.values.shape[1]

    def known(self) -> int:
        return int((self.states != 0).sum())

    def si(self) -> numpy.ndarray:
        """float64, NaN where absent."""
        scale = 10.0 ** numpy.array([point.digits for point in self.points])
        return numpy.where(self.states != 0, self.values / scale, numpy.nan)

    def save(self, path: Path) -> Path:
        with path.open("wb") as file:
            file.write(f"emstable 1 {self.devices} {self.rows} {len(self.points)}\n".encode())
            for point in self.points:
                file.write((" ".join(map(str, point)) + "\n").encode())
            for array, kind in ((self.utc_us, numpy.int64), (self.values, numpy.int64), (self.states, numpy.uint8)):
                file.write(numpy.ascontiguousarray(array, kind).tobytes())
        return path

    @staticmethod
    def load(path: Path) -> "Table":
        with path.open("rb") as file:
            _, _, devices, rows, count = file.readline().decode().split()
            points = []
            for _ in range(int(count)):
                *numbers, name = file.readline().decode().rstrip("\n").split(" ", 6)
                points.append(Point(*map(int, numbers), name))
            shape = (int(devices), int(rows), int(count))
            arrays = [numpy.fromfile(file, kind, int(numpy.prod(size))).reshape(size)
                      for kind, size in ((numpy.int64, shape[:2]), (numpy.int64, shape), (numpy.uint8, shape))]
        return Table(points, *arrays)


def point_of(name: str, catalogue: dict[str, dict[str, Any]]) -> Point:
    """`battery/1/module/3 cell_voltages_v 7` in numbers."""
    asset, signal, *element = name.split(" ")
    found = re.fullmatch(r"([a-z]+)(?:/(\d+))?(?:/module/(\d+))?", asset)
    if found is None:
        raise ValueError(f"not a point: {name}")
    info = catalogue[signal]
    return Point(KINDS.index(found[1]), int(found[3] or 0), int(found[2] or 0), info["signal"], int(element[0]) if element else 0,
                 info["digits"], name)


def of_columns(devices: Sequence[Sequence[Any]], catalogue: dict[str, dict[str, Any]]) -> Table:
    """From what ems.Store and ems.SimulatedSite give; a column list a device, of the same points and length."""
    points = [point_of(column.name, catalogue) for column in devices[0]]
    order = sorted(range(len(points)), key=lambda i: points[i][:5])
    stack = [(columns[0].time.astype("int64"), numpy.stack([columns[i].raw for i in order], axis=1),
              numpy.stack([numpy.where(columns[i].valid, columns[i].quality + 1, 0) for i in order], axis=1)) for columns in devices]
    return Table([points[i] for i in order], *(numpy.stack(parts) for parts in zip(*stack)))


def made(program: Path, path: Path, devices: int, rows: int) -> Table:
    """support/telemetry_dataset.hpp: 50 signals, 1 Hz, noise as sensors have it."""
    subprocess.run([program, path, str(devices), str(rows)], check=True)
    return Table.load(path)


def simulated(ems: Any, devices: int, rows: int) -> Table:
    """Rows of simulated sites, read through the devices' protocols, with all that the agent adds, every second."""
    catalogue = {info["name"]: info for info in ems.catalogue()}
    found = []
    for device in range(devices):
        policies = [ems.ImportLimit(4000), ems.SelfConsumption()]
        with ems.SimulatedSite(seed=device + 1, start_hour=(7 + device) % 24, policies=policies, record_period_s=1) as site:
            site.run(rows)
            found.append(site.columns())
    shortest = min(len(columns[0].time) for columns in found)
    common = set.intersection(*({column.name for column in columns} for columns in found))
    cut = [[column._replace(time=column.time[:shortest], raw=column.raw[:shortest], valid=column.valid[:shortest],
                            quality=column.quality[:shortest]) for column in columns if column.name in common] for columns in found]
    return of_columns(cut, catalogue)


def stored(ems: Any, path: str) -> Table:
    """All rows of an agent's or a server's store."""
    return of_columns([ems.Store(path).columns()], {info["name"]: info for info in ems.catalogue()})


SERIES = "site_fr_home_1min.csv.gz"
SERIES_COLUMNS = {"load_w": "meter/1 active_power_w", "reactive_var": "meter/1 reactive_power_var",
                  "voltage_v": "meter/1 phase_voltages_v 1"}


def public_series(ems: Any, third_party: Path) -> Table:
    """A home near Paris, one row a minute for 26 days: active and reactive power and voltage (UCI 235, CC BY 4.0)."""
    catalogue = {info["name"]: info for info in ems.catalogue()}
    with gzip.open(third_party / "series" / SERIES, "rt") as file:
        lines = list(csv.DictReader(file))
    points = [point_of(name, catalogue) for name in SERIES_COLUMNS.values()]
    texts = [[line[column] for column in SERIES_COLUMNS] for line in lines]
    states = numpy.array([[GOOD if text else 0 for text in row] for row in texts], numpy.uint8)
    values = numpy.array([[round(float(text or 0) * 10**point.digits) for text, point in zip(row, points)] for row in texts], numpy.int64)
    times = numpy.array([line["time_utc"].rstrip("Z") for line in lines], "datetime64[us]").astype("int64")
    return Table(points, times[None], values[None], states[None])


def spread(table: Table, devices: int, rows: int) -> Table:
    """Many devices out of one: each has a stretch of the rows that begins elsewhere."""
    first = [device * max(1, table.rows - rows) // devices for device in range(devices)]
    take = numpy.array([numpy.arange(at, at + min(rows, table.rows)) for at in first])
    return Table(table.points, table.utc_us[0][take], table.values[0][take], table.states[0][take])
