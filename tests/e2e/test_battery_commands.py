# SPDX-License-Identifier: Apache-2.0
"""Commands to a battery, over its serial line: done only when the battery itself says so, and a reason when it is not."""
import json
import re
import subprocess

import pytest

from support.harness import wait_for
from support.plant import truth

OFF = ("--charge", "off", "--discharge", "off")
ON = ("--charge", "on", "--discharge", "on")
WHO = ("--name", "Ada Example")
LIMITS = ("--charge-voltage-v", "56", "--discharge-voltage-v", "46", "--charge-current-a", "50", "--discharge-current-a", "50", "--lease-s", "60")


@pytest.fixture
def site(install):
    site = install()
    site.start_sim("--log", "truth.csv", "--load-w", "500", "--load-step-w", "0", "--load-evening-w", "0", "--pv-w", "0", "--start-hour",
                   "12")
    site.start_agent()
    wait_for("the site is healthy", lambda: site.status()["safety"]["state"] == "normal", 30)
    return site


def switch(site, *arguments: str):
    return site.ctl("battery", "switch", *arguments, *WHO, check=False, timeout_s=40)


def outputs(site) -> tuple:
    values = site.status()["assets"]["battery/1"]["values"]
    return values["charge_fet_on"], values["discharge_fet_on"]


def newest(site) -> dict:
    commands = json.loads(site.ctl("commands", "--json").stdout)
    return commands[0] if commands else {"state": None}


def test_outputs_are_off_when_the_battery_says_so_and_safety_sees_it(site):
    done = switch(site, "1", "--charge", "off", "--discharge", "on")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "battery 1: charge off, discharge on; read back; it stays so until the next order"
    last = truth(site.folder)[-1]
    assert (last["charge_on"], last["discharge_on"]) == (0, 1), "the plant has it"
    assert outputs(site) == (False, True)
    envelope = wait_for("safety forbids charging", lambda: (e := site.status()["safety"]["envelope"])["lo_w"] >= 0 and e, 5)
    assert envelope["hi_w"] > 0, "discharging goes on"
    assert {"bms_charge_off"} <= {reason["name"] for reason in site.status()["safety"]["reasons"]}
    entry = newest(site)
    assert (entry["kind"], entry["state"], entry["actor"], entry["message"]) == ("battery_switch", "done", "Ada Example", "read back")

    again = json.loads(switch(site, "1", *ON, "--json", "--id", "on-1").stdout)
    assert (again["state"], again["message"]) == ("done", "read back")
    wait_for("charging is allowed again", lambda: site.status()["safety"]["envelope"]["lo_w"] < 0, 40)
    # A repeated id is the first one; an id for something else is refused.
    assert json.loads(switch(site, "1", *ON, "--json", "--id", "on-1").stdout) == again
    assert "already_exists" in switch(site, "1", *OFF, "--id", "on-1").stderr
    assert outputs(site) == (True, True)


def test_a_battery_that_goes_silent_before_it_answers_is_a_failure_with_a_reason(site):
    site.sim("fault battery silence 6")
    failed = switch(site, "1", *OFF)
    assert failed.returncode == 1 and "emsctl: battery switch: " in failed.stderr, failed
    assert "not acknowledged" in failed.stderr or "unavailable" in failed.stderr, failed.stderr
    assert truth(site.folder)[-1]["charge_on"] == 1
    wait_for("that shows", lambda: not site.status()["links"][0]["online"], 20)
    wait_for("it answers again", lambda: site.status()["links"][0]["online"], 40)
    assert outputs(site) == (True, True), "and what failed is not sent later"
    assert switch(site, "1", *OFF).returncode == 0


def test_a_line_that_is_unplugged_between_order_and_answer_fails_it(site):
    site.sim("fault battery silence 30")
    asked = subprocess.Popen([site.bin / "emsctl", "battery", "switch", "1", *OFF, *WHO], cwd=site.folder, stderr=subprocess.PIPE, text=True)
    wait_for("it is sent", lambda: newest(site)["state"] in ("executing", "failed"), 10, every_s=0.02)
    site.kill("sim")
    _, error = asked.communicate(timeout=20)
    assert asked.returncode == 1 and re.search("not (acknowledged|sent): ", error), error
    assert newest(site)["state"] == "failed"


def test_a_trip_withdraws_an_order_that_would_switch_on(install):
    site = install()
    site.write("site.yaml", (site.folder / "site.yaml").read_text().replace("reply_timeout_s: 0.3", "reply_timeout_s: 4.0"))
    site.start_sim("--log", "truth.csv")
    site.start_agent()
    wait_for("the battery answers", lambda: site.status()["links"][0]["online"], 20)
    assert switch(site, "1", *OFF).returncode == 0
    site.sim("fault battery silence 60")
    asked = subprocess.Popen([site.bin / "emsctl", "battery", "switch", "1", *ON, *WHO], cwd=site.folder, stderr=subprocess.PIPE, text=True)
    wait_for("it is taken", lambda: newest(site)["state"] in ("accepted", "executing"), 10, every_s=0.02)
    site.ctl("estop", *WHO)
    _, error = asked.communicate(timeout=20)
    assert asked.returncode == 1 and "a trip was latched meanwhile" in error, error


def test_what_cannot_be_is_refused_at_once(site):
    def refusal(*arguments: str) -> str:
        done = site.ctl("battery", *arguments, *WHO, check=False)
        assert done.returncode == 1, done
        return done.stderr.strip()

    assert refusal("switch", "7", *OFF) == "emsctl: battery switch: not_found: the site has no such battery"
    assert refusal("limits", "1", *LIMITS) == "emsctl: battery limits: unimplemented: the protocol cannot set limits"
    assert refusal("balance", "1", "on") == "emsctl: battery balance: unimplemented: the protocol cannot switch balancing"
    far = tuple("101" if word == "50" else word for word in LIMITS)
    assert refusal("limits", "1", *far) == "emsctl: battery limits: out_of_range: beyond the battery's charge_current_max_a"
    assert site.ctl("battery", "switch", "1", "--charge", "off", *WHO, check=False).returncode == 2, "both outputs are said"

    site.ctl("estop", *WHO)
    wait_for("tripped", lambda: site.status()["safety"]["state"] == "tripped", 5)
    assert "latched" in refusal("switch", "1", *ON)
    off = switch(site, "1", *OFF)
    assert off.returncode == 0, (off.stderr, "off is always taken")
    assert outputs(site) == (False, False)


def test_a_disarmed_site_sends_nothing(install):
    site = install(control="disarmed")
    site.start_sim("--log", "truth.csv")
    site.start_agent()
    wait_for("the battery answers", lambda: site.status()["links"][0]["online"], 20)
    refused = switch(site, "1", *OFF)
    assert refused.returncode == 1 and "disarmed" in refused.stderr
    assert truth(site.folder)[-1]["charge_on"] == 1
