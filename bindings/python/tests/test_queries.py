# SPDX-License-Identifier: Apache-2.0
"""Buckets, energy and export from Python: figures by hand, arrays that own their memory, errors by name."""
import gc
import zoneinfo
from datetime import datetime, timezone

import numpy as np
import pytest
from support.stores import FIRST_US, ROWS, make_stores

import ems

CELL = "battery/1 cell_voltages_v 4"  # Row n: 1000 n + 3 mV; unknown when (n + 3) % 7 == 0.


def test_buckets_are_those_worked_out_with_numpy(store):
    since = FIRST_US
    until = FIRST_US + 600_000_000
    (got,) = store.buckets([CELL], since=since, until=until, every=60)
    column = store.column(CELL, since, until)
    assert got.name == CELL and len(got.begin) == 10
    assert got.begin[0] == np.datetime64(since, "us") and got.end[-1] == np.datetime64(until, "us")
    for i in range(10):
        here = slice(60 * i, 60 * i + 60)
        known = column.value[here][column.valid[here]]
        assert got.samples[i] == len(known) and got.doubted[i] == 0
        assert got.min[i] == known.min() and got.max[i] == known.max() and got.last[i] == known[-1]
        assert got.last_at[i] == column.time[here][column.valid[here]][-1]
        assert got.known[i] == pytest.approx(len(known) / 60)  # A second each: then comes the next row.
        assert got.mean[i] == pytest.approx(known.mean())


def test_nothing_is_known_where_there_are_no_rows(store):
    end = FIRST_US + ROWS * 1_000_000
    (got,) = store.buckets([CELL], since=end + 60_000_000, until=end + 180_000_000)
    assert np.isnan(got.mean).all() and np.isnan(got.min).all() and np.isnat(got.last_at).all()
    assert (got.known == 0).all() and (got.samples == 0).all()
    (narrow,) = store.buckets([CELL], since=FIRST_US, until=FIRST_US + 60_000_000, gap_max=0.5)
    assert narrow.known[0] == 0 and np.isnan(narrow.mean[0]) and narrow.samples[0] > 0


def test_every_point_and_the_calendar(store):
    since = datetime(2023, 11, 14, 22, 15, tzinfo=timezone.utc)
    found = store.buckets(since=since, until=datetime(2023, 11, 15, 1, tzinfo=timezone.utc), every="hour", zone="Asia/Kolkata")
    assert len(found) == 50  # battery/2 is only in the first row, 22:13:21.
    local = [b.astype(datetime).replace(tzinfo=timezone.utc).astimezone(zoneinfo.ZoneInfo("Asia/Kolkata")) for b in found[0].begin]
    assert [b.minute for b in local] == [45, 0, 0, 0]


def test_a_store_without_counters_or_powers_has_no_energy(store):
    assert store.energy(since=FIRST_US, until=FIRST_US + 3_600_000_000, every="hour") == []


def test_energy_of_a_site_with_a_meter(tmp_path_factory):
    store = ems.Store(make_stores(tmp_path_factory.mktemp("energy"), 7200, "energy") / "edge.db")
    begin = 1_699_999_200_000_000  # A whole hour.
    lines = store.energy(since=begin, until=begin + 3 * 3_600_000_000, every="hour", grid_meter="meter/1")
    by = {(line.asset, line.flow): line for line in lines}
    assert list(by) == [("site", "imported"), ("site", "exported"), ("meter/1", "imported"), ("meter/1", "exported")]
    imported = by["meter/1", "imported"]
    assert imported.source == ["counter"] * 3
    np.testing.assert_allclose(imported.known, [2799 / 3600, 1, 800 / 3600], atol=1e-3)
    assert by["site", "imported"].energy_wh.tolist() == imported.energy_wh.tolist()  # Its counters.
    exported = by["meter/1", "exported"]
    assert exported.source == ["power"] * 3 and exported.energy_wh.tolist() == [0, 0, 0]
    assert store.energy(since=begin, until=begin + 3_600_000_000, every="hour")[0].source == ["power"]


def test_arrays_outlive_their_store(stores):
    store = ems.Store(stores / "edge.db")
    (got,) = store.buckets([CELL], since=FIRST_US, until=FIRST_US + 60_000_000, every=10)
    want = got.mean.copy()
    del store
    gc.collect()
    assert (got.mean == want).all()


def test_buckets_are_arrow(store):
    pyarrow = pytest.importorskip("pyarrow")
    (got,) = store.buckets([CELL], since=FIRST_US, until=FIRST_US + 60_000_000, every=10)
    batch = pyarrow.record_batch(got)
    assert batch.num_rows == 6 and batch.column("mean").null_count == 0


def test_export_writes_what_is_there(store, tmp_path):
    csv = tmp_path / "a.csv"
    store.export_csv(csv, [CELL], FIRST_US, FIRST_US + 4_000_000)
    assert csv.read_bytes().decode().split("\r\n") == [
        f"time,{CELL}",
        "2023-11-14T22:13:21.000000Z,1.003",
        "2023-11-14T22:13:22.000000Z,2.003",
        "2023-11-14T22:13:23.000000Z,3.003",
        "2023-11-14T22:13:24.000000Z,",
        "",
    ]
    influx = tmp_path / "a.lp"
    store.export_line_protocol(influx, [CELL], FIRST_US, FIRST_US + 1_000_000, {"agent": "site a"})
    assert influx.read_text() == "battery,asset=battery/1,agent=site\\ a cell_voltages_v_4=1.003 1700000001000000000\n"
    store.export_csv(csv, [CELL], qualities=True)
    assert len(csv.read_bytes().splitlines()) == ROWS + 1
    with pytest.raises(ems.errors.IoError):
        store.export_csv(tmp_path / "none" / "a.csv", [CELL])


@pytest.mark.parametrize(
    "wrong, error",
    [
        ({"every": 0}, ValueError),
        ({"every": "week"}, ems.errors.InvalidArgumentError),
        ({"every": "day", "zone": "Europe/Atlantis"}, ems.errors.NotFoundError),
        ({"gap_max": -1}, ValueError),
        ({"gap_max": 4000}, ems.errors.InvalidArgumentError),
        ({"quality_min": "great"}, ValueError),
        ({"points": ["battery/1 cell_voltages_v"]}, ems.errors.SyntaxError),
        ({"until": FIRST_US}, ems.errors.InvalidArgumentError),
        ({"points": [CELL, CELL]}, ems.errors.InvalidArgumentError),
        ({"until": FIRST_US + 10**13, "every": 1}, ems.errors.ResourceExhaustedError),
    ],
)
def test_what_means_nothing_is_refused(store, wrong, error):
    with pytest.raises(error):
        store.buckets(**{"since": FIRST_US, "until": FIRST_US + 60_000_000, **wrong})


def test_energy_refuses_what_means_nothing(store):
    good = {"since": FIRST_US, "until": FIRST_US + 60_000_000, "every": "hour"}
    for wrong in ({"every": "week"}, {"counter_modulus_wh": 1_000_000}, {"bridge_max": 1}):  # A modulus takes a power_max_w.
        with pytest.raises(ems.errors.InvalidArgumentError):
            store.energy(**{**good, **wrong})
    for wrong in ({"power_max_w": 0}, {"power_max_w": -1}, {"counter_modulus_wh": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            store.energy(**{**good, **wrong})
    assert store.energy(**good, power_max_w=10_000, counter_modulus_wh=1_000_000) == []
    with pytest.raises(ems.EmsError):
        store.energy(**{**good, "grid_meter": "meter"})
    with pytest.raises(ems.errors.OutOfRangeError):
        store.energy(**{**good, "since": -1})
