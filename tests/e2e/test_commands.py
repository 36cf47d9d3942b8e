# SPDX-License-Identifier: Apache-2.0
"""Commands from the server and from a person at the site, followed to their end; and the mode of a site that loses its server."""
import json
import subprocess
import time

import pytest

from support.grpc_client import Contract, identity
from support.harness import RECONNECT_S, wait_for
from support.plant import truth

FLEET = "ems.v1.FleetService"
AGENT = "demo/gateway-1"
AUTONOMOUS_AFTER_S = 2
LATENCY_S = 2.0  # Server, agent, inverter and back, as promised.

POLICIES = """\
  remote_setpoint: {lease_max_s: 3600}
  active_power_limit: {lease_max_s: 3600, fallback: {charge_max_w: 4000, discharge_max_w: 5000}}
"""


@pytest.fixture
def contract() -> Contract:
    return Contract()


@pytest.fixture
def site(install):
    site = install()
    text = (site.folder / "site.yaml").read_text().replace("tick_s: 0.1\n", f"tick_s: 0.1\nautonomous_after_s: {AUTONOMOUS_AFTER_S}\n")
    site.write("site.yaml", text + POLICIES)
    site.start_server()
    site.start_sim("--log", "truth.csv", "--load-w", "500", "--load-step-w", "0", "--load-evening-w", "0", "--pv-w", "0", "--start-hour",
                   "12")
    site.start_agent()
    wait_for("the site is healthy", lambda: site.status()["safety"]["state"] == "normal", 30)
    wait_for("the server has it", lambda: site.status()["mode"] == "online", RECONNECT_S)
    return site


def command(site, *arguments: str, check: bool = True) -> list[dict]:
    """`emsctl fleet command ... --wait`: every state until it ends."""
    done = fleet_ctl(site, "command", *arguments, "--agent", AGENT, "--wait")
    states = [json.loads(line) for line in done.stdout.splitlines()]
    if check:
        assert done.returncode == 0, (states, done.stderr)
    return states


def fleet_ctl(site, *arguments: str) -> subprocess.CompletedProcess:
    return site.ctl("fleet", "--server", f"127.0.0.1:{site.server_port}", "--ca", "pki/ca.crt", "--certificate", "pki/user.crt", "--key",
                    "pki/user.key", *arguments, check=False, timeout_s=30)


def names(states: list[dict]) -> list[str]:
    return [state["state"] for state in states]


def in_book(site, command_id: str) -> dict | None:
    book = json.loads(site.ctl("commands", "--json").stdout)
    found = [entry for entry in book if entry["command_id"] == command_id]
    assert len(found) <= 1, "an id acts once"
    return found[0] if found else None


def setpoint_action(power_w: int, lease_s: int) -> dict:
    return {"set_setpoint": {"power_w": power_w, "lease": {"seconds": lease_s}}}


def test_a_command_goes_to_the_inverter_and_its_states_come_back(site, contract):
    channel = identity(site, "user")
    latencies = []
    for power_w in (-300, -400, -500, -600, -700):
        sent = time.monotonic()
        asked = contract.call(channel, FLEET, "SendCommand", agent=AGENT, ttl={"seconds": 10}, action=setpoint_action(power_w, 30))

        def executing(asked=asked):
            entry = in_book(site, asked.command_id)
            return entry is not None and entry["state"] == "executing"

        states = []
        watch = channel.unary_stream(f"/{FLEET}/WatchCommand", request_serializer=lambda message: message.SerializeToString(),
                                     response_deserializer=contract.factory.GetPrototype(
                                         contract.pool.FindMessageTypeByName("ems.v1.WatchCommandResponse")).FromString)
        stream = watch(contract.message("ems.v1.WatchCommandRequest", command_id=asked.command_id), timeout=10)
        for response in stream:
            states.append(response.status.state)
            if response.status.state == 6:  # Executing.
                latencies.append(time.monotonic() - sent)
                break
        stream.cancel()
        assert states == [1, 2, 3, 6] and executing()
        wait_for("the plant has it", lambda power_w=power_w: truth(site.folder)[-1]["setpoint_w"] == power_w, 3, every_s=0.02)
    print(f"server -> agent -> order -> server: n={len(latencies)} worst {max(latencies) * 1e3:.0f} ms, "
          f"best {min(latencies) * 1e3:.0f} ms")
    assert max(latencies) < LATENCY_S
    # Who, what, when and from where: in the agent's log, and the same records in stream 0.
    entry = in_book(site, asked.command_id)
    assert entry["actor"] == "user:ada" and entry["origin"] == "remote" and entry["kind"] == "set_setpoint"

    # A repeated id: the states of the first, and the lease is the first one's.
    again = command(site, "setpoint", "--power-w", "-700", "--lease-s", "2", "--id", "mine-1")
    assert names(again) == ["queued", "sent", "accepted", "executing", "done"]
    assert again[-1]["message"].startswith("its lease ended")
    assert command(site, "setpoint", "--power-w", "-700", "--lease-s", "2", "--id", "mine-1") == again
    stolen = fleet_ctl(site, "command", "setpoint", "--power-w", "-1", "--lease-s", "2", "--id", "mine-1", "--agent", AGENT)
    assert stolen.returncode == 1 and "already_exists" in stolen.stderr
    # The one before it was replaced, in order.
    assert in_book(site, asked.command_id)["state"] == "done"

    # Two actors: the person at the site goes first; the server's command says who overruled it.
    site.ctl("setpoint", "--power-w", "200", "--lease-s", "4", "--name", "Ada Example")
    overruled = command(site, "setpoint", "--power-w", "-900", "--lease-s", "2", check=False)
    assert names(overruled)[-1] == "failed", overruled
    assert overruled[-1]["shortfall_w"] > 0 and overruled[-1]["overruled_by"]
    print("overruled:", overruled[-1]["message"])

    # A limit, and the configured fallback after its lease: never unlimited.
    limited = command(site, "limit", "--charge-w", "0", "--lease-s", "1")
    assert names(limited) == ["queued", "sent", "accepted", "executing", "done"]
    # Refused is refused, with its reason.
    refused = command(site, "limit", "--dimming", "--charge-w", "0", "--lease-s", "1", check=False)
    assert names(refused)[-1] == "rejected" and "failed_precondition" in refused[-1]["message"]

    # A stop from the server: latched, confirmed by the inverter; a person at the site resets it.
    began = time.monotonic()
    stopped = command(site, "estop", "--reason", "test")
    print(f"emergency stop, server to the inverter's confirmation and back: {(time.monotonic() - began) * 1e3:.0f} ms (with emsctl)")
    assert names(stopped) == ["queued", "sent", "accepted", "executing", "done"] and "1 of 1 inverters" in stopped[-1]["message"]
    assert site.status()["safety"]["state"] == "tripped"
    late = command(site, "setpoint", "--power-w", "100", "--lease-s", "2", check=False)
    assert names(late)[-1] == "rejected" and "latched" in late[-1]["message"]
    site.ctl("estop", "--reset", "--name", "Ada Example", "--cause", "test")
    log = (site.folder / "agent.log").read_text()
    assert "kind=emergency_stop actor=\"user:ada\" origin=remote state=executing" in log
    assert "kind=emergency_stop" in (site.folder / "server.log").read_text()


