# SPDX-License-Identifier: Apache-2.0
"""Limits, the safety kernel and its gate from Python."""
from decimal import Decimal
from pathlib import Path

import pytest

import ems
from ems import errors
from ems.safety import Trip

ROOT = Path(__file__).resolve().parents[3]
CELLS = 16


def limits(**more):
    return ems.Limits(charge_current_max_a=50, discharge_current_max_a=100, **more)


def kernel(**more):
    return ems.Safety([ems.BatterySetup(limits(), CELLS)], [ems.InverterSetup(5000)], **more)


def healthy(**change):
    values = {
        "pack_voltage_v": 52.8, "pack_current_a": 0, "soc_pct": 50, "cell_voltages_v": [3.3] * CELLS, "temperatures_degc": [25, 25],
        "charge_fet_on": True, "discharge_fet_on": True,
    } | change
    return {f"battery/1 {name}": value for name, value in values.items()}


def warmed_up(**more):
    safety = kernel(**more)
    for now in range(31):
        step = safety.step(healthy(), now)
    assert step.state == "normal", step.reasons
    return safety


def rules(step):
    return {reason.rule for reason in step.reasons}


def test_everything_is_forbidden_until_health_is_shown():
    safety = kernel()
    assert safety.gate(1, "follow", 1000).command == "stop"
    first = safety.step(healthy(), 0)
    assert first.envelope_w == (0, 0) and first.batteries[0].charge_current_max_a == 0
    for now in range(1, 31):
        step = safety.step(healthy(), now)
    lo_w, hi_w = step.envelope_w
    assert step.state == "normal" and lo_w < -2000 and hi_w > 4000
    assert step.batteries[0].charge_current_max_a == 50.0 and step.batteries[0].discharge_current_max_a == 100.0
    assert step.inverters[0].command == "follow" and (step.inverters[0].lo_w, step.inverters[0].hi_w) == step.envelope_w


def test_a_high_cell_forbids_charging_only_and_says_why():
    safety = warmed_up()
    near = [3.45] * CELLS  # A cell as high as that among low ones would be out of balance, too.
    for now in range(31, 62):
        step = safety.step(healthy(cell_voltages_v=near, pack_voltage_v=sum(near)), now)
    assert step.state == "normal", step.reasons
    cells = near[:6] + [3.66] + near[7:]
    step = safety.step(healthy(cell_voltages_v=cells, pack_voltage_v=sum(cells)), 62)
    reason = next(r for r in step.reasons if r.rule == "cell_overvoltage")
    assert (reason.direction, reason.action, reason.cause, reason.value, reason.limit) == ("charge", "inhibit", "exceeded", 3.66, 3.65)
    assert reason.signal == "cell_voltages_v" or reason.signal == "cell_voltage_max_v"
    assert reason.element == 7 and step.batteries[0].reasons_dropped == 0
    assert step.envelope_w[0] == 0 < step.envelope_w[1]
    assert "cell_overvoltage" in [event.name for event in step.events if event.active]
    assert safety.gate(1, "follow", -3000)[:2] == ("follow", 0)


@pytest.mark.parametrize("gone", ["pack_voltage_v", "pack_current_a", "soc_pct", "cell_voltages_v", "temperatures_degc"])
def test_unknown_and_stale_are_alike_and_never_healthy(gone):
    safety = warmed_up()
    step = safety.step(healthy(**{gone: None}), 31)
    assert step.envelope_w == (0, 0) and any(reason.cause == "missing" and reason.value is None for reason in step.reasons)
    safety = warmed_up()
    values = healthy()
    del values[f"battery/1 {gone}"]
    assert safety.step(values, 31).envelope_w != (0, 0)  # One second old.
    for now in (32, 33):
        step = safety.step(values, now)
    assert step.envelope_w == (0, 0)


def test_one_missing_cell_counts():
    safety = warmed_up()
    assert safety.step(healthy(cell_voltages_v=[3.3] * (CELLS - 1) + [None]), 31).envelope_w == (0, 0)
    safety = warmed_up()
    assert safety.step({**healthy(), "battery/1 cell_voltages_v 7": None}, 31).envelope_w == (0, 0)


