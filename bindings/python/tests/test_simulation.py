# SPDX-License-Identifier: Apache-2.0
"""The simulated site: deterministic, in this process, with faults; its history in numpy."""
import gc
import signal
import threading
import time

import numpy as np
import pytest

import ems
from ems import errors


@pytest.fixture
def noon():
    with ems.SimulatedSite(seed=1, start_hour=12) as site:
        site.run(120)
        yield site


def test_a_site_runs_and_its_numbers_agree(noon):
    values, truth = noon.values(), noon.truth()
    assert noon.now_s == 120.0
    assert values["battery/1 soc_pct"] == pytest.approx(truth["soc_pct"], abs=1.0)
    assert values["site site_battery_power_w"] == pytest.approx(truth["battery_ac_w"], abs=50)
    assert noon.safety.state == "normal" and noon.decision.winner == "self_consumption"
    assert noon.decision.target_w < -500, "noon's surplus is stored"
    lo_w, hi_w = noon.safety.envelope_w
    assert lo_w <= noon.decision.target_w <= hi_w
    assert "self_consumption" in noon.explain()
    balance = values["site site_battery_power_w"] + values["site site_pv_power_w"] + values["site site_grid_power_w"]
    assert values["site site_load_power_w"] == balance


def test_the_same_seed_gives_the_same_site():
    def run(seed):
        with ems.SimulatedSite(seed=seed, start_hour=9) as site:
            site.set_fault("garbage", "battery", lasts_s=20, in_s=30)
            site.run(300)
            return site.columns(), site.events()

    (one, one_events), (two, two_events), (other, _) = run(7), run(7), run(8)
    assert [c.name for c in one] == [c.name for c in two] and one_events == two_events
    assert all((a.raw == b.raw).all() and (a.valid == b.valid).all() for a, b in zip(one, two))
    assert any((a.raw != b.raw).any() for a, b in zip(one, other))


def test_the_history_is_numpy_and_outlives_the_site():
    site = ems.SimulatedSite(record_period_s=5, start_hour=6.5)
    assert site.points() == []
    site.run(60)
    soc = site.column("battery/1 soc_pct")
    table = site.to_pandas(["battery/1 soc_pct", "meter/1 active_power_w"])
    site.close()
    del site
    gc.collect()
    assert len(soc.value) == 12 and soc.valid.all() and soc.sequence.tolist() == list(range(1, 13))
    assert soc.time[0] == np.datetime64("2000-01-01T06:30:05") and soc.time[-1] == np.datetime64("2000-01-01T06:31:00")
    assert list(table.columns) == ["battery/1 soc_pct", "meter/1 active_power_w"] and str(table.index.tz) == "UTC"
    assert (table["battery/1 soc_pct"].to_numpy() == soc.value).all()


def test_a_point_that_never_was_is_unknown_everywhere(noon):
    column = noon.column("battery/2 soc_pct")
    assert len(column.valid) == 12 and not column.valid.any() and np.isnan(column.value).all()
    with pytest.raises(errors.NotFoundError):
        noon.column("battery/1 no_such_signal")


def test_silence_is_unknown_and_stops_the_inverter(noon):
    noon.set_fault("silence", "battery", lasts_s=60)
    noon.run(10)
    assert noon.values()["battery/1 pack_voltage_v"] is None
    assert noon.safety.envelope_w == (0, 0) and noon.truth()["battery_ac_w"] == pytest.approx(0, abs=1)
    noon.clear_faults()
    noon.run(60)
    assert noon.safety.state == "normal"


def test_a_high_cell_is_seen_and_told(noon):
    noon.set_fault("cell_voltage", lasts_s=30, cell=7, to_mv=3700)
    noon.run(5)
    assert {reason.rule for reason in noon.safety.reasons} >= {"cell_overvoltage"}
    assert noon.safety.envelope_w[0] == 0
    assert any(at_s > 120 and event.name == "cell_overvoltage" and event.active for at_s, event in noon.events())


def test_a_setpoint_and_an_emergency_stop(noon):
    noon.set_setpoint(1200, lease_s=30)
    noon.run(10)
    assert noon.decision.winner == "setpoint" and noon.decision.target_w == 1200
    noon.emergency_stop()
    noon.run(5)
    assert noon.safety.state == "tripped" and noon.truth()["battery_ac_w"] == pytest.approx(0, abs=1)
    noon.reset("Ada", "looked at it")
    noon.run(60)
    assert noon.safety.state == "normal"
    with pytest.raises(errors.FailedPreconditionError):
        noon.reset("Ada", "again")


