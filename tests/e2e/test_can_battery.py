# SPDX-License-Identifier: Apache-2.0
"""A battery on CAN, replayed from a log: what `emsctl status` says equals the vector; when the log ends its values grow
stale and the site is safe."""
import json
from pathlib import Path

from support.harness import wait_for
from support.vectors import agrees

FILE = Path(__file__).resolve().parents[1] / "vectors/bms_can_pylontech.json"
NAME = "ecoworthy-cubix-pylon-profile"
STALE_AFTER_S = 5.0  # docs/protocols/pylontech-lv-can.md
FOREIGN = "110#0000000000000021"


def vector() -> dict:
    return next(v for v in json.loads(FILE.read_text()) if v["id"] == NAME)


def write_log(path: Path, seconds: int) -> None:
    """One burst a second, its frames 20 ms apart, among them a foreign one and a line that is none."""
    texts = [f"{frame['id']:03X}#{frame['data_hex']}" for frame in vector()["frames"]] + [FOREIGN]
    lines = [f"({1_700_000_000 + second}.{20_000 * i:06d}) can0 {text}" for second in range(seconds) for i, text in enumerate(texts)]
    path.write_text("\n".join(lines + ["not a CAN frame", ""]))


def install_can(install, candump: str):
    site = install(capacity_ah=200.0, control="disarmed")
    text = (site.folder / "site.yaml").read_text()
    jbd = "    protocol: jbd\n    serial: {device: battery.tty, baud: 9600}\n"
    assert jbd in text
    site.write("site.yaml", text.replace(jbd, f"    protocol: pylontech-lv-can\n    candump: {candump}\n"))
    return site


def battery_of(status: dict) -> dict:
    return status["assets"]["battery/1"]


def link_of(status: dict) -> dict:
    return next(link for link in status["links"] if link["asset"] == "battery/1")


def names_of(status: dict) -> set:
    return {reason["name"] for reason in status["safety"]["reasons"]}


def test_a_recorded_battery_arrives_exactly_and_grows_stale_when_the_log_ends(install):
    site = install_can(install, "{file: battery.log}")
    write_log(site.folder / "battery.log", 12)
    site.start_server()
    site.start_sim("--log", "truth.csv")
    site.start_agent()
    wait_for("safety allows charging", lambda: site.status()["safety"]["envelope"]["lo_w"] < 0, 25)

    status = site.status()
    values = battery_of(status)["values"]
    expected = {name: value for name, value in vector()["expect"].items() if name != "vendor"}
    for name, want in expected.items():
        assert agrees(values[name], want), (name, values[name], want)
    assert (values["cell_temp_max_degc"], values["cell_temp_min_degc"]) == (11.8, 10.8)
    assert set(battery_of(status)["quality"].values()) == {"good"}
    link = link_of(status)
    assert link["online"] and link["link"] == "candump:battery.log", link
    assert link["errors"] == 1  # The line that is no frame.

    def ended():
        link = link_of(site.status())
        return not link["online"] and link
    assert wait_for("the end of the log", ended, 25)["last_error"].endswith("the recording has ended")

    def stale():
        status = site.status()
        return status["safety"]["state"] == "safe" and status
    status = wait_for("the site is safe", stale, 15)
    assert status["safety"]["envelope"] == {"lo_w": 0, "hi_w": 0}, status["safety"]
    assert battery_of(status)["age_s"]["charge_current_limit_a"] >= STALE_AFTER_S - 0.1
    assert names_of(status), status["safety"]
    assert not link_of(status)["online"]
    assert site.stop("agent") == 0


def test_a_log_that_repeats_stays_online(install):
    site = install_can(install, "{file: battery.log, at_end: repeat}")
    write_log(site.folder / "battery.log", 2)
    site.start_agent()
    wait_for("three rounds", lambda: link_of(site.status())["requests"] >= 6, 25)
    status = site.status()
    assert link_of(status)["online"] and link_of(status)["timeouts"] == 0
    assert battery_of(status)["age_s"]["pack_voltage_v"] < 2.5


def test_a_log_that_is_not_there_is_a_named_reason(install):
    site = install_can(install, "{file: nowhere.log}")
    site.start_agent()
    wait_for("the reason", lambda: "cannot be opened" in link_of(site.status())["last_error"], 15)
    assert not link_of(site.status())["online"]