def test_the_gate_bounds_every_command():
    safety = warmed_up()
    lo_w, hi_w = safety.step(healthy(), 31).envelope_w
    assert safety.gate(1, p_w=100) == ("follow", 100, 0, False, "none")
    assert safety.gate(1, p_w=10**6) == ("follow", hi_w, 0, True, "active_power")
    assert safety.gate(1, p_w="-99999")[:2] == ("follow", lo_w)
    assert safety.gate(1, p_w=100, armed=False) == (None, 0, 0, True, "disarmed")
    assert safety.gate(1, "form").command == "stop"
    with pytest.raises(errors.NotFoundError):
        safety.gate(2)
    with pytest.raises(errors.NotFoundError):
        safety.gate(0)
    with pytest.raises(errors.InvalidArgumentError):
        safety.gate(1, "run")


def test_an_emergency_stop_is_latched_until_a_technician_resets_it():
    safety = warmed_up()
    assert safety.step(healthy(), 31, estop=True).state == "tripped"
    assert safety.latch == [Trip("site", "estop", 31.0)]
    assert safety.step(healthy(), 32).state == "tripped" and safety.gate(1, p_w=1).command in ("stop", "open")
    with pytest.raises(errors.PermissionDeniedError):
        safety.reset("Ada", "button released", role="operator")
    with pytest.raises(errors.InvalidArgumentError):
        safety.reset("", "button released")
    safety.reset("Ada", "button released")
    assert safety.latch == []
    with pytest.raises(errors.FailedPreconditionError):
        safety.reset("Ada", "again")


def test_a_refused_value_changes_nothing():
    safety = warmed_up()
    for name, value, error in [
        ("pack_voltage_v", "52.80051", errors.OffGridError), ("pack_voltage_v", float("nan"), errors.OutOfRangeError),
        ("pack_voltage_v", float("inf"), errors.OutOfRangeError), ("pack_voltage_v", "high", errors.SyntaxError),
        ("pack_voltage_v", object(), errors.WrongTypeError), ("cell_voltages_v", 3.3, errors.WrongTypeError),
        ("no_such_signal", 1, errors.NotFoundError), ("pack_voltage_v 1", 1, errors.SyntaxError),
        ("cell_voltages_v 0", 1, errors.SyntaxError), ("cell_voltages_v x", 1, errors.SyntaxError),
    ]:
        with pytest.raises(error):
            safety.step({**healthy(soc_pct=None), f"battery/1 {name}": value}, 31)
    with pytest.raises(errors.SyntaxError):
        safety.step({"pack_voltage_v": 1}, 31)
    assert safety.step({}, 31).state == "normal"  # soc is known: the refused steps took nothing.


def test_numbers_are_exact_or_rounded_to_the_unit():
    safety = warmed_up()
    top = "3.649"
    for value in (top, Decimal(top), 3.6494, 3.649):
        safety = warmed_up()
        step = safety.step(healthy(cell_voltages_v=[value] + [3.3] * 15, pack_voltage_v=52.8 + 0.349), 31)
        assert "cell_overvoltage" not in rules(step)
    safety = warmed_up()
    assert "cell_overvoltage" in rules(safety.step(healthy(cell_voltages_v=[3.6496] + [3.3] * 15, pack_voltage_v=53.15), 31))


def test_more_points_than_there_is_room_for_are_refused_whole():
    safety = warmed_up()
    with pytest.raises(errors.ResourceExhaustedError):
        safety.step({**healthy(soc_pct=None), "battery/2 cell_voltages_v": [3.3] * 1100}, 31)
    assert safety.step({}, 31).state == "normal"


def test_what_is_no_name_no_list_or_no_truth_is_refused_by_name():
    with pytest.raises(errors.WrongTypeError):
        warmed_up().step({1: 2}, 31)
    battery = ems.BatterySetup(limits(), CELLS)
    with pytest.raises(TypeError):
        ems.Safety([battery], [ems.InverterSetup(5000, batteries=1)])
    with pytest.raises(errors.WrongTypeError):
        ems.Safety([battery], [ems.InverterSetup(5000, has_dc_pv="x")])


def test_time_does_not_go_back():
    safety = warmed_up()
    with pytest.raises(errors.InvalidArgumentError):
        safety.step(healthy(), 29)
    late = safety.step(healthy(), 60)
    assert late.late_ticks > 10 and late.state == "safe"