def test_disarmed_is_monitor_only():
    with ems.SimulatedSite(start_hour=12, armed=False) as site:
        site.run(120)
        assert site.values()["battery/1 soc_pct"] is not None
        assert site.truth()["battery_ac_w"] == 0


def test_a_profile_of_ones_own():
    with ems.SimulatedSite(profile_csv="t_s,load_w,pv_w\n0,1000,0\n60,0,3000\n") as site:
        site.run(59)
        assert site.truth()["load_w"] == pytest.approx(1000)
        site.run(10)
        assert site.truth()["pv_w"] == pytest.approx(3000)


@pytest.mark.parametrize("arguments", [
    {"cells": 0}, {"cells": 33}, {"capacity_ah": 0}, {"soc_pct": 101}, {"soc_pct": float("nan")}, {"rated_power_w": -1}, {"tick_s": 2},
    {"tick_s": 0}, {"record_period_s": 0}, {"efficiency_pct": 0}, {"profile_csv": "nonsense"},
])
def test_a_site_that_cannot_be_is_refused(arguments):
    with pytest.raises(ems.EmsError):
        ems.SimulatedSite(**arguments)


@pytest.mark.parametrize("arguments", [
    {"cells": 16.5}, {"cells": None}, {"cells": -1}, {"capacity_ah": "100"}, {"seed": -1}, {"profile_csv": 7}, {"armed": "yes"},
])
def test_an_argument_of_another_kind_is_refused_by_name(arguments):
    (name,) = arguments
    with pytest.raises(errors.WrongTypeError, match=name):
        ems.SimulatedSite(**arguments)


def test_a_decision_says_that_it_is_simulated(noon):
    assert noon.decision.explanation["simulated"] is True


@pytest.mark.parametrize("kind, arguments, error", [
    ("silence", {"lasts_s": 5}, errors.MissingKeyError), ("no_such_kind", {"lasts_s": 5}, errors.UnknownKeyError),
    ("load_peak", {"lasts_s": 5}, errors.MissingKeyError), ("load_peak", {"lasts_s": -5, "w": 1}, errors.OutOfRangeError),
    ("cell_voltage", {"lasts_s": 5, "cell": 17, "mv": 100}, errors.OutOfRangeError),
])
def test_a_fault_that_cannot_be_is_refused(noon, kind, arguments, error):
    with pytest.raises(error):
        noon.set_fault(kind, **arguments)


def test_a_closed_site_says_so():
    site = ems.SimulatedSite()
    with site:
        pass
    with pytest.raises(ValueError, match="closed"):
        site.run(1)


def test_before_the_first_cycle_nothing_is_known():
    site = ems.SimulatedSite()
    assert site.safety is None and site.decision is None and site.values() == {} and site.explain() == "" and site.events() == []
    assert len(site.to_pandas()) == 0
    with pytest.raises(errors.OutOfRangeError):
        site.run(-1)


def test_threads_may_look_at_a_running_site():
    with ems.SimulatedSite() as site:
        seen, stop = [], threading.Event()

        def look():
            while not stop.is_set():
                seen.append(len(site.values()))
                site.columns()

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(60):
            site.run(10)
        stop.set()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads) and site.now_s == 600.0 and seen


def test_run_lets_the_rest_of_python_run():
    with ems.SimulatedSite() as site:
        beats = []
        stop = threading.Event()

        def beat():
            while not stop.is_set():
                beats.append(time.perf_counter())
                time.sleep(0.0005)

        heart = threading.Thread(target=beat)
        heart.start()
        begin = time.perf_counter()
        site.run(3600)
        end = time.perf_counter()
        stop.set()
        heart.join()
        assert sum(begin < at < end for at in beats) >= 4


@pytest.fixture
def sigint():
    """As in a terminal: a shell's background jobs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_a_run(sigint):
    import _thread

    with ems.SimulatedSite() as site:
        timer = threading.Timer(0.2, _thread.interrupt_main)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            site.run(10**7)
        assert 0 < site.now_s < 10**7
        site.run(1)
