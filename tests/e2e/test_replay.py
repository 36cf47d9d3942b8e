# SPDX-License-Identifier: Apache-2.0
"""Recorded captures of real boards over a pty: what `emsctl status` says and what Python reads from the server's and the
agent's stores equals the vectors."""
from decimal import Decimal

import numpy

import ems
from support.harness import wait_for
from support.vectors import FILE, agrees, vector

GOOD, UNCERTAIN = 3, 1  # ems::Quality
ROWS = 5
DIGITS = {row["name"]: row["digits"] for row in ems.catalogue()}


def expected_of(*names: str) -> dict:
    values: dict = {}
    for name in names:
        values.update(vector(name)["expect"])
    values.pop("vendor", None)
    return values


def raw_points(expected: dict) -> dict[str, int]:
    """The points that a store must hold, as the catalogue's integers; texts are not points."""
    points = {}
    for name, value in expected.items():
        if isinstance(value, str):
            continue
        values = {f"battery/1 {name}": value}
        if name == "alarms":
            assert value == []
            values = {f"battery/1 {name}": 0}
        elif isinstance(value, list):
            values = {f"battery/1 {name} {i}": v for i, v in enumerate(value, 1)}
        for point, one in values.items():
            scaled = Decimal(str(int(one) if isinstance(one, bool) else one)) * 10 ** DIGITS[name]
            assert scaled == int(scaled), f"{point}: the vector states more digits than the catalogue keeps"
            points[point] = int(scaled)
    return points


def replay(install, ids: list[str], **options):
    """Runs until rows of the capture are on the server, then ends the agent."""
    site = install(**options)
    site.start_server()
    site.start_sim("--log", "truth.csv", "--replay", str(FILE), "--ids", ",".join(ids))
    site.start_agent()
    return site


def rows_on_server(site) -> int:
    status = site.status()
    return status["rows"]["telemetry"]["acknowledged"]


def check_stores(site, expected: dict, quality: int) -> None:
    points = raw_points(expected)
    assert len(points) > 8
    server = ems.Store(site.folder / "fleet.db", "demo/gateway-1")
    for store in (server, ems.Store(site.folder / "telemetry.db")):
        # From the row on in which both registers have been read (the first may be older).
        whole = numpy.logical_and.reduce([store.column(point).valid for point in points])
        assert numpy.count_nonzero(whole) >= ROWS
        assert numpy.all(whole[numpy.argmax(whole):]), "a value went away again"
        for point, raw in points.items():
            column = store.column(point)
            assert numpy.all(column.raw[whole] == raw), (point, raw, column.raw)
            assert numpy.all(column.quality[whole] == quality), (point, column.quality)
    # No more cells or sensors than the capture has.
    assert sum(point.startswith("battery/1 cell_voltages_v") for point in server.points()) == len(expected["cell_voltages_v"])
    sensors = sum(point.startswith("battery/1 temperatures_degc") for point in server.points())
    assert sensors == len(expected["temperatures_degc"])


def test_a_real_board_arrives_exactly(install):
    ids = ["jbd-basic-ext-dp04s007", "jbd-cells-aio"]
    expected = expected_of(*ids)
    site = replay(install, ids, cells=4, capacity_ah=200.0)
    wait_for("rows on the server", lambda: rows_on_server(site) >= ROWS + 2, 25)
    wait_for("safety allows discharging", lambda: site.status()["safety"]["envelope"]["hi_w"] > 0, 25)

    status = site.status()
    battery = status["assets"]["battery/1"]
    values = {**battery["values"]}
    for name, want in expected.items():
        assert agrees(values[name], want), (name, values[name], want)
    assert set(battery["quality"].values()) == {"good"}
    # 96 % is inside the band above which a full battery must first be discharged: charging waits, nothing else is wrong.
    assert [reason["name"] for reason in status["safety"]["reasons"]] == ["soc_high_warning", "soc_high"]

    assert site.stop("agent") == 0
    check_stores(site, expected, GOOD)


def test_the_board_that_lies_arrives_exactly_and_is_not_believed(install):
    ids = ["jbd-basic-sp25s003", "jbd-cells-sp25s003"]
    expected = expected_of(*ids)
    site = replay(install, ids, cells=16)
    wait_for("rows on the server", lambda: rows_on_server(site) >= ROWS + 2, 25)

    status = site.status()
    battery = status["assets"]["battery/1"]
    for name, want in expected.items():
        if name == "temperatures_degc":  # No sensor: no such point, never a number.
            assert want == [] and name not in battery["values"]
            continue
        assert agrees(battery["values"][name], want), (name, battery["values"][name], want)
    assert set(battery["quality"].values()) == {"uncertain"}
    assert status["safety"]["state"] == "safe"
    failed = {reason["name"]: reason for reason in status["safety"]["reasons"]}["sum_of_cells"]
    assert failed["asset"] == "battery/1" and failed["text"] == "exceeded"
    assert failed["value_v"] == 54.0  # By how much: 15 cells of 3.6 V against 0.0 V at the terminals.
    assert status["safety"]["envelope"] == {"lo_w": 0, "hi_w": 0}

    assert site.stop("agent") == 0
    check_stores(site, expected, UNCERTAIN)
