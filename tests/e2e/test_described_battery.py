# SPDX-License-Identifier: Apache-2.0
"""A battery that no codec knows, described by a DBC file and a mapping: the agent reads it, and says what is wrong with its files."""
import subprocess

from support.harness import build_dir, wait_for

EMSCTL = build_dir() / "bin" / "emsctl"
DBC = '''BO_ 256 Pack: 8 Bms
 SG_ Voltage : 0|16@1+ (0.1,0) [0|6553.5] "V" Host
 SG_ Current : 16|16@1- (0.1,0) [0|0] "A" Host
 SG_ Soc : 32|8@1+ (1,0) [0|100] "%" Host
'''
MAPPING = '''name: own-bms
title: Own BMS
signals:
  pack_voltage: Pack.Voltage
  pack_current: {from: Pack.Current, sign: -1}
  soc: {from: Pack.Soc, absent: [all_ones]}
'''


def install_described(install):
    site = install(capacity_ah=200.0, control="disarmed")
    text = (site.folder / "site.yaml").read_text()
    jbd = "    protocol: jbd\n    serial: {device: battery.tty, baud: 9600}\n"
    assert jbd in text
    described = "    protocol: described\n    described: {dbc: own.dbc, map: own.yaml}\n    candump: {file: bus.log, at_end: repeat}\n"
    site.write("site.yaml", text.replace(jbd, described))
    site.write("own.dbc", DBC)
    site.write("own.yaml", MAPPING)
    site.write("bus.log", "".join(f"({second}.000000) can0 100#000264003C000000\n" for second in range(5)))
    return site


def check(site) -> subprocess.CompletedProcess:
    return subprocess.run([EMSCTL, "config", "check", site.folder / "site.yaml"], capture_output=True, text=True, timeout=60)


def test_the_agent_reads_a_described_battery(install):
    site = install_described(install)
    assert check(site).returncode == 0, check(site).stderr
    site.start_agent()
    values = wait_for("its values", lambda: site.status()["assets"].get("battery/1", {}).get("values"), 20)
    assert (values["pack_voltage_v"], values["pack_current_a"], values["soc_pct"]) == (51.2, -10.0, 60)


def test_a_mistake_in_its_files_is_told_with_file_and_line(install):
    site = install_described(install)
    site.write("own.yaml", MAPPING.replace("Pack.Soc", "Pack.Sok"))
    done = check(site)
    assert done.returncode == 1 and "own.yaml:6:" in done.stderr + done.stdout and "'Soc'" in done.stderr + done.stdout
