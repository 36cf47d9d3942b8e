# SPDX-License-Identifier: Apache-2.0
"""Columns of frames: the same values as one by one, errors in rows, every form of input, lifetimes, threads."""
import gc
import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import ems
from ems import errors

ROOT = Path(__file__).resolve().parents[3]
VECTORS = json.loads((ROOT / "tests/vectors/bms_serial_jbd.json").read_text())
REPLIES = [bytes.fromhex(v["response_hex"]) for v in VECTORS if v.get("response_hex")]
BASIC = bytes.fromhex(next(v for v in VECTORS if v["id"] == "jbd-basic-sp04s034")["response_hex"])


def frame(register: int, payload: bytes) -> bytes:
    body = bytes([0, len(payload)]) + payload
    return bytes([0xDD, register]) + body + ((0x10000 - sum(body)) & 0xFFFF).to_bytes(2, "big") + b"\x77"


def cells(*millivolts: int) -> bytes:
    return frame(4, b"".join(mv.to_bytes(2, "big") for mv in millivolts))


def one_by_one(reply: bytes):
    try:
        return ems.decode("jbd", reply)
    except ems.EmsError as error:
        return error


def test_every_vector_says_in_a_column_what_it_says_alone():
    columns = ems.decode_column("jbd", REPLIES)
    assert len(columns.error) == len(REPLIES) and columns.ok.any() and not columns.ok.all()
    for row, reply in enumerate(REPLIES):
        alone = one_by_one(reply)
        if isinstance(alone, ems.EmsError):
            assert errors.code_name(int(columns.error[row])) == alone.code and columns.offset[row] == alone.offset
            assert not any(column.valid[row].any() for column in columns.values())
            continue
        assert columns.error[row] == 0 and columns.offset[row] == 0
        for name, column in columns.items():
            here = column.value[row].tolist()
            if name in ("vendor_alarms", "alarms", "warnings"):
                continue
            if column.raw.ndim == 2:
                want = alone.get(name, [])
                assert [v for v, ok in zip(here, column.valid[row]) if ok] == [v for v in want if v is not None]
            elif column.valid[row]:
                assert here == pytest.approx(float(alone[name]), abs=1e-9)
            else:
                assert alone.get(name) is None


def test_the_forms_of_input_agree():
    rows = [cells(3300 + i, 3400 + i) for i in range(100)]
    joined = b"".join(rows)
    offsets = np.arange(0, len(joined) + 1, len(rows[0]))
    matrix = np.frombuffer(joined, np.uint8).reshape(100, -1)
    forms = [
        ems.decode_column("jbd", rows),
        ems.decode_column("jbd", tuple(rows)),
        ems.decode_column("jbd", matrix),
        ems.decode_column("jbd", np.concatenate([matrix, matrix], axis=1)[:, : matrix.shape[1]]),
        ems.decode_column("jbd", joined, offsets=offsets),
        ems.decode_column("jbd", bytearray(joined), offsets=offsets.tolist()),
        ems.decode_column("jbd", memoryview(joined), offsets=offsets.astype(np.int32)),
    ]
    for columns in forms:
        assert (columns["cell_voltages_v"].raw == [[3300 + i, 3400 + i] for i in range(100)]).all()
        assert columns["cell_voltages_v"].value[3].tolist() == [3.303, 3.403] and columns.ok.all()


def test_rows_differ_in_width_and_kind():
    columns = ems.decode_column("jbd", [cells(3300), BASIC, cells(3300, 3301, 3302)])
    assert list(columns)[0] == "pack_voltage_v" and len(columns) == len(list(columns))
    voltages = columns["cell_voltages_v"]
    assert voltages.valid.tolist() == [[True, False, False], [False] * 3, [True] * 3]
    assert np.isnan(voltages.value[0, 1]) and voltages.raw[0, 1] == 0
    assert columns["soc_pct"].valid.tolist() == [False, True, False]


def test_the_request_is_checked():
    columns = ems.decode_column("jbd", [BASIC], bytes.fromhex("DDA50400FFFC77"))
    assert errors.code_name(int(columns.error[0])) == "header"
    assert errors.code_name(0) is None and errors.code_name(9999) == "unknown"


def test_nothing_in_nothing_out():
    columns = ems.decode_column("jbd", [])
    assert len(columns) == 0 and len(columns.error) == 0


