# SPDX-License-Identifier: Apache-2.0
"""One agent reads three batteries at once: JBD over TCP-serial (this project's simulator), a Daly on Modbus RTU over a tty
(pymodbus answers), a Pylontech on CAN over slcan (python-can sends a capture). Each is unplugged, replaced by noise, and returned."""
import os
import subprocess
import sys
import threading
import time
import tty

import can
import pytest
import yaml

from support import modbus_rtu_peer
from support.harness import free_port, wait_for
from support.vectors import agrees, comparable, load
from support.wire import Wire

CELLS = 16
MODBUS = next(v for v in load("bms_serial_daly_modbus.json") if v["id"] == "daly-d2-info-aio")
CAN = next(v for v in load("bms_can_pylontech.json") if v["id"] == "ecoworthy-cubix-pylon-profile")
MODBUS_HEADER, MODBUS_CRC = 3, 2  # Bytes before and behind the registers of a reply.
LIFE_S = 60.0  # A link that was lost is tried again after 1, 5, 15 s.


def raw_pty() -> tuple[int, int]:
    ours, theirs = os.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    return ours, theirs


class CanSender:
    """python-can's slcan on a tty: sends the capture's burst once a second."""

    def __init__(self, device: str) -> None:
        self._bus = can.interface.Bus(interface="slcan", channel=device, sleep_after_open=0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(1.0):
            for frame in CAN["frames"]:
                self._bus.send(can.Message(arbitration_id=frame["id"], is_extended_id=frame.get("ext", False),
                                           data=bytes.fromhex(frame["data_hex"])))

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5)
        self._bus.shutdown()


class Site:
    """The installation with its three lines."""

    def __init__(self, site) -> None:
        self.site = site
        site.start_sim()
        self._files = [os.open(site.folder / "battery.tty", os.O_RDWR | os.O_NOCTTY)]
        tty.setraw(self._files[0])
        port = free_port()
        modbus_wire, modbus_device = raw_pty()
        can_wire, can_device = raw_pty()
        self._files += [modbus_wire, modbus_device, can_wire, can_device]
        reply = bytes.fromhex(MODBUS["response_hex"])
        self._modbus = subprocess.Popen([sys.executable, modbus_rtu_peer.__file__, os.ttyname(modbus_device), str(reply[0]), "0",
                                         reply[MODBUS_HEADER:-MODBUS_CRC].hex()], stderr=(site.folder / "peer.log").open("wb"))
        self._can = CanSender(os.ttyname(can_device))
        self.wires = {"battery/1": Wire(self._files[0], port=port), "battery/2": Wire(modbus_wire, path=site.folder / "modbus.tty"),
                      "battery/3": Wire(can_wire, path=site.folder / "can.tty")}
        config = yaml.safe_load((site.folder / "site.yaml").read_text())
        config["batteries"] = [
            {"id": 1, "protocol": "jbd", "tcp": {"address": f"127.0.0.1:{port}"}, "poll_period_s": 1.0, "reply_timeout_s": 0.3,
             "chemistry": "lfp", "cells": CELLS, "capacity_ah": 100.0, "charge_current_max_a": 100.0, "discharge_current_max_a": 100.0},
            {"id": 2, "protocol": "daly_modbus", "serial": {"device": "modbus.tty", "baud": 9600}, "poll_period_s": 1.0, "chemistry": "lfp",
             "cells": 4, "capacity_ah": 100.0, "charge_current_max_a": 100.0, "discharge_current_max_a": 100.0},
            {"id": 3, "protocol": "pylontech-lv-can", "slcan": {"device": "can.tty"}, "chemistry": "lfp", "cells": CELLS,
             "capacity_ah": 200.0, "charge_current_max_a": 100.0, "discharge_current_max_a": 100.0},
        ]
        site.write("site.yaml", yaml.safe_dump(config))

    def close(self) -> None:
        for wire in self.wires.values():
            wire.close()
        self._can.close()
        self._modbus.kill()
        self._modbus.wait(timeout=5)
        for file in self._files:
            os.close(file)

    def link(self, asset: str) -> dict:
        return next(link for link in self.site.status()["links"] if link["asset"] == asset)

    def fresh(self, asset: str) -> dict | None:
        """The asset's values, while its voltage is not stale. Its quality may be "uncertain": the Daly is a bench board."""
        found = self.site.status()["assets"].get(asset)
        return found["values"] if found and found["values"].get("pack_voltage_v") is not None else None


@pytest.fixture
def three(install):
    site = Site(install(control="disarmed"))
    try:
        yield site
    finally:
        site.close()


def test_three_protocols_at_once_survive_unplugging_noise_and_return(three):
    three.site.start_agent()
    for asset in three.wires:
        wait_for(f"{asset} speaks", lambda asset=asset: three.fresh(asset), LIFE_S)
    for asset, vector in (("battery/2", MODBUS), ("battery/3", CAN)):
        values = three.fresh(asset)
        expected = {name: want for name, want in comparable(vector, values).items() if name != "vendor"}
        assert len(expected) >= 8
        for name, want in expected.items():
            assert agrees(values.get(name), want), (asset, name, values.get(name), want)
    assert len(three.fresh("battery/1")["cell_voltages_v"]) == CELLS

    for asset, wire in three.wires.items():
        others = [other for other in three.wires if other != asset]
        wire.unplug()
        wait_for(f"{asset} is gone", lambda: not three.link(asset)["online"], 20)
        assert three.link(asset)["last_error"]
        wire.plug(noise=True)
        wait_for(f"{asset} is stale", lambda asset=asset: not three.fresh(asset), 10)
        noise_until = time.monotonic() + 6
        while time.monotonic() < noise_until:
            assert not three.link(asset)["online"] and not three.fresh(asset), "noise is no battery"
            time.sleep(0.5)
        for other in others:
            assert three.fresh(other), f"{other} suffered from {asset}"
        wire.plug()
        wait_for(f"{asset} is back", lambda asset=asset: three.link(asset)["online"] and three.fresh(asset), LIFE_S)
    assert three.site.stop("agent") == 0
