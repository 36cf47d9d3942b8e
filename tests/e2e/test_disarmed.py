# SPDX-License-Identifier: Apache-2.0
"""Nothing is ever written to an inverter of a site that is not armed, or whose limits nobody accepted; and the status says why."""
import pytest

from support.harness import LIMITS_YAML, wait_for
from support.plant import now_s, truth

WATCHED_S = 9.0  # Rules open 5 s after good inputs: an armed site acts well within this (the last test proves it).
SIM = ("--log", "truth.csv", "--load-w", "3000", "--load-step-w", "0", "--load-evening-w", "0", "--pv-w", "0")


def disarmed(install):
    return install(control="disarmed"), {"armed": False, "limits_accepted": True}, "disarmed"


def never_accepted(install):
    return install(accept=False), {"armed": True, "limits_accepted": False}, "accept"


def changed_afterwards(install):
    site = install()
    assert "charge_current_max_a: 100.0" in LIMITS_YAML
    site.write("limits.yaml", LIMITS_YAML.replace("charge_current_max_a: 100.0", "charge_current_max_a: 99.0", 1))
    return site, {"armed": True, "limits_accepted": False}, "changed"


@pytest.mark.parametrize("case", [disarmed, never_accepted, changed_afterwards])
def test_no_register_is_written(install, case):
    site, expected, word = case(install)
    site.start_sim(*SIM)
    site.start_agent()
    wait_for("the site is watched for a while", lambda: now_s(site.folder) > WATCHED_S, 30)
    status = site.status()
    assert {key: status["safety"][key] for key in expected} == expected
    # It monitors: everything is read.
    assert all(link["online"] for link in status["links"])
    assert status["assets"]["battery/1"]["values"]["pack_voltage_v"] > 50
    # It commands nothing, and nobody can make it.
    inverter = status["assets"]["inverter/1"]["values"]
    assert inverter["power_setpoint_enabled"] is False and inverter["active_power_w"] == 0
    refused = site.ctl("setpoint", "--power-w", "500", "--lease-s", "5", "--name", "Ada Example", check=False)
    assert refused.returncode == 1 and "not armed" in refused.stderr, refused.stderr
    site.ctl("estop", "--name", "Ada Example", "--reason", "test")
    said = site.ctl("status").stdout
    assert ("disarmed" if word == "disarmed" else "limits NOT accepted") in said
    assert site.stop("agent") == 0
    rows = truth(site.folder)
    assert len(rows) > 80
    for name in ("setpoint_enabled", "setpoint_w", "battery_ac_w", "revert_remaining_s"):
        assert {row[name] for row in rows} <= {0.0, -0.0}, f"{name} moved"
    # The log and `limits show` say why in words.
    assert "monitor_only" in site.log("agent", 200) and word in site.log("agent", 200)
    shown = site.ctl("limits", "show", "--config", "site.yaml", check=False)
    assert "monitor only" in shown.stdout and word in shown.stdout


def test_the_same_site_acts_when_armed_and_accepted(install):
    site = install()
    site.start_sim(*SIM)
    site.start_agent()
    wait_for("an order is written", lambda: truth(site.folder)[-1]["setpoint_enabled"] == 1, WATCHED_S)
    wait_for("it discharges", lambda: truth(site.folder)[-1]["battery_ac_w"] > 500, WATCHED_S)
    assert now_s(site.folder) < WATCHED_S
