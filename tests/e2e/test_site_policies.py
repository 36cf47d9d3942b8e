# SPDX-License-Identifier: Apache-2.0
"""Policies of several levels in one site file, a schedule that is replaced while the agent runs, and the past explained."""
import json
from datetime import datetime, timedelta, timezone

from support.harness import Installation, wait_for
from support.plant import truth

POLICIES = """\
timezone: Europe/Berlin
policies:
  active_power_limit: {discharge_max_w: 3500, charge_max_w: 5000}
  ramp: {up_w_per_s: 20000, down_w_per_s: 20000}
  dimming: {failsafe_w: 1000, failsafe_min_s: 60, protective_w: 1000}
  import_limit: {limit_w: 8000}
  demand_limit: {limit_w: 6000, import_max_w: 8000}
  setpoint: {lease_max_s: 3600}
  schedule: {file: schedule.yaml}
  time_of_use: {windows: [{from: "00:00", to: "24:00", action: hold}]}
  self_consumption: {deadband_w: 50}
  comfort_band: {soc_min_pct: 10, soc_max_pct: 95}
"""


def utc(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def entries(*rows: tuple[datetime, datetime, int]) -> str:
    return "entries:\n" + "".join(f"  - {{from: {utc(start)}, to: {utc(end)}, power_w: {power_w}}}\n" for start, end, power_w in rows)


def replace(site: Installation, name: str, text: str) -> None:
    """As a whole, as docs/how-to/configure-policies.md asks for."""
    site.write(name + ".new", text).rename(site.folder / name)


def why(site: Installation, *arguments: str) -> dict:
    return json.loads(site.ctl("why", "--json", *arguments).stdout)


def battery_w(site: Installation) -> float:
    return truth(site.folder)[-1]["battery_ac_w"]


def test_policies_of_several_levels_and_the_past_explained(install):
    site = install()
    text = (site.folder / "site.yaml").read_text()
    site.write("site.yaml", text[:text.index("policies:")] + POLICIES)
    now = datetime.now(timezone.utc)
    hour = timedelta(hours=1)
    site.write("schedule.yaml", entries((now - hour, now + hour, 2000)))
    checked = site.ctl("config", "check", "site.yaml").stdout
    assert "declared reaction time: 3.2 s" in checked  # The policy's ramp is faster than the inverter's own.
    assert "entries: 1" in site.ctl("config", "check", "schedule.yaml", "--type", "schedule").stdout

    site.start_sim("--log", "truth.csv", "--load-w", "1000", "--load-step-w", "0", "--load-evening-w", "0", "--pv-w", "0",
                   "--start-hour", "12", "--soc-pct", "60", "--dead-time-s", "0.5", "--ramp-w-per-s", "5000")
    site.start_agent()
    wait_for("it follows the schedule", lambda: abs(battery_w(site) - 2000) < 60, 30)
    decision = why(site)
    moment = decision["at"]
    assert decision["winner"] == "schedule" and decision["orders"][0]["p_w"] == 2000
    policies = {policy["policy"]: policy for policy in decision["policies"]}
    assert len(policies) == 10 and policies["active_power_limit"]["source"] == "configured"
    assert policies["dimming"]["source"] in ("failsafe", "fallback") and policies["dimming"]["constraint"]["lo_w"] == -1000
    inputs = {item["name"]: item for item in decision["inputs"]}
    assert 2700 < -inputs["pcc_power"]["value_w"] + 3700 < 4800 and inputs["pcc_power"]["asset"] == "meter/1", inputs["pcc_power"]
    assert inputs["soc_min"]["usable"] and 55 < inputs["soc_min"]["value_pct"] <= 60
    bounds = {bound["side"]: bound for bound in decision["bounds"]}
    assert bounds["discharge"]["name"] in ("current_limit", "rated_power") and bounds["discharge"]["power_w"] > 3500
    words = site.ctl("why").stdout.splitlines()
    assert 6 <= len(words) <= 12 and "discharging 2.0 kW, decided by schedule" in words[0], words

    # A person wants to charge with 3 kW; nobody has dimmed, so the failsafe value holds.
    site.ctl("setpoint", "--power-w", "-3000", "--lease-s", "60", "--name", "Ada Example")
    wait_for("it charges with what dimming leaves", lambda: abs(battery_w(site) + 1000) < 60, 15)
    decision = why(site)
    conflict = next(item for item in decision["conflicts"] if item["policy"] == "setpoint")
    assert conflict == {"level": "contractual", "policy": "setpoint", "shortfall_w": 2000, "bound_by": "dimming"}
    lease = next(item for item in decision["commands"] if item["policy"] == "setpoint")
    assert lease["actor"] == "Ada Example" and lease["id"] and 0 < lease["left_s"] <= 60
    site.ctl("setpoint", "--clear", "--name", "Ada Example")

    # A broken new schedule changes nothing but raises an alarm; a sound one takes its place.
    replace(site, "schedule.yaml", "entries: [{from: soon, to: 2026-01-01T00:00:00Z, power_w: 1}]\n")
    wait_for("the alarm", lambda: "schedule_file_bad" in site.ctl("alarms").stdout, 10)
    assert "schedule.yaml line=1 column=18" in site.log("agent", 100)
    wait_for("still the old one", lambda: abs(battery_w(site) - 2000) < 60, 15)
    replace(site, "schedule.yaml", entries((now - hour, now + hour, 4000)))
    wait_for("the new one, cut by the grid operator's limit", lambda: abs(battery_w(site) - 3500) < 60, 15)
    assert why(site)["conflicts"][0] == {"level": "contractual", "policy": "schedule", "shortfall_w": 500, "bound_by": "active_power_limit"}

    past = why(site, "--at", moment)
    assert past["winner"] == "schedule" and past["target_w"] == 2000 and past["asked"] == moment
    told = site.ctl("why", "--at", moment).stdout
    assert "in force until then" in told and "decided by schedule" in told, told
    early = site.ctl("why", "--at", utc(now - hour), check=False)
    assert early.returncode == 1 and "the earliest was made at " + now.strftime("%Y-%m-%dT") in early.stderr, early
