# SPDX-License-Identifier: Apache-2.0
"""What earlier implementations got wrong, item by item, through the public faces: each test's first line says what that was.

The list is section F of the requirements; the five defects of their decision and safety rules follow it. Where a rule has its own
tests elsewhere, this one is only the small proof that it holds in the product as it is shipped.
"""
import json
import re
import time

import pytest

import ems
from support.grpc_client import Contract, identity
from support.harness import RECONNECT_S, ROOT, wait_for
from support.plant import truth

CELLS = 16
AGENT = "demo/gateway-1"
POLICIES = "  remote_setpoint: {lease_max_s: 3600}\n  plan: {file: plan.yaml}\n"


def kernel():
    limits = ems.Limits(charge_current_max_a=50, discharge_current_max_a=100)
    return ems.Safety([ems.BatterySetup(limits, CELLS)], [ems.InverterSetup(5000)])


def healthy(**change):
    values = {"pack_voltage_v": 52.8, "pack_current_a": 0, "soc_pct": 50, "cell_voltages_v": [3.3] * CELLS,
              "temperatures_degc": [25, 25]}
    return {f"battery/1 {name}": value for name, value in (values | change).items()}


def settled(values=None, cycles=40):
    safety = kernel()
    for now in range(cycles):
        step = safety.step(values or healthy(), now)
    return safety, step, cycles


def why(site) -> dict:
    return json.loads(site.ctl("why", "--json").stdout)


@pytest.fixture
def site(install):
    site = install()
    site.write("site.yaml", (site.folder / "site.yaml").read_text() + POLICIES)
    site.write("plan.yaml", "this is no plan\n")
    site.start_sim("--log", "truth.csv", "--load-w", "500", "--load-step-w", "0", "--load-evening-w", "0", "--pv-w", "0", "--start-hour",
                   "12", "--soc-pct", "60")
    site.start_agent()
    wait_for("the site is healthy", lambda: site.status()["safety"]["state"] == "normal", 30)
    return site


# ---- (a) .. (j) ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pack_voltage_v", "pack_current_a", "soc_pct", "cell_voltages_v", "temperatures_degc"])
def test_f_a_fail_closed_inputs_with_quality_and_age(name):
    """They took a missing value as 0 or kept the last one: a battery that nobody could see went on."""
    safety, step, now = settled()
    assert step.state == "normal" and step.envelope_w[0] < 0 < step.envelope_w[1]
    step = safety.step(healthy(**{name: None}), now)
    assert step.envelope_w == (0, 0) and step.state == "safe", "lost: nothing moves, at once"
    assert any(reason.cause == "missing" for reason in step.reasons)

    safety, step, now = settled()
    rest = {point: value for point, value in healthy().items() if not point.endswith(name)}
    ages = [safety.step(rest, now + late).envelope_w != (0, 0) for late in range(4)]
    assert ages == [True, True, False, False], "not renewed: trusted until it is stale, never after"

    decision = ems.Decision(ems.SelfConsumption(), stale_after_s=3)
    decision.step((-5000, 5000), 0, pcc_power_w=2000, battery_power_w=0)
    old = {row["input"]: row for row in decision.step((-5000, 5000), 3).explanation["inputs"]}["pcc_power"]
    assert old["usable"] is False and old["age_s"] == 3.0 and old["quality"] == "good", "a decision says how old and how good"


def test_f_b_one_unit_and_sign_system_on_every_face(site):
    """Their edge, cloud and firmware disagreed whether charging is positive, and kW, W and W x 10 met in one field."""
    site.start_server()
    site.ctl("setpoint", "--power-w", "-1000", "--lease-s", "60", "--name", "Ada Example")
    wait_for("it charges", lambda: abs(truth(site.folder)[-1]["battery_ac_w"] + 1000) < 50, 15)
    wait_for("everybody has seen it", lambda: site.status()["assets"]["inverter/1"]["values"]["active_power_w"] < -900, 5)
    status, row = site.status(), truth(site.folder)[-1]
    values = {asset: status["assets"][asset]["values"] for asset in ("battery/1", "inverter/1", "meter/1")}
    assert -22 < values["battery/1"]["pack_current_a"] < -15, "charging is negative at dc,"
    assert -1050 < values["inverter/1"]["active_power_w"] < -950, "at ac,"
    assert 1400 < values["meter/1"]["active_power_w"] < 1600, "and import is positive at the grid"
    assert abs(row["battery_ac_w"] + row["pv_w"] + row["grid_w"] - row["load_w"]) < 1, "battery + pv + grid = load"
    assert why(site)["target_w"] == -1000

    def stored() -> list:
        try:
            return ems.Store(site.folder / "fleet.db").columns(["battery/1 pack_current_a"])[0].value[-3:].tolist()
        except ems.errors.NotFoundError:
            return []  # No row has arrived yet.

    wait_for("the server has it with the same sign", lambda: len(stored()) == 3 and all(-22 < value < -15 for value in stored()), 20)
    suffix = {"V": "_v", "A": "_a", "W": "_w", "°C": "_degc", "Hz": "_hz", "%": "_pct"}
    wrong = [row["name"] for row in ems.catalogue() if row["symbol"] in suffix and suffix[row["symbol"]] not in row["name"]]
    assert wrong == [], "a name says its unit"


