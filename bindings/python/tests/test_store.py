# SPDX-License-Identifier: Apache-2.0
"""Stores read from Python: values, one pass, threads, and the GIL."""
import gc
import threading
import time
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from support.stores import ROWS

import ems

def run(count, work):
    """Runs work in threads and returns what they raised."""
    errors = []

    def guarded():
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the test reports whatever it was
            errors.append(repr(error))

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_points_columns_marks_and_latest_agree(store):
    points = store.points()
    assert len(points) == 51
    assert points[0] == "battery/1 cell_voltages_v 1" and points[50] == "battery/2 cell_voltages_v 1"
    column = store.column(points[3])
    known = column.valid
    assert len(column.raw) == ROWS and not known.all()
    assert (column.raw[known] == np.arange(1, ROWS + 1)[known] * 1000 + 3).all()
    latest = store.latest()
    assert list(latest) == points
    for i, name in enumerate(points[:50]):
        newest = store.column(name)
        assert latest[name] == (newest.value[-1] if newest.valid[-1] else None)
        assert (latest[name] is None) == ((ROWS + i) % 7 == 0)
    assert latest[points[50]] is None
    assert store.marks()["telemetry"] >= ROWS


def test_a_table_is_read_in_one_pass(store):
    names = ["battery/1 cell_voltages_v 7", "battery/1 cell_voltages_v 2"]
    columns = store.columns(names)
    assert [column.name for column in columns] == names
    for column in columns:
        alone = store.column(column.name)
        for one, other in zip(column[1:], alone[1:]):
            np.testing.assert_array_equal(one, other)
    assert len(store.columns()) == 51


def test_pandas_has_a_row_a_moment_and_nan_where_unknown(store):
    name = "battery/1 cell_voltages_v 3"
    column = store.column(name)
    table = store.to_pandas([name, "battery/2 cell_voltages_v 1"])
    assert list(table.columns) == [name, "battery/2 cell_voltages_v 1"] and len(table) == ROWS
    assert str(table.index.tz) == "UTC" and table.index.name == "time"
    np.testing.assert_array_equal(table[name].to_numpy(), column.value)
    assert table[name].isna().sum() == (~column.valid).sum()
    assert table["battery/2 cell_voltages_v 1"].notna().sum() == 1


def test_moments_are_microseconds_datetimes_or_datetime64(store):
    first_us = 1_700_000_000_000_000
    name = "battery/1 cell_voltages_v 3"
    since, until = first_us + 10_000_000, first_us + 20_000_000
    forms = [
        (since, until),
        (datetime.fromtimestamp(since / 1e6, timezone.utc), datetime.fromtimestamp(until / 1e6, timezone(timedelta(hours=2)))),
        (np.datetime64(since, "us"), np.datetime64(until // 1_000_000, "s")),
    ]
    for lo, hi in forms:
        column = store.columns([name], lo, hi)[0]
        assert column.sequence.tolist() == list(range(10, 20)), (lo, hi)
        assert len(store.to_pandas([name], lo, hi)) == 10 and len(store.column(name, lo, hi).raw) == 10
    with pytest.raises(ValueError, match="time zone"):
        store.columns([name], datetime(2023, 1, 1))
    for moment in (np.datetime64("NaT"), np.datetime64("NaT", "us")):
        with pytest.raises(ValueError, match="no moment"):
            store.columns([name], moment)
    with pytest.raises(ems.errors.InvalidArgumentError):
        store.columns([name, name])


def test_columns_outlive_their_store(stores):
    store = ems.Store(stores / "edge.db")
    column = store.column("battery/1 cell_voltages_v 1")
    want = column.raw.copy()
    del store
    gc.collect()
    assert (column.raw == want).all() and column.raw.flags.owndata is False and len(want) == ROWS


def test_gaps(stores):
    assert ems.Store(stores / "edge.db").gaps() == []
    assert ems.Store(stores / "fleet.db").gaps() == [("telemetry", 1, ROWS + 1, ROWS + 5)]


def test_threads_may_share_one_store(store):
    points = store.points()

    def work():
        for i in range(4):
            assert len(store.column(points[i]).raw) == ROWS
            assert store.points() == points
            store.gaps()
            store.marks()
        assert len(store.latest()) == 51

    assert run(4, work) == []


@pytest.mark.parametrize("call", ["gaps", "points", "latest", "marks", "columns"])
def test_no_call_holds_up_the_rest_of_python(store, call):
    """While one thread is inside the store, another must get to run far more often than once a call."""
    beats = []
    stop = threading.Event()

    def beat():
        while not stop.is_set():
            beats.append(time.perf_counter())
            time.sleep(0.0005)

    heart = threading.Thread(target=beat)
    heart.start()
    inside = []
    for _ in range(5):
        begin = time.perf_counter()
        getattr(store, call)()
        inside.append((begin, time.perf_counter()))
    stop.set()
    heart.join()
    longest = max(inside, key=lambda span: span[1] - span[0])
    if longest[1] - longest[0] < 0.02:
        return  # Too short to tell on a busy machine: it cannot hold anybody up either.
    assert sum(longest[0] < at < longest[1] for at in beats) >= 2


@pytest.mark.parametrize("name", ["edge.db", "fleet.db"])
def test_a_snapshot_is_the_store(stores, tmp_path, name):
    store = ems.Store(stores / name)
    size = store.snapshot(tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"] and (tmp_path / "copy.db").stat().st_size == size
    copy = ems.Store(tmp_path / "copy.db")
    assert (copy.points(), copy.marks(), copy.gaps(), copy.latest()) == (store.points(), store.marks(), store.gaps(), store.latest())
    with pytest.raises(ems.errors.AlreadyExistsError):
        store.snapshot(tmp_path / "copy.db")


def test_an_agent_without_rows_is_not_found(stores):
    assert ems.Store(stores / "fleet.db", agent="site/a").points()
    with pytest.raises(ems.errors.NotFoundError):
        ems.Store(stores / "fleet.db", agent="site/b")