def test_limits_are_checked_and_named():
    own = limits(cell_voltage_max={"trip_v": "3.55", "clear_v": Decimal("3.45")}, soc_min={"trip_pct": 10.0, "clear_pct": 15})
    values = own.values()
    assert values["cell_voltage_max.trip_v"] == Decimal("3.55") and values["soc_min.clear_pct"] == 15
    assert values["charge_current_max_a"] == 50 and values["stale_after_max_s"] == 10
    assert len(own.hash) == 64 and own.hash != limits().hash and own.hash == limits(
        soc_min={"clear_pct": "15.00", "trip_pct": 10}, cell_voltage_max={"trip_v": 3.55, "clear_v": 3.45}).hash
    for more, error in [
        ({"cell_voltage_max": {"trip_v": 3.7}}, errors.TooWideError), ({"cell_volt_max": 1}, errors.UnknownKeyError),
        ({"cell_voltage_max": {"trip_v": "3.5505"}}, errors.OffGridError), ({"chemistry": "nca"}, errors.EmsError),
        ({"cell_voltage_max": {"trip_v": 3.6496}}, errors.OffGridError), ({"cell_voltage_max": {"trip_v": 3.6504}}, errors.OffGridError),
        ({"cell_voltage_max": {"trip_v": "high"}}, errors.SyntaxError),
        ({"cell_voltage_max": {"trip_v": float("nan")}}, errors.OutOfRangeError),
        ({"cell_voltage_max": {"trip_v": "nan"}}, ValueError), ({"soc_min": {"trip_pct: 1, x": 2}}, ValueError),
    ]:
        with pytest.raises(error):
            limits(**more)
    with pytest.raises(errors.MissingKeyError) as caught:
        ems.Limits()
    assert "charge_current_max_a" in str(caught.value) and "\n" in str(caught.value) and not str(caught.value).startswith("'")


def test_a_float_that_is_a_step_of_the_unit_is_that_step():
    for number in (3.55, 3.5500000000000003, 3.549999999999999, 10.65 / 3):
        assert limits(cell_voltage_max={"trip_v": number, "clear_v": 3.4}).values()["cell_voltage_max.trip_v"] == Decimal("3.55")
    hashes = {limits(charge_temp_min={"trip_degc": zero, "clear_degc": 5}).hash for zero in (0, 0.0, -0.0, "0")}
    assert len(hashes) == 1


def test_limits_from_the_file_of_the_example_site(tmp_path):
    own = ems.Limits.from_file(ROOT / "examples/site/limits.yaml")
    assert own.values()["cell_voltage_max.trip_v"] == Decimal("3.6")
    broken = tmp_path / "limits.yaml"
    broken.write_text("chemistry: lfp\ncharge_current_max_a: x\n")
    with pytest.raises(errors.EmsError) as caught:
        ems.Limits.from_file(broken)
    assert f"{broken}:2:" in str(caught.value)


def test_a_setup_that_cannot_be_is_refused():
    battery = ems.BatterySetup(limits(), CELLS)
    for batteries, inverters, error in [
        ([], [], errors.NotFoundError), ([battery._replace(cells=0)], [], errors.OutOfRangeError),
        ([battery], [ems.InverterSetup(5000, batteries=[2])], errors.NotFoundError),
        ([battery], [ems.InverterSetup(0)], errors.OutOfRangeError), ([battery] * 9, [], errors.OutOfRangeError),
        ([battery], [ems.InverterSetup(5000)] * 9, errors.OutOfRangeError),
        ([battery], [ems.InverterSetup(5000, efficiency_pct=101)], errors.OutOfRangeError),
    ]:
        with pytest.raises(error):
            ems.Safety(batteries, inverters)
    with pytest.raises(errors.OutOfRangeError):
        kernel(tick_s=2)
    with pytest.raises(errors.OutOfRangeError):
        kernel(stale_after_s=0)


def test_a_decoded_frame_goes_in():
    decoded = {"pack_voltage_v": 52.8, "cell_voltages_v": [3.3] * CELLS, "alarms": [], "vendor": {}, "device_model": "x"}
    assert ems.as_points("battery/1", decoded) == {
        "battery/1 pack_voltage_v": 52.8, "battery/1 cell_voltages_v": [3.3] * CELLS, "battery/1 alarms": 0}
    kernel().step(ems.as_points("battery/1", decoded), 0)


def test_numpy_numbers_are_numbers():
    import numpy as np

    safety = warmed_up()
    step = safety.step(healthy(cell_voltages_v=np.full(CELLS, 3.3), soc_pct=np.int32(50), pack_voltage_v=np.float32(52.8)), 31)
    assert step.state == "normal"


def test_a_protection_of_the_bms_stops_what_it_is_about():
    safety = warmed_up()
    points = ems.as_points("battery/1", {"alarms": ["cell_overvoltage", "vendor:unnamed_3"]})
    assert points == {"battery/1 alarms": 1}
    step = safety.step({**healthy(), **points}, 31)
    assert "bms_alarm" in rules(step) and step.envelope_w[0] == 0 < step.envelope_w[1]
    for now in range(32, 36):  # Given once, it must go on being given.
        step = safety.step(healthy(), now)
    assert "bms_alarm_unknown" in rules(step) and step.envelope_w == (0, 0)
    with pytest.raises(errors.NotFoundError):
        ems.as_points("battery/1", {"alarms": ["no_such_alarm"]})