def test_f_c_envelope_based_levels_and_charging_while_only_discharging_is_unsafe():
    """Any violation stopped everything, so an empty battery could not be charged; and levels overruled instead of narrowing."""
    _, step, _ = settled(healthy(soc_pct=3))
    lo_w, hi_w = step.envelope_w
    assert lo_w < -1000 and hi_w == 0, "too empty to discharge, free to charge"
    decision = ems.Decision(ems.SelfConsumption(), ems.Setpoint(lease_max_s=60))
    out = decision.step(step.envelope_w, 0, pcc_power_w=0, battery_power_w=0, setpoint=ems.SetpointCommand(3000, given_at_s=0, lease_s=60))
    assert out.target_w == 0, "what does not fit gives 0 W, never the opposite sign"
    assert out.explanation["conflicts"][0]["policy"] == "setpoint" and out.explanation["conflicts"][0]["bound_by"] == "safety"
    left = [level["after_w"] for level in out.explanation["levels"]]
    assert all(outer[0] <= inner[0] <= inner[1] <= outer[1] for outer, inner in zip(left, left[1:])), "each level narrows the one above"


def test_f_d_the_safety_tick_needs_no_optimiser(site):
    """Safety ran inside the optimiser's cycle of minutes: without a plan, or with a slow one, nobody looked at the cells."""
    assert next(policy for policy in why(site)["policies"] if policy["policy"] == "plan")["status"] == "no_demand"
    assert any(alarm["name"] == "plan_file_bad" for alarm in json.loads(site.ctl("alarms", "--json").stdout))
    site.ctl("setpoint", "--power-w", "-2000", "--lease-s", "60", "--name", "Ada Example")
    wait_for("it charges", lambda: truth(site.folder)[-1]["battery_ac_w"] < -1500, 15)
    site.sim("cell 3 =3610mv for 15")
    wait_for("charging is forbidden", lambda: site.status()["safety"]["envelope"]["lo_w"] == 0, 3)
    wait_for("and ends", lambda: truth(site.folder)[-1]["battery_ac_w"] > -20, 3)


def test_f_e_everything_is_wired_from_the_plant_to_the_server_and_back(site):
    """Safety manager, sync and alarms were written, tested alone, and called by nobody."""
    site.start_server()
    wait_for("the server has it", lambda: site.status()["mode"] == "online", RECONNECT_S)
    done = site.ctl("fleet", "--server", f"127.0.0.1:{site.server_port}", "--ca", "pki/ca.crt", "--certificate", "pki/user.crt", "--key",
                    "pki/user.key", "command", "setpoint", "--power-w", "700", "--lease-s", "60", "--agent", AGENT, check=False)
    assert done.returncode == 0, done.stderr
    wait_for("down: the plant does it", lambda: abs(truth(site.folder)[-1]["battery_ac_w"] - 700) < 50, 10)
    site.sim("cell 3 =3610mv for 20")
    wait_for("up: the cell's alarm is at the server", lambda: "cell_overvoltage" in json.dumps(site.fleet("alarms", "--agent", AGENT)), 15)


