# SPDX-License-Identifier: Apache-2.0
"""An alarm of the simulated plant: raised, seen at the site and on the server, acknowledged from the server, cleared, remembered."""
import json

from support.harness import wait_for

AGENT = "demo/gateway-1"


def alarms(site) -> dict[str, dict]:
    return {alarm["name"]: alarm for alarm in json.loads(site.ctl("alarms", "--json").stdout)}


def history(site, name: str) -> list[dict]:
    return [row for row in json.loads(site.ctl("alarms", "--history", "--json").stdout) if row["alarm"]["name"] == name]


def on_server(site) -> dict[str, dict]:
    return {alarm["name"]: alarm for alarm in site.fleet("alarms", "--agent", AGENT)}


def test_an_alarm_lives_at_the_site_and_on_the_server(install):
    site = install()
    site.start_server()
    site.start_sim("--load-w", "500", "--load-step-w", "0", "--load-evening-w", "0", "--pv-w", "0", "--start-hour", "12")
    site.start_agent()
    wait_for("the site is healthy", lambda: site.status()["safety"]["state"] == "normal", 30)
    assert "cell_overvoltage" not in alarms(site)

    site.sim("cell 3 =3700mv for 5")
    raised = wait_for("the alarm", lambda: alarms(site).get("cell_overvoltage"), 6)
    assert raised["state"] == "unacknowledged" and raised["priority"] == "P2" and raised["asset"] == "battery/1"
    assert raised["value"] >= 3.65 and raised["signal"] == "cell_voltages_v"
    assert site.status()["alarms"]["active"] >= 1
    text = site.ctl("alarms").stdout
    assert "cell_overvoltage" in text and "P2" in text
    there = wait_for("the server has it", lambda: on_server(site).get("cell_overvoltage"), 10)
    assert there["id"] == raised["id"] and there["state"] == "unacknowledged"

    # Acknowledged on the server by its user; the site has it, with who said so.
    site.fleet_lines("ack", "--agent", AGENT, "--alarm", str(raised["id"]), "--comment", "seen from the control room")
    seen = alarms(site)["cell_overvoltage"]
    assert seen["state"] == "acknowledged" and seen["acknowledged_by"] == "user:ada"
    wait_for("the server hears of it", lambda: on_server(site)["cell_overvoltage"]["state"] == "acknowledged", 10)
    nobody = site.ctl("alarms", "ack", "9999", "--name", "Ada Example", check=False)
    assert nobody.returncode == 1 and "not_found" in nobody.stderr

    # Seen and gone is normal; every step is a row.
    wait_for("it is gone", lambda: "cell_overvoltage" not in alarms(site), 30)
    rows = history(site, "cell_overvoltage")
    assert [row["transition"] for row in rows] == ["raised", "acknowledged", "cleared"]
    assert rows[1]["actor"] == "user:ada" and rows[1]["text"] == "seen from the control room"
    wait_for("gone on the server too", lambda: "cell_overvoltage" not in on_server(site), 10)

    # A trip: shelved it is out of the counts, and kill -9 forgets neither.
    site.ctl("estop", "--name", "Ada Example")
    trip = wait_for("the trip's alarm", lambda: next((alarm for alarm in alarms(site).values() if alarm["priority"] == "P1"), None), 5)
    site.ctl("alarms", "ack", str(trip["id"]), "--name", "Ada Example", "--comment", "it was me")
    assert "--reason" in site.ctl("alarms", "shelve", str(trip["id"]), "--for-s", "600", "--name", "Ada Example", check=False).stderr
    site.ctl("alarms", "shelve", str(trip["id"]), "--for-s", "600", "--reason", "test", "--name", "Ada Example")
    wait_for("it is stored", lambda: history(site, trip["name"])[-1]["transition"] == "shelved", 5)
    site.kill("agent")
    site.start_agent()
    kept = wait_for("the alarm is back", lambda: alarms(site).get(trip["name"]), 10)
    assert kept["id"] == trip["id"] and kept["acknowledged_by"] == "Ada Example" and "shelved_until" in kept
    assert kept["state"] == "acknowledged", "no new occurrence: it was seen before the restart"
