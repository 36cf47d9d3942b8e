# SPDX-License-Identifier: Apache-2.0
"""A battery by its DBC file and a mapping, from Python."""
import pytest

import ems
from ems import errors

DBC = '''BO_ 256 Pack: 8 Bms
 SG_ Voltage : 0|16@1+ (0.1,0) [0|6553.5] "V" Host
 SG_ Current : 16|16@1- (0.1,0) [0|0] "A" Host
 SG_ Soc : 32|8@1+ (1,0) [0|100] "%" Host
BO_ 2566848512 Far: 2 Bms
 SG_ Hot : 0|8@1- (1,0) [0|0] "degC" Host
'''
MAPPING = '''name: own-bms
title: Own BMS
bit_rate: 250000
signals:
  pack_voltage: Pack.Voltage
  pack_current: {from: Pack.Current, sign: -1}
  soc: {from: Pack.Soc, absent: [all_ones]}
  cell_temp_max: Far.Hot
'''


@pytest.fixture
def files(tmp_path):
    (tmp_path / "own.dbc").write_text(DBC)
    (tmp_path / "own.yaml").write_text(MAPPING)
    return tmp_path / "own.dbc", tmp_path / "own.yaml"


def test_a_described_battery_decodes(files):
    battery = ems.DescribedBattery(*files)
    assert (battery.name, battery.title, battery.bit_rate) == ("own-bms", "Own BMS", 250_000)
    said = battery.decode([(0x100, bytes.fromhex("000264003C000000")), (0x123, b""), ems.CanFrame(0x18FF0000, b"\xF6\x00", True)])
    assert said == {"pack_voltage_v": 51.2, "pack_current_a": -10.0, "soc_pct": 60.0, "cell_temp_max_degc": -10.0}
    assert "soc_pct" not in battery.decode([(0x100, bytes.fromhex("00026400FF000000"))])  # FF: not there.


def test_a_recording_is_counted(files, tmp_path):
    log = tmp_path / "bus.log"
    log.write_text("(0.000000) can0 100#000264003C000000\n(0.100000) can0 123#00\nnonsense\n")
    said = ems.DescribedBattery(*files).decode_recording(log)
    assert said["values"]["soc_pct"] == 60.0
    assert said["frames"] == {"decoded": 1, "ignored": 1, "refused": 0, "refused_lines": 1}


def test_every_mistake_is_named_with_its_line(files):
    dbc, mapping = files
    mapping.write_text(MAPPING.replace("Pack.Voltage", "Pack.Voltag").replace("Far.Hot", "Fur.Hot"))
    with pytest.raises(errors.NotFoundError) as caught:
        ems.DescribedBattery(dbc, mapping)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2 and caught.value.offset == 5
    assert f"{mapping.name}:5:17: " in lines[0] and "did you mean 'Voltage'" in lines[0]
    assert f"{mapping.name}:8:" in lines[1]


def test_files_that_are_not_there_and_frames_that_are_nobodys(files, tmp_path):
    with pytest.raises(errors.IoError):
        ems.DescribedBattery(tmp_path / "none.dbc", files[1])
    battery = ems.DescribedBattery(*files)
    with pytest.raises(errors.HeaderError):
        battery.decode([(0x123, bytes(8))])
    with pytest.raises(errors.LengthError):
        battery.decode([(0x100, bytes(1))])
    with pytest.raises(errors.IoError):
        battery.decode_recording(tmp_path / "none.log")