def test_f_f_commands_have_an_id_a_time_to_live_an_acknowledgement_and_act_once(site):
    """A command was {command, params}: no id, no lifetime, no answer; what a broker sent twice or late acted twice or late."""
    site.start_server()
    wait_for("the server has it", lambda: site.status()["mode"] == "online", RECONNECT_S)
    contract = Contract()
    channel = identity(site, "user")

    def send(**more):
        return contract.call(channel, "ems.v1.FleetService", "SendCommand", agent=AGENT, **more)

    def book(command_id):
        return [entry for entry in json.loads(site.ctl("commands", "--json").stdout) if entry["command_id"] == command_id]

    action = {"set_setpoint": {"power_w": 400, "lease": {"seconds": 2}}}
    first = send(ttl={"seconds": 30}, action=action)
    wait_for("acknowledged, executing, ended with its lease", lambda: [e["state"] for e in book(first.command_id)] == ["done"], 15)
    again = send(ttl={"seconds": 30}, action=action, command_id=first.command_id)
    assert again.command_id == first.command_id
    time.sleep(1)
    assert [e["state"] for e in book(first.command_id)] == ["done"], "sent twice, acted once"
    assert why(site)["winner"] != "remote_setpoint"


def test_f_g_nothing_leaves_the_buffer_before_the_server_acknowledged_it(site):
    """A row was deleted when it was sent, and a full queue dropped alarms for telemetry."""
    wait_for("rows without a server", lambda: site.status()["rows"]["telemetry"]["pending"] > 5, 15)
    rows = site.status()["rows"]
    assert rows["telemetry"]["acknowledged"] == 0 and rows["audit"]["acknowledged"] == 0
    site.kill("agent")
    site.start_agent()
    kept = site.status()["rows"]
    assert kept["telemetry"]["pending"] >= rows["telemetry"]["pending"] and kept["audit"]["pending"] >= rows["audit"]["pending"]
    site.start_server()
    pending = rows["telemetry"]["pending"]
    wait_for("acknowledged by stream", lambda: (now := site.status()["rows"])["telemetry"]["acknowledged"] >= pending
             and now["audit"]["acknowledged"] > 0, RECONNECT_S)
    after = site.status()["rows"]
    assert all(after[name]["evicted"] == 0 for name in after)


def test_f_h_signals_metrics_and_docs_come_from_one_catalogue():
    """Docs, dashboards and code each had their own list of names, and they had drifted apart."""
    signals = re.findall(r"^EMS_SIGNAL\((\w+),", (ROOT / "libems/include/ems/model/signals.def").read_text(), re.M)
    page = (ROOT / "docs/reference/catalogue.md").read_text()
    assert len(signals) > 60 and len(ems.catalogue()) == len(signals)
    assert all(f"| {row['name']} |" in page.replace("`", "") for row in ems.catalogue())
    metrics = re.findall(r"^EMS_METRIC\((\w+),", (ROOT / "libems/include/ems/io/metrics.def").read_text(), re.M)
    documented = (ROOT / "docs/reference/metrics.md").read_text()
    assert len(metrics) > 20 and all(f"ems_{name}" in documented for name in metrics)
    policies = re.findall(r"^EMS_POLICY\((\w+), \d+, \w+, \d+, \w+,", (ROOT / "libems/include/ems/decision/policies.def").read_text(), re.M)
    reference = (ROOT / "docs/reference/policies.md").read_text()
    assert len(policies) == 20 and all(name in reference for name in policies)


def test_f_i_numbers_are_measured_or_absent():
    """A decision carried `confidence: 0.95`, an unknown SoH was 100, and an "accuracy" was a literal in the code."""
    step = ems.Decision(ems.SelfConsumption()).step((-5000, 5000), 0)
    assert step.explanation["net_load_w"] is None, "unknown is not a number"
    contract = "".join(path.read_text() for path in (ROOT / "libems/proto").rglob("*.proto"))
    code = "".join(path.read_text() for path in (ROOT / "libems/include").rglob("*.hpp"))
    for text in (contract, code, json.dumps(step.explanation)):
        assert not re.search(r"\b(confidence|accuracy)\b\s*[=:]", text), "nothing claims a confidence"
    assert "message Sample" not in contract or "optional" in contract
    _, safe, _ = settled(healthy(soc_pct=None))
    assert all(reason.value is None for reason in safe.reasons if reason.cause == "missing")


