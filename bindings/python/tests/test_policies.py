# SPDX-License-Identifier: Apache-2.0
"""Every policy, table and command from Python; the record; the alarm book."""
import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

import ems
from ems import errors
from ems.policies import name_of, policy_table
from ems.safety import Event

WIDE = (-5000, 5000)
UTC = datetime.timezone.utc
NOON = datetime.datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = datetime.timedelta(hours=1)
#: One of each, with what it needs.
ALL = [
    ems.ActivePowerLimit(3000, 2000), ems.FrequencyDroop(5000), ems.Ramp(1000, 1000), ems.Dimming(), ems.ImportLimit(4000),
    ems.ExportLimit(3000), ems.DemandLimit(3000, 5000), ems.BackupReserve(20), ems.Setpoint(), ems.RemoteSetpoint(), ems.Schedule(),
    ems.ZeroExport(), ems.Plan(), ems.TimeOfUse([ems.Window("22:00", "06:00", "charge", 1000)]), ems.Price("EUR", "0.1", "0.3", 2000),
    ems.SelfConsumption(), ems.ComfortBand(5000), ems.GentleCurrent(), ems.GentleTemperature(5000),
]


def one(policy, **inputs):
    """A single step of one policy."""
    given = {"pcc_power_w": 0, "battery_power_w": 0, "wall": ems.WallTime(NOON)} | inputs
    return ems.Decision(policy, capacity_wh=10_000).step(WIDE, 0, **given)


def band(step):
    """Constraint and preference of the only policy."""
    (record,) = step.policies
    return record.constraint_w, record.preference_w


def test_every_policy_of_the_build_has_its_class():
    assert sorted(name_of(type(policy)) for policy in ALL) == sorted(name for name, _, _ in policy_table())
    step = ems.Decision(*reversed(ALL), capacity_wh=10_000).step(WIDE, 0)
    assert [record.policy for record in step.policies] == [name for name, _, _ in policy_table()]
    assert [record.level for record in step.policies] == [level for _, level, _ in policy_table()]


def test_an_active_power_limit_and_its_command():
    policy = ems.ActivePowerLimit(discharge_max_w=3000, charge_max_w=4000, fallback_charge_max_w=1000)
    assert band(one(policy))[0] == (-1000, 3000)
    command = ems.LimitCommand(0, 60, discharge_max_w=500, charge_max_w=2000, actor="dso", tag=7)
    step = one(policy, active_power_limit=command)
    assert band(step)[0] == (-2000, 500) and step.policies[0].source == "command"
    shown = step.explanation["active_power_limit"]
    assert (shown["discharge_max_w"], shown["actor"], shown["tag"], shown["lease_left_s"]) == (500, "dso", 7, 60.0)
    for wrong in (command._replace(charge_max_w=-1), command._replace(tag=-1)):
        with pytest.raises(errors.OutOfRangeError):
            one(policy, active_power_limit=wrong)


def test_dimming_without_a_command_is_the_failsafe():
    step = one(ems.Dimming(failsafe_w=4200))
    assert band(step)[0] == (-4200, None) and step.policies[0].source == "failsafe"
    assert band(one(ems.Dimming(), dimming=ems.LimitCommand(0, 60, charge_max_w=1500)))[0] == (-1500, None)


def test_droop_answers_the_frequency_and_the_record_has_its_value():
    decision = ems.Decision(ems.FrequencyDroop(5000))
    assert decision.step(WIDE, 0, frequency_hz="50.05", pcc_power_w=0, battery_power_w=0).target_w == 0
    step = decision.step(WIDE, 1, frequency_hz="50.3", pcc_power_w=0, battery_power_w=0)
    assert step.target_w == -500 and step.winner == "frequency_droop"  # 0.25 Hz of 2.5 Hz.
    seen = next(row for row in step.inputs if row.input == "frequency")
    assert (seen.value, seen.unit, seen.usable, seen.age_s, seen.quality) == (50.3, "Hz", True, 0.0, "good")
    assert ems.FrequencyDroop.profile("ieee1547", 1000) == ems.FrequencyDroop(1000, 60, 0.036, 0.036, 5, 10, 5)


