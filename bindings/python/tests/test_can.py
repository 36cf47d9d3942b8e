# SPDX-License-Identifier: Apache-2.0
"""CAN frames and logs from Python."""
import json
from pathlib import Path

import numpy as np
import pytest

import ems
from ems import errors

ROOT = Path(__file__).resolve().parents[3]
PROTOCOL = "pylontech-lv-can"
LOG = """(1699999999.123456) can0 351#1402740E740ECC01
(1699999999.223456) can0 355#1A00640000000000
nonsense

(1699999999.323456) can0 18FF50E5#R4
"""


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "bus.log"
    path.write_text(LOG)
    return ems.read_candump(path)


def test_a_log_is_a_structured_array(log):
    frames = log.frames
    assert frames.dtype.names == ("time", "id", "extended", "remote", "size", "data", "interface")
    assert frames["id"].tolist() == [0x351, 0x355, 0x18FF50E5]
    assert frames["time"][0] == np.datetime64("2023-11-14T22:13:19.123456")
    assert frames["data"][0].tolist() == [0x14, 2, 0x74, 0x0E, 0x74, 0x0E, 0xCC, 1]
    assert frames["extended"].tolist() == [False, False, True] and frames["remote"].tolist() == [False, False, True]
    assert frames["interface"].tolist() == [b"can0"] * 3
    assert log.refused.tolist() == [3]


def test_a_log_without_times_has_none(tmp_path):
    path = tmp_path / "console.log"
    path.write_text("  can1  305   [2]  01 02\n")
    assert np.isnat(ems.read_candump(path).frames["time"][0])


def test_a_log_goes_to_pandas(log):
    table = log.to_pandas()
    assert list(table.columns) == ["time", "interface", "id", "extended", "remote", "data"]
    assert table["data"][1] == bytes.fromhex("1A00640000000000") and table["interface"][0] == "can0"
    assert table["data"][2] == bytes(4) and bool(table["remote"][2])


def test_a_log_that_is_none_is_refused(tmp_path):
    with pytest.raises(errors.IoError):
        ems.read_candump(tmp_path / "nothing.log")
    path = tmp_path / "text.log"
    path.write_text("\nhello\n")
    with pytest.raises(errors.SyntaxError) as caught:
        ems.read_candump(path)
    assert caught.value.offset == 2


def test_a_log_decodes(log):
    assert log.to_frames() == [
        ems.CanFrame(0x351, bytes.fromhex("1402740E740ECC01")), ems.CanFrame(0x355, bytes.fromhex("1A00640000000000"))]
    values = ems.decode_can(PROTOCOL, log.to_frames())
    assert values["charge_voltage_limit_v"] == 53.2 and values["soc_pct"] == 26
    assert values == ems.decode_can(PROTOCOL, [(frame.id, frame.data) for frame in log.to_frames()])


def test_wrong_frames_are_refused():
    for frame, error in [((0x351, bytes(9)), errors.LengthError), ((0x20000000, b""), errors.OutOfRangeError)]:
        with pytest.raises(error):
            ems.decode_can(PROTOCOL, [frame])
    with pytest.raises(errors.UnknownProtocolError):
        ems.decode_can("no_such_protocol", [(0x351, bytes(8))])
    with pytest.raises(errors.InvalidArgumentError):
        ems.decode_can("jbd", [(0x351, bytes(8))])


LOGS = [v for v in json.loads((ROOT / "tests/vectors/bms_can_pylontech.json").read_text()) if v["protocol"].startswith("candump-")]


@pytest.mark.parametrize("vector", LOGS, ids=[v["id"] for v in LOGS])
def test_log_vectors_give_their_classic_frames(vector, tmp_path):
    path = tmp_path / "bus.log"
    path.write_text(vector["wire_text"])
    classic = [f for f in vector["frames"] if not f.get("fd") and not f.get("err")]
    if not classic:
        with pytest.raises(errors.SyntaxError):
            ems.read_candump(path)
        return
    rows = ems.read_candump(path).frames
    assert rows["id"].tolist() == [f["id"] for f in classic]
    assert rows["extended"].tolist() == [f["ext"] for f in classic]
    for row, frame in zip(rows, classic):
        data = bytes.fromhex(frame["data_hex"])
        assert row["data"].tolist() == list(data.ljust(8, b"\0"))