def test_f_j_parsers_are_fuzzed_and_tests_run_the_real_classes():
    """Tests checked mocks of the classes they were named after, and no parser had met a random byte."""
    fuzzers = set(re.findall(r"^ems_fuzz\((\w+)", (ROOT / "tests/fuzz/CMakeLists.txt").read_text(), re.M))
    parsers = {"jbd", "modbus", "can_lv", "candump", "block", "event_record", "config", "pack", "latch", "decimal", "names"}
    assert parsers | {"gate"} <= fuzzers
    assert all((ROOT / f"tests/fuzz/fuzz_{name}.cpp").exists() for name in fuzzers)
    mocks = [path.name for folder in ("unit", "property", "conformance", "fault") for path in (ROOT / "tests" / folder).rglob("*.cpp")
             if "MOCK_METHOD" in path.read_text()]
    assert mocks == [], "no test talks to a mock"


# ---- the rules that DESIGN overrules -----------------------------------------------------------------------------------------------


def test_every_violation_is_found_not_the_first_only():
    """Their safety manager stopped at its first hit: a full, cold battery was only full."""
    _, step, _ = settled(healthy(soc_pct=99, temperatures_degc=[-11, -11]))
    found = {reason.rule for reason in step.reasons if reason.cause == "exceeded"}
    assert {"soc_high", "charge_undertemperature", "discharge_undertemperature"} <= found and step.envelope_w == (0, 0)


def test_a_value_at_its_limit_is_over_it():
    """Comparisons were strict: 98.00 % was still fine for charging at `> 98`."""
    safety, step, now = settled()
    for soc_pct in (57, 66, 75, 84, 90, 97):
        step, now = safety.step(healthy(soc_pct=soc_pct), now), now + 1
    assert safety.step(healthy(soc_pct="97.99"), now).envelope_w[0] < 0
    assert safety.step(healthy(soc_pct=98), now + 1).envelope_w[0] == 0


def test_a_setpoint_of_0_holds_only_while_its_lease_lives():
    """A fresh set-point of the cloud won even when it said idle, and its lifetime was checked elsewhere or not at all."""
    decision = ems.Decision(ems.ImportLimit(1000, hold_s=5), ems.Setpoint(lease_max_s=60), ems.SelfConsumption())
    idle = ems.SetpointCommand(0, given_at_s=0, lease_s=30)
    at_work = decision.step((-5000, 5000), 0, pcc_power_w=3000, battery_power_w=0, setpoint=idle)
    assert at_work.target_w == 2000 and at_work.explanation["conflicts"][0]["bound_by"] == "import_limit", "a limit goes first"
    rest = decision.step((-5000, 5000), 1, pcc_power_w=500, battery_power_w=0, setpoint=idle)
    assert (rest.target_w, rest.winner) == (0, "setpoint"), "a person's 0 W is a wish like any other"
    assert decision.step((-5000, 5000), 30, pcc_power_w=500, battery_power_w=0, setpoint=idle).winner == "self_consumption"


def test_safe_is_before_every_level_and_holds_no_state_of_charge():
    """SAFE_MODE was tested after grid code and the cloud's set-point, any command left it, and it moved 10 kW to hold 20..80 %."""
    safety, _, now = settled()
    step = safety.step(healthy(temperatures_degc=None), now)
    decision = ems.Decision(ems.Setpoint(lease_max_s=60), ems.ComfortBand(power_w=5000, restore_w=5000))
    wish = ems.SetpointCommand(3000, given_at_s=0, lease_s=60)
    out = decision.step(step.envelope_w, 0, soc_pct=5, soc_min_pct=5, soc_max_pct=5, setpoint=wish)
    assert step.state == "safe" and out.target_w == 0
    gated = safety.gate(1, p_w=3000)
    assert gated.command == "follow" and gated.p_w == 0 and gated.changed, "whatever reaches the gate"
    for later in range(now + 1, now + 4):
        assert safety.step(healthy(), later).state != "normal", "it is left by good health shown, not by a command"


def test_a_limit_that_ends_is_what_the_site_file_says_never_unlimited():
    """An expired limit simply disappeared, so losing the grid operator's line meant full power."""
    policy = ems.ActivePowerLimit(fallback_discharge_max_w=1500, fallback_charge_max_w=1500, lease_max_s=60)
    decision = ems.Decision(policy, ems.Setpoint(lease_max_s=600))
    wish = ems.SetpointCommand(4000, given_at_s=0, lease_s=600)
    limit = ems.LimitCommand(discharge_max_w=3000, given_at_s=0, lease_s=10)
    assert decision.step((-5000, 5000), 1, setpoint=wish, active_power_limit=limit).target_w == 3000
    assert decision.step((-5000, 5000), 10, setpoint=wish, active_power_limit=limit).target_w == 1500