def test_a_demand_limit_shows_its_window():
    step = one(ems.DemandLimit(limit_w=2000, import_max_w=3000), pcc_power_w=5000, energy_imported_wh=100)
    window = step.explanation["demand"]
    assert step.target_w == 3000 and window["allowed_w"] == 2000 and window["left_s"] == 900.0
    assert window["start_utc_s"] == NOON.timestamp()


def test_a_reserve_is_kept_while_the_grid_is_there():
    policy = ems.BackupReserve(20)
    assert band(one(policy, soc_pct=20))[0] == (None, 0) and band(one(policy, soc_pct=None))[0] == (None, 0)
    assert band(one(policy, soc_pct=50))[0] is None and band(one(policy, soc_pct=20, grid_connected=False))[0] is None


def test_a_window_is_local_time():
    policy = ems.TimeOfUse([ems.Window("13:00", "15:00", "charge", 1500, soc_stop_pct=80, days=["wed"])])
    berlin = ems.WallTime.local(NOON.astimezone(ZoneInfo("Europe/Berlin")))  # 14:00 on a Wednesday.
    step = one(policy, wall=berlin, soc_pct=50)
    assert step.target_w == -1500 and step.explanation["window"] == {
        "start": "13:00", "end": "15:00", "action": "charge", "power_w": 1500, "soc_stop_pct": 80.0}
    assert one(policy, wall=berlin, soc_pct=80).policies[0].status == "satisfied"
    assert one(policy, soc_pct=50).policies[0].status == "watching"
    assert one(policy, wall=None, soc_pct=50).policies[0].status == "clock_unset"


SLOTS = [ems.PlanSlot(NOON - HOUR, NOON, 100), ems.PlanSlot(NOON, NOON + HOUR, pcc_target_w=-200)]


@pytest.mark.parametrize("rows", [
    SLOTS, [tuple(slot) for slot in SLOTS], pd.DataFrame(SLOTS),
    {"start": np.array(["2026-07-01T11", "2026-07-01T12"], "datetime64[h]"), "end": ["2026-07-01T12:00:00Z", "2026-07-01T13:00:00+00:00"],
     "power_w": np.array([100, np.nan]), "pcc_target_w": np.array([np.nan, -200.0]), "beside": [0, 0]},
    np.array([(0, 1, 100.0, np.nan), (0, 1, np.nan, -200.0)], [("start", "i8"), ("end", "i8"), ("power_w", "f8"), ("pcc_target_w", "f8")]),
])
def test_a_plan_from_rows_columns_pandas_and_numpy(rows):
    if isinstance(rows, np.ndarray):
        noon = int(NOON.timestamp() * 1e6)
        rows["start"], rows["end"] = [noon - 3_600_000_000, noon], [noon, noon + 3_600_000_000]
        rows = {name: rows[name].tolist() for name in rows.dtype.names}
    plan = ems.PlanTable(rows, made_at=NOON - HOUR, valid_for_s=7200, plan_id="day ahead")
    step = one(ems.Plan(), plan=plan, pcc_power_w=1000)
    assert step.target_w == 1200 and step.explanation["plan"]["plan_id"] == "day ahead"
    assert step.explanation["plan"]["pcc_target_w"] == -200 and step.explanation["plan"]["power_w"] is None
    assert one(ems.Plan(), plan=plan, wall=ems.WallTime(NOON + 2 * HOUR)).policies[0].status == "too_old"