def test_a_hazard_input_that_is_wired_must_be_there():
    safety = ems.Safety([ems.BatterySetup(limits(), CELLS, hazards=["smoke"])], [ems.InverterSetup(5000)])
    for now in range(31):
        step = safety.step(healthy(), now)
    assert "hazard_input_missing" in rules(step) and step.envelope_w == (0, 0)
    for now in range(31, 62):
        step = safety.step(healthy(smoke_detected=False), now)
    assert step.state == "normal"
    step = safety.step(healthy(smoke_detected=True), 62)
    assert step.state == "tripped" and safety.latch == [Trip("battery/1", "smoke_trip", 62.0)]


def test_a_bms_signal_that_is_required_must_be_there():
    def stepped(**more):
        safety = ems.Safety([ems.BatterySetup(limits(), CELLS, **more)], [ems.InverterSetup(5000)])
        return [safety.step(healthy(), now) for now in range(31)][-1]

    assert stepped(bms_required=["charge_fet_on"]).state == "normal"
    step = stepped(bms_required=["charge_current_limit_a"])
    assert "bms_charge_limit" in rules(step) and step.envelope_w[0] == 0


def test_an_emergency_stop_input_that_is_silent_is_pressed():
    safety = kernel(estop_inputs=1)
    assert safety.step(healthy(), 0).state == "tripped"
    with pytest.raises(errors.FailedPreconditionError):
        safety.reset("Ada", "looked at it")
    safety.step({**healthy(), "site estop_pressed": 0}, 1)
    safety.reset("Ada", "wired it")
    assert safety.step({**healthy(), "site estop_pressed": 0}, 2).state != "tripped"
    assert safety.step({**healthy(), "site estop_pressed": 1}, 3).state == "tripped"


def test_fuse_and_capacity_are_checked():
    with pytest.raises(errors.OutOfRangeError):
        ems.Safety([ems.BatterySetup(limits(), CELLS, fuse_current_a=80)], [ems.InverterSetup(5000)])
    ems.Safety([ems.BatterySetup(limits(), CELLS, fuse_current_a=125, capacity_ah="100.5")], [ems.InverterSetup(5000)])
    for more in ({"hazards": ["fire"]}, {"bms_required": ["pack_voltage_v"]}):
        with pytest.raises(errors.NotFoundError):
            ems.Safety([ems.BatterySetup(limits(), CELLS, **more)], [ems.InverterSetup(5000)])


def test_curves_and_every_other_limit():
    own = limits(
        charge_voltage_derate_v=[("3.40", 100), (3.5, "50.5"), (Decimal("3.60"), 0)], plausibility={"soc_jump_pct": 5, "skew_max_s": 0.01},
        charge_overload={"factor_pct": 105, "time_s": 2}, cell_voltage_max={"trip_v": 3.6, "clear_v": 3.5, "trip_after_s": "0.5"},
        insulation_latch_min_kohm=200, latch_after_s=0)
    assert own.curves()["charge_voltage_derate_v"] == [
        (Decimal("3.4"), Decimal(100)), (Decimal("3.5"), Decimal("50.5")), (Decimal("3.6"), Decimal(0))]
    assert set(own.curves()) == {
        "charge_voltage_derate_v", "discharge_voltage_derate_v", "charge_temp_derate_degc", "discharge_temp_derate_degc",
        "cell_imbalance_derate_v"}
    values = own.values()
    assert values["plausibility.soc_jump_pct"] == 5 and values["plausibility.skew_max_s"] == Decimal("0.01")
    assert values["charge_overload.factor_pct"] == 105 and values["cell_voltage_max.trip_after_s"] == Decimal("0.5")
    assert values["insulation_latch_min_kohm"] == 200 and not set(values) & set(own.curves())
    for curve, error in [
        ([(3.4004, 100), (3.6, 0)], errors.OffGridError), ([(3.4, "100.005"), (3.6, 0)], errors.OffGridError),
        ([(3.4, 100), (3.9, 50)], errors.EmsError), ([(3.6, 0), (3.4, 100)], errors.EmsError),
        ([(3.4, float("nan"))], errors.OutOfRangeError),
    ]:
        with pytest.raises(error):
            limits(charge_voltage_derate_v=curve)