@pytest.mark.parametrize("frames, offsets, error", [
    (["text"], None, errors.WrongTypeError),
    (b"bytes without offsets", None, errors.WrongTypeError),
    (7, None, errors.WrongTypeError),
    ([BASIC], [0, 1], errors.WrongTypeError),
    (BASIC, [0, 5, 4], errors.OutOfRangeError),
    (BASIC, [0, 10_000], errors.OutOfRangeError),
    (BASIC, [-1, 4], errors.OutOfRangeError),
    (BASIC, [], errors.InvalidArgumentError),
    (BASIC, [0, 4.5], errors.WrongTypeError),
    (BASIC, np.array([0.0, np.nan]), errors.WrongTypeError),
    (np.zeros((2, 3, 4), np.uint8), None, errors.InvalidArgumentError),
    (np.zeros((2, 3), np.uint16), None, errors.InvalidArgumentError),
    (np.zeros((4, 8), np.uint8)[:, ::2], None, errors.InvalidArgumentError),
])
def test_wrong_input_is_refused(frames, offsets, error):
    with pytest.raises(error):
        ems.decode_column("jbd", frames, offsets=offsets)


def test_a_number_is_not_so_many_zero_bytes():
    for arguments in ((30,), (None, 7), (BASIC, 7)):
        with pytest.raises(errors.WrongTypeError):
            ems.decode("jbd", *arguments)
    with pytest.raises(errors.WrongTypeError):
        ems.decode_column("jbd", [BASIC], 7)
    with pytest.raises(errors.WrongTypeError):
        ems.decode_can("pylontech-lv-can", [(0x351, 8)])


DALY_ONE_SENSOR = bytes.fromhex("A501960801370000000000007CA5019608020000000000000046")  # Vector daly-96.


def test_keywords_say_what_the_frames_cannot():
    assert ems.decode("daly_a5", DALY_ONE_SENSOR) == {"temperatures_degc": [15.0]}
    assert ems.decode("daly_a5", DALY_ONE_SENSOR, temperature_count=2, address=0x40) == {"temperatures_degc": [15.0, None]}
    with pytest.raises(errors.HeaderError):
        ems.decode("daly_a5", DALY_ONE_SENSOR, variant="frames_from_0")
    columns = ems.decode_column("daly_a5", [DALY_ONE_SENSOR], temperature_count=2)
    assert columns.ok.all() and columns["temperatures_degc"].valid.tolist() == [[True, False]]
    assert not ems.decode_column("daly_a5", [DALY_ONE_SENSOR], variant="frames_from_0").ok.any()


@pytest.mark.parametrize("protocol, keywords, error", [
    ("daly_a5", {"variant": "no_such"}, errors.InvalidArgumentError),
    ("daly_a5", {"address": 7}, errors.OutOfRangeError),
    ("daly_a5", {"cell_count": 200}, errors.OutOfRangeError),
    ("daly_a5", {"cell_count": 256}, errors.OutOfRangeError),
    ("daly_a5", {"temperature_count": -1}, errors.OutOfRangeError),
    ("daly_a5", {"address": 256 + 0x40}, errors.OutOfRangeError),
    ("jbd", {"address": 1}, errors.InvalidArgumentError),
])
def test_keywords_that_the_protocol_cannot_have_are_refused(protocol, keywords, error):
    with pytest.raises(error):
        ems.decode(protocol, DALY_ONE_SENSOR, **keywords)
    with pytest.raises(error):
        ems.decode_column(protocol, [DALY_ONE_SENSOR], **keywords)


def test_an_unknown_protocol_is_refused():
    with pytest.raises(errors.UnknownProtocolError):
        ems.decode_column("no_such_protocol", [BASIC])


def test_columns_outlive_everything_they_came_from():
    rows = [cells(3300 + i % 50) for i in range(10_000)]
    columns = ems.decode_column("jbd", rows)
    raw = columns["cell_voltages_v"].raw
    want = raw.copy()
    del rows, columns
    gc.collect()
    [ems.decode_column("jbd", [BASIC] * 1000) for _ in range(20)]
    assert (raw == want).all()


def test_a_list_may_change_meanwhile():
    rows = [cells(3300 + i % 50) for i in range(200_000)]
    thread = threading.Thread(target=rows.clear)
    thread.start()
    columns = ems.decode_column("jbd", rows)
    thread.join()
    assert len(columns.error) in (0, 200_000) and columns.ok.all()


def test_threads_decode_side_by_side_and_the_rest_of_python_runs():
    rows = [BASIC, cells(*range(3300, 3316))] * 100_000
    beats, results = [], []
    stop = threading.Event()

    def beat():
        while not stop.is_set():
            beats.append(time.perf_counter())
            time.sleep(0.0005)

    def work():
        begin = time.perf_counter()
        columns = ems.decode_column("jbd", rows)
        results.append((columns, begin, time.perf_counter()))

    heart = threading.Thread(target=beat)
    heart.start()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    heart.join()
    assert len(results) == 4
    for columns, *_ in results:
        assert columns.ok.all() and (columns["cell_voltages_v"].raw[1::2] == range(3300, 3316)).all()
    begin, end = min(r[1] for r in results), max(r[2] for r in results)
    assert sum(begin < at < end for at in beats) >= 4, "somebody held the GIL all the time"
    assert max(r[1] for r in results) < min(r[2] for r in results), "the calls came one after the other"