def test_a_schedule_and_prices():
    schedule = ems.ScheduleTable([ems.ScheduleEntry(NOON, NOON + HOUR, -700)])
    step = one(ems.Schedule(), schedule=schedule)
    assert (step.target_w, step.winner, step.explanation["schedule"]["power_w"]) == (-700, "schedule", -700)
    prices = ems.PriceTable([ems.PriceSlot(NOON, "-0.010001", "0.05")], end=NOON + HOUR, made_at=NOON, currency="EUR")
    step = one(ems.Price("EUR", "0.1", "0.3", 2000), prices=prices, soc_pct=50)
    assert step.target_w == -2000 and step.explanation["price"]["buy_per_kwh"] == -0.010001
    assert step.explanation["price"]["currency"] == "EUR"
    assert next(row for row in step.inputs if row.input == "price").value == -0.010001


@pytest.mark.parametrize("make, error", [
    (lambda: ems.ScheduleTable([ems.ScheduleEntry(NOON, NOON, 1)]), errors.OutOfRangeError),
    (lambda: ems.ScheduleTable([ems.ScheduleEntry(NOON.replace(tzinfo=None), NOON, 1)]), ValueError),
    (lambda: ems.ScheduleTable([ems.ScheduleEntry(np.datetime64("NaT"), NOON, 1)]), ValueError),
    (lambda: ems.ScheduleTable([ems.ScheduleEntry(1.5, NOON, 1)]), errors.WrongTypeError),
    (lambda: ems.ScheduleTable({"start": [NOON], "end": [NOON + HOUR, NOON], "power_w": [1]}), ValueError),
    (lambda: ems.ScheduleTable({"start": [NOON], "end": [NOON + HOUR], "power": [1]}), TypeError),
    (lambda: ems.PlanTable([ems.PlanSlot(NOON, NOON + HOUR)], NOON, 60, "x"), errors.InvalidArgumentError),
    (lambda: ems.PlanTable([ems.PlanSlot(NOON, NOON + HOUR, 1)], NOON, 60, "x" * 49), errors.LengthError),
    (lambda: ems.PriceTable([ems.PriceSlot(NOON, "0.0000001", 0)], NOON + HOUR, NOON, "EUR"), errors.OffGridError),
    (lambda: ems.Decision(ems.TimeOfUse([ems.Window("25:00", "06:00", "hold")])), ValueError),
    (lambda: ems.Decision(ems.TimeOfUse([ems.Window("05:00", "06:00", "hold", days="mon")])), ValueError),
    (lambda: ems.Decision(ems.TimeOfUse([ems.Window("05:00", "06:00", "sell")])), errors.InvalidArgumentError),
    (lambda: ems.Decision(ems.ActivePowerLimit()), errors.OutOfRangeError),
    (lambda: ems.Decision(ems.Ramp(0, 1)), errors.OutOfRangeError),
    (lambda: ems.Decision(capacity_wh=-1), errors.OutOfRangeError),
    (lambda: one(ems.Plan(), wall=ems.WallTime(NOON, quality="good")), errors.InvalidArgumentError),
])
def test_what_cannot_be_is_refused(make, error):
    with pytest.raises(error):
        make()


def test_an_error_names_the_field():
    with pytest.raises(errors.OffGridError, match="dimming.failsafe_w"):
        ems.Decision(ems.Dimming(failsafe_w="0.5"))


def test_a_refused_step_takes_nothing():
    decision = ems.Decision(ems.SelfConsumption())
    with pytest.raises(errors.OffGridError, match="frequency_hz"):
        decision.step(WIDE, 0, pcc_power_w=1000, battery_power_w=0, frequency_hz="50.00001")
    assert decision.step(WIDE, 0).policies[0].status == "stale"


