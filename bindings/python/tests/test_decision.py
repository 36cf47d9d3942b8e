# SPDX-License-Identifier: Apache-2.0
"""The decision from Python: targets, explanations, what is unknown."""
import json

import pytest

import ems
from ems import errors

WIDE = (-5000, 5000)


def test_self_consumption_feeds_the_load():
    decision = ems.Decision(ems.SelfConsumption(target_w=0, deadband_w=50))
    step = decision.step(WIDE, 0, pcc_power_w=2000, battery_power_w=0)
    assert step.target_w == 1950 and step.winner == "self_consumption" and step.runner_up is None
    assert "self_consumption" in step.text
    assert step.explanation["net_load_w"] == 2000
    json.dumps(step.explanation)  # It is data.


def test_safety_comes_first_and_says_so():
    decision = ems.Decision(ems.SelfConsumption())
    step = decision.step((-5000, 300), 0, pcc_power_w=2000, battery_power_w=0)
    assert step.target_w == 300 and step.winner == "self_consumption" and step.runner_up == "self_consumption"
    levels = {level["level"]: level for level in step.explanation["levels"]}
    assert list(levels) == ["safety", "grid_code", "contractual", "economic", "longevity"]
    assert levels["safety"]["before_w"] == (-5000, 300) and levels["longevity"]["after_w"] == (300, 300)
    assert step.explanation["conflicts"] == [{
        "policy": "self_consumption", "level": "economic", "kind": "preference", "bound_by": "safety", "shortfall_w": 1650,
        "against_itself_w": 0}]


def test_a_setpoint_goes_before_self_consumption_while_its_lease_lives():
    decision = ems.Decision(ems.SelfConsumption(), ems.Setpoint(lease_max_s=60))
    command = ems.SetpointCommand(-1500, given_at_s=0, lease_s=3600, actor="Ada")
    step = decision.step(WIDE, 1, pcc_power_w=500, battery_power_w=0, setpoint=command)
    assert (step.target_w, step.winner, step.runner_up) == (-1500, "setpoint", "self_consumption")
    assert step.explanation["setpoint"]["actor"] == "Ada" and step.explanation["setpoint"]["lease_left_s"] == 59.0
    assert decision.step(WIDE, 60, pcc_power_w=500, battery_power_w=0, setpoint=command).winner == "self_consumption"
    with pytest.raises(errors.LengthError):
        decision.step(WIDE, 61, setpoint=command._replace(actor="x" * 49))


@pytest.mark.parametrize("missing", [{"pcc_power_w": None, "battery_power_w": 0}, {"pcc_power_w": 100, "battery_power_w": None}, {}])
def test_unknown_power_abstains_or_falls_back(missing):
    decision = ems.Decision(ems.SelfConsumption(), ems.ImportLimit(1000, hold_s=5))
    step = decision.step(WIDE, 0, **missing)
    status = {policy["policy"]: policy["status"] for policy in step.explanation["policies"]}
    assert step.target_w == 0 and step.explanation["net_load_w"] is None
    assert status["self_consumption"] == "stale" and status["import_limit"] in ("holding", "fallback")


def test_an_old_power_is_stale_and_a_new_one_is_not():
    decision = ems.Decision(ems.SelfConsumption(), stale_after_s=3)
    decision.step(WIDE, 0, pcc_power_w=2000, battery_power_w=0)
    assert decision.step(WIDE, 2, battery_power_w=0).target_w == 1950
    ages = {row["input"]: row for row in decision.step(WIDE, 3).explanation["inputs"]}
    assert ages["pcc_power"]["usable"] is False and ages["pcc_power"]["age_s"] == 3.0
    assert decision.step(WIDE, 4, pcc_power_w=1000, battery_power_w=0).target_w == 950


def test_an_import_limit_holds_what_was_gated_on_stale_input():
    decision = ems.Decision(ems.ImportLimit(1000, hold_s=10))
    assert decision.step(WIDE, 0, pcc_power_w=3000, battery_power_w=0).target_w == 2000
    step = decision.step(WIDE, 1, pcc_power_w=None, gated_w=2000)
    assert step.target_w == 2000 and step.explanation["policies"][0]["status"] == "holding"
    assert decision.step(WIDE, 20, gated_w=2000).target_w == 0


def test_nobody_wants_anything():
    step = ems.Decision().step(WIDE, 0)
    assert (step.target_w, step.winner) == (0, None)


def test_wrong_input_is_refused():
    with pytest.raises(errors.InvalidArgumentError):
        ems.Decision().step((1, -1), 0)
    with pytest.raises(errors.OutOfRangeError):
        ems.Decision().step((-(10**12), 0), 0)
    with pytest.raises(errors.OutOfRangeError):
        ems.Decision(ems.ImportLimit(-1))
    with pytest.raises(errors.OutOfRangeError):
        ems.Decision(stale_after_s=0)
    with pytest.raises(errors.OffGridError):
        ems.Decision(ems.ImportLimit("0.5"))
    with pytest.raises(ValueError):
        ems.Decision(ems.ImportLimit(1), ems.ImportLimit(2))
    decision = ems.Decision()
    decision.step(WIDE, 5)
    with pytest.raises(errors.InvalidArgumentError):
        decision.step(WIDE, 4)


def test_safety_and_decision_make_a_loop():
    """The way of a command: envelope, target, gate; as runtime::ControlLoop pipes them."""
    from test_safety import healthy, kernel

    safety, decision, gated = kernel(), ems.Decision(ems.SelfConsumption()), None
    for now in range(40):
        allowed = safety.step(healthy(), now)
        step = decision.step(allowed.envelope_w, now, pcc_power_w=1500, battery_power_w=0, gated_w=gated)
        result = safety.gate(1, p_w=step.target_w)
        gated = result.p_w
        assert not result.changed or result.command != "follow"
    assert gated == 1450


def test_what_is_no_policy_is_refused():
    with pytest.raises(errors.WrongTypeError, match="1000"):
        ems.Decision(1000)
