# SPDX-License-Identifier: Apache-2.0
"""libems as the battery on CAN, from Python."""
import pytest

import ems
from ems import errors

#: A battery that may charge and discharge.
HEALTHY = {
    "soc_pct": 84.5, "soh_pct": 99, "pack_voltage_v": 49.87, "pack_current_a": 27.9, "temperature_degc": 21.5, "charge_voltage_limit_v":
    53.25, "discharge_voltage_limit_v": 45.01, "charge_current_limit_a": 99.99, "discharge_current_limit_a": 100, "charge_enable": True,
    "discharge_enable": 1, "alarms": [], "warnings": [],
}
DIALECTS = ["pylontech-lv-can", "victron-can-bms", "sma-lv-can", "deye-lv-can"]


def heard(emulator: ems.CanEmulator, protocol: str, now_s: float) -> dict:
    return ems.decode_can(protocol, emulator.frames(now_s))


@pytest.mark.parametrize("protocol", DIALECTS)
def test_what_is_said_is_heard_with_limits_on_the_safe_side(protocol):
    emulator = ems.CanEmulator(protocol)
    emulator.update(HEALTHY, 10)
    said = heard(emulator, protocol, 10.5)
    assert said["charge_current_limit_a"] == 99.9 and said["discharge_current_limit_a"] == 100
    assert said["charge_voltage_limit_v"] == 53.2 and said["pack_current_a"] == 27.9
    assert said["alarms"] == []
    assert all(isinstance(frame, ems.CanFrame) and not frame.extended for frame in emulator.frames(10.5))


@pytest.mark.parametrize("protocol", DIALECTS)
def test_a_program_that_no_longer_updates_stops_the_inverter(protocol):
    emulator = ems.CanEmulator(protocol, max_age_s=2)
    emulator.update(HEALTHY, 10)
    assert heard(emulator, protocol, 11.999)["charge_current_limit_a"] > 0
    late = heard(emulator, protocol, 12)
    assert late["charge_current_limit_a"] == 0 == late["discharge_current_limit_a"]
    assert {"communication_failure", "internal_failure"} & {*late["alarms"], *late["warnings"]}


def test_before_the_first_update_nothing_is_allowed():
    said = heard(ems.CanEmulator("pylontech-lv-can"), "pylontech-lv-can", 0)
    assert said["charge_current_limit_a"] == 0 and said["charge_enable"] == 0 and "soc_pct" not in said


def test_unknown_is_said_at_once_and_an_alarm_stays():
    emulator = ems.CanEmulator("pylontech-lv-can")
    emulator.update({**HEALTHY, "alarms": ["cell_overvoltage"]}, 10)
    emulator.update({"charge_current_limit_a": None, "alarms": None}, 10.5)
    said = heard(emulator, "pylontech-lv-can", 11)
    assert said["charge_current_limit_a"] == 0 and said["discharge_current_limit_a"] == 100
    assert said["alarms"] == ["pack_overvoltage"]  # The frame's nearest word.
    assert said["warnings"] == ["communication_failure"]  # What it says now is not known.


def test_a_battery_of_another_protocol_speaks_with_what_it_lacks_added():
    reply = bytes.fromhex("DD03001D0618000001F201F400002C7C00000000000080640304030B8B0B8A0B84FA8D77")
    emulator = ems.CanEmulator("victron-can-bms")
    battery = ems.decode("jbd", reply)
    assert {"temperatures_degc", "cycle_count", "vendor"} & battery.keys()  # No dialect carries these: passed over.
    emulator.update(battery, 1)
    emulator.update({name: HEALTHY[name] for name in HEALTHY if "limit" in name or "enable" in name} | {
        "temperature_degc": max(battery["temperatures_degc"])}, 1)
    said = heard(emulator, "victron-can-bms", 1)
    assert said["pack_voltage_v"] == battery["pack_voltage_v"] and said["soc_pct"] == battery["soc_pct"]
    assert said["charge_current_limit_a"] == 99.9


def test_a_vendors_alarm_does_not_go_under():
    emulator = ems.CanEmulator("pylontech-lv-can")
    emulator.update({**HEALTHY, "alarms": ["vendor:odd"]}, 1)
    assert heard(emulator, "pylontech-lv-can", 1)["alarms"] == ["internal_failure"]


@pytest.mark.parametrize("values, error", [
    ({"soc": 50}, errors.NotFoundError), ({"pack_voltage_mv": 50000}, errors.NotFoundError), ({"alarms": ["smoke"]}, errors.NotFoundError),
    ({"alarms": "cell_overvoltage"}, errors.WrongTypeError), ({"soc_pct": float("nan")}, errors.OutOfRangeError),
    ({"soc_pct": "half"}, errors.EmsError),
])
def test_what_cannot_be_is_refused_and_nothing_is_taken(values, error):
    emulator = ems.CanEmulator("pylontech-lv-can")
    with pytest.raises(error):
        emulator.update({**HEALTHY, **values}, 1)
    assert heard(emulator, "pylontech-lv-can", 1)["charge_current_limit_a"] == 0


def test_wrong_emulators_are_refused():
    with pytest.raises(errors.UnimplementedError):
        ems.CanEmulator("daly-can")
    with pytest.raises(errors.UnimplementedError):
        ems.CanEmulator("jbd")
    with pytest.raises(errors.UnknownProtocolError):
        ems.CanEmulator("no-such-protocol")
    with pytest.raises(errors.OutOfRangeError):
        ems.CanEmulator("pylontech-lv-can", max_age_s=0)