def test_a_simulated_site_takes_commands_and_tables():
    policies = [ems.SelfConsumption(), ems.Dimming(failsafe_w=5000, protective_w=5000), ems.ActivePowerLimit(5000, 5000), ems.Schedule(),
                ems.Plan(), ems.Price("EUR", "0.1", "0.3", 1000), ems.RemoteSetpoint()]
    with ems.SimulatedSite(start_hour=12, utc_offset_h=2, day="2026-07-01", policies=policies) as site:
        begin = site.begin_us
        assert begin == int(datetime.datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000
        hour_us = 3_600_000_000
        site.set_schedule(ems.ScheduleTable([ems.ScheduleEntry(begin, begin + hour_us, -1500)]))
        site.run(120)
        assert site.decision.winner == "schedule" and site.decision.target_w == -1500
        site.set_dimming(60, charge_max_w=600, actor="dso")
        site.run(5)
        assert site.decision.target_w == -600 and "dimming" in site.explain()
        site.set_active_power_limit(60, charge_max_w=300)
        site.run(5)
        assert site.decision.target_w == -300
        site.set_schedule(None)
        site.set_dimming(600)
        site.set_active_power_limit(600)
        site.set_setpoint(400, 30, actor="server", remote=True)
        site.run(5)
        assert site.decision.winner == "remote_setpoint" and site.decision.explanation["remote_setpoint"]["actor"] == "server"
        site.run(40)
        site.set_plan(ems.PlanTable([ems.PlanSlot(begin, begin + hour_us, 250)], begin, 3600, "p"))
        site.run(5)
        assert (site.decision.winner, site.decision.target_w) == ("plan", 250)
        site.set_plan(None)
        site.set_prices(ems.PriceTable([ems.PriceSlot(begin, -1, 0)], begin + hour_us, begin, "EUR"))
        site.run(5)
        assert (site.decision.winner, site.decision.target_w) == ("price", -1000)
        site.set_prices(None)
        assert site.column("battery/1 soc_pct").time[0] == np.datetime64("2026-07-01T10:00:10")


def test_alarms_are_raised_seen_and_cleared():
    book = ems.AlarmBook()
    event = Event("warning", "battery/1", "cell_voltage_high", True, "cell_voltages_v", 3.56)
    change = book.take(event, 1)
    assert (change.transition, change.alarm.state, change.alarm.value, change.alarm.priority) == ("raised", "unacknowledged", 3.56, "P3")
    assert book.counts()["warning"] == (1, 1, 0)
    seen = book.acknowledge(change.alarm.id, "Ada", 2, comment="on my way")
    assert (seen.transition, seen.actor, seen.text) == ("acknowledged", "Ada", "on my way")
    assert book.acknowledge(change.alarm.id, "Ada", 2) is None
    assert book.take(event._replace(active=False), 3).alarm.state == "normal" and book.alarms() == []
    assert book.take(event._replace(severity="info"), 3) is None
    critical = book.take(event._replace(severity="critical", name="smoke"), 4).alarm
    assert book.take(event._replace(severity="critical", name="smoke", active=False), 5).alarm.state == "latched_unacknowledged"
    book.reset("Ada")
    assert [(row.transition, row.alarm.id) for row in book.due(6)] == [("reset", critical.id)]


def test_alarms_are_shelved_for_a_while_and_with_a_reason():
    book = ems.AlarmBook(shelve_max_s=600)
    alarm = book.take(Event("alarm", "site", "uplink_down", True, None, None), 0).alarm
    with pytest.raises(errors.InvalidArgumentError):
        book.shelve(alarm.id, 60, "Ada", "", 1)
    with pytest.raises(errors.OutOfRangeError):
        book.shelve(alarm.id, 601, "Ada", "works", 1)
    assert book.shelve(alarm.id, 60, "Ada", "works", 1).alarm.shelved_until_s == 61.0
    assert book.counts()["alarm"][2] == 1
    assert [row.transition for row in book.due(61)] == ["unshelved"]
    with pytest.raises(errors.NotFoundError):
        book.acknowledge(99, "Ada", 62)
    with pytest.raises(errors.InvalidArgumentError):
        book.due(1)
    with pytest.raises(errors.LengthError):
        book.acknowledge(alarm.id, "x" * 49, 62)
    assert book.dropped == 0
