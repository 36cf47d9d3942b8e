# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench telemetry rests on: the data set's file, what the peers are sent, and a table that owns up to a missed aim."""
import sys
from pathlib import Path

import numpy
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bench  # noqa: E402
import peers  # noqa: E402
import python_decoders  # noqa: E402
import report  # noqa: E402
from support import vectors  # noqa: E402
from table import GOOD, Point, Table, point_of, spread  # noqa: E402

POINTS = [Point(1, 0, 1, 1, 0, 3, "battery/1 pack_voltage_v"), Point(1, 0, 1, 10, 7, 3, "battery/1 cell_voltages_v 7")]


def small(devices: int = 2, rows: int = 3) -> Table:
    values = numpy.arange(devices * rows * 2).reshape(devices, rows, 2) + 3300
    states = numpy.full(values.shape, GOOD, numpy.uint8)
    states[0, 1, 1] = 0
    times = numpy.arange(devices * rows).reshape(devices, rows) * 1_000_000
    return Table(POINTS, times, values, states)


def test_a_table_comes_back_from_its_file_as_it_was(tmp_path):
    table = small()
    back = Table.load(table.save(tmp_path / "t"))
    assert back.points == table.points
    for name in ("utc_us", "values", "states"):
        assert numpy.array_equal(getattr(back, name), getattr(table, name)), name
    assert (back.devices, back.rows, back.known()) == (2, 3, 11)


def test_a_points_name_in_numbers():
    catalogue = {"cell_voltages_v": {"signal": 10, "digits": 3}}
    assert point_of("battery/1/module/3 cell_voltages_v 7", catalogue) == Point(1, 3, 1, 10, 7, 3, "battery/1/module/3 cell_voltages_v 7")


def test_influxdb_is_sent_every_known_value_and_no_other():
    decimals, integers = peers.line_protocol(small(), False), peers.line_protocol(small(), True)
    assert len(decimals) == len(integers) == 2  # A request a device.
    assert decimals[0].decode().split("\n") == [
        "site,device=d0 battery_1_pack_voltage_v=3.300,battery_1_cell_voltages_v_7=3.301 0",
        "site,device=d0 battery_1_pack_voltage_v=3.302 1000000",
        "site,device=d0 battery_1_pack_voltage_v=3.304,battery_1_cell_voltages_v_7=3.305 2000000"]
    assert integers[1].startswith(b"site,device=d1 battery_1_pack_voltage_v=3306i,battery_1_cell_voltages_v_7=3307i 3000000")


def test_devices_out_of_one_have_stretches_of_it():
    table = spread(small(1, 10), 3, 4)
    assert table.utc_us[:, 0].tolist() == [0, 2_000_000, 4_000_000]
    assert table.values.shape == (3, 4, 2) and table.values[2, 3, 0] == 3300 + 2 * (4 + 3)


@pytest.mark.parametrize("ours, ratio", [(30.0, "10x"), (29.9, "9.97x MISSED")])
def test_a_missed_aim_says_so(capsys, ours, ratio):
    report.times_better("speed", report.runs_of([ours]), "Mpt/s", "peer", report.runs_of([3.0]), 10)
    assert capsys.readouterr().out.rstrip().endswith(ratio)


@pytest.mark.parametrize("ours, ratio", [(0.4, "1/5"), (0.41, "1/4.88 MISSED")])
def test_a_missed_size_says_so(capsys, ours, ratio):
    report.times_smaller("size", ours, "B/pt", "peer", 2.0, 5)
    assert capsys.readouterr().out.rstrip().endswith(ratio)


def test_a_peer_that_is_not_installed_has_no_figure(capsys):
    report.times_better("speed", report.runs_of([1.0]), "Mpt/s", "InfluxDB", None, 50)
    assert "InfluxDB: not installed" in capsys.readouterr().out


BUCKETS = [(0.0001, 90), (0.0005, 998), (0.001, 999), (float("inf"), 1000)]


@pytest.mark.parametrize("share, text", [(0.05, "0 .. 0.1 ms"), (0.5, "0.1 .. 0.5 ms"), (0.999, "0.5 .. 1 ms"), (1.0, "> 1 ms")])
def test_a_quantile_of_a_histogram_lies_between_two_bounds(share, text):
    assert bench.between(BUCKETS, share) == text


def test_ticks_beyond_a_bound_are_counted():
    assert bench.later_than(BUCKETS, bench.LATE_S) == 2


@pytest.mark.parametrize("protocol", python_decoders.PEERS)
def test_the_python_peers_of_the_codecs_read_what_the_vectors_say(protocol):
    name, decoder = python_decoders.PEERS[protocol]
    vector = next(v for v in vectors.of_batteries({"jk_55aa" if protocol == "jk_pb_modbus" else protocol}) if v["id"] == name)
    if "frames" in vector:
        values = decoder([(f["id"], bytes.fromhex(f["data_hex"])) for f in vector["frames"]])
    else:
        reply = bytes.fromhex(vector["response_hex"])
        reply = python_decoders.jk_pb_answer(reply) if protocol == "jk_pb_modbus" else reply
        values = decoder(reply)
        with pytest.raises(ValueError):  # It checks what a codec checks.
            decoder(reply[:20] + bytes([reply[20] ^ 1]) + reply[21:])
    shared = set(values) & set(vector["expect"])
    assert shared and [key for key in shared if not vectors.agrees(values[key], vector["expect"][key])] == []