def test_restarts_lost_servers_and_time_that_runs_out(site, contract):
    channel = identity(site, "user")
    sent = contract.call(channel, FLEET, "SendCommand", agent=AGENT, ttl={"seconds": 60}, action=setpoint_action(-800, 60))
    wait_for("it is in force", lambda: (in_book(site, sent.command_id) or {}).get("state") == "executing", 5)
    # kill -9: the set-point is gone with the process, the id is not, and the server hears how it ended.
    site.kill("agent")
    # What nobody takes in time never acts.
    dead = contract.call(channel, FLEET, "SendCommand", agent=AGENT, ttl={"seconds": 1}, action=setpoint_action(-100, 5))
    assert fleet_watch(contract, channel, dead.command_id) == "the agent was not connected in time"
    site.start_agent()
    assert in_book(site, dead.command_id) is None
    assert in_book(site, sent.command_id)["state"] == "failed"
    assert wait_for("the server knows", lambda: "state=failed" in [line for line in (site.folder / "server.log").read_text().splitlines()
                                                                   if sent.command_id in line][-1], 10)
    # The same id once more, as a server would send it again: it does not act.
    again = contract.call(channel, FLEET, "SendCommand", agent=AGENT, ttl={"seconds": 60}, command_id=sent.command_id,
                          action=setpoint_action(-800, 60))
    assert again.command_id == sent.command_id
    assert site.status()["decision"]["winner"] != "remote_setpoint"

    # Without the server: AUTONOMOUS after the configured time, said as an alarm, and still so after a restart.
    wait_for("ONLINE", lambda: site.status()["mode"] == "online", RECONNECT_S)  # It was away, perhaps for longer than it may be.
    lost = time.monotonic()
    site.kill("server")
    wait_for("AUTONOMOUS", lambda: site.status()["mode"] == "autonomous", 15)
    assert time.monotonic() - lost > AUTONOMOUS_AFTER_S - 1, "the last look may be a second old"
    print(f"AUTONOMOUS {time.monotonic() - lost:.1f} s after the server ended; configured {AUTONOMOUS_AFTER_S} s")
    wait_for("its alarm", lambda: any(alarm["name"] == "autonomous" and alarm["state"] == "unacknowledged"
                                      for alarm in json.loads(site.ctl("alarms", "--json").stdout)), 5)
    site.kill("agent")
    site.start_agent()
    assert site.status()["mode"] == "autonomous"
    site.start_server()
    wait_for("ONLINE again", lambda: site.status()["mode"] == "online", RECONNECT_S)


def fleet_watch(contract, channel, command_id: str) -> str:
    """The message of a command's last state; waits for its end."""
    response = contract.factory.GetPrototype(contract.pool.FindMessageTypeByName("ems.v1.WatchCommandResponse"))
    watch = channel.unary_stream(f"/{FLEET}/WatchCommand", request_serializer=lambda message: message.SerializeToString(),
                                 response_deserializer=response.FromString)
    return [step.status.message for step in watch(contract.message("ems.v1.WatchCommandRequest", command_id=command_id), timeout=5)][-1]
