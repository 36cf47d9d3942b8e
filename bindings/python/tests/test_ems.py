# SPDX-License-Identifier: Apache-2.0
"""The Python package: decoding through the same vectors as C++, exceptions, names."""
import json
from pathlib import Path

import pytest

import ems
from ems import errors

ROOT = Path(__file__).resolve().parents[3]
VECTORS = json.loads((ROOT / "tests/vectors/bms_serial_jbd.json").read_text())


def agrees(value, expected) -> bool:
    """Equal to half of the last digit stated (vectors/README.md)."""
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return value == expected
    if isinstance(expected, (int, float)):
        text = repr(expected)
        decimals = len(text.split(".")[1]) if "." in text else 0
        return value is not None and abs(value - expected) <= 0.5 * 10**-decimals
    if isinstance(expected, list):
        return len(value) == len(expected) and all(map(agrees, value, expected))
    return all(agrees(value[key], want) for key, want in expected.items())


def frame(vector, key):
    return bytes.fromhex(vector.get(key) or "")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["id"])
def test_vectors_decode_as_expected(vector):
    request = frame(vector, "request_hex")
    response = frame(vector, "response_hex") if vector.get("response_hex") is not None else None
    if "expect_error" in vector:
        with pytest.raises(errors.error_class(vector["expect_error"])) as caught:
            ems.decode(vector["protocol"], response, request)
        assert caught.value.code == vector["expect_error"]
        return
    values = ems.decode(vector["protocol"], response, request)
    for key, want in vector["expect"].items():
        if key == "vendor":
            continue
        assert agrees(values[key], want), (key, values[key], want)


def test_errors_have_a_name_an_offset_and_a_builtin_base():
    with pytest.raises(ValueError) as caught:
        ems.decode("jbd", bytes.fromhex("DD0400040DE40CE5FE1B77"), bytes.fromhex("DDA50400FFFC77"))
    assert isinstance(caught.value, errors.ChecksumError)
    assert caught.value.offset > 0 and str(caught.value)
    with pytest.raises(LookupError):
        ems.decode("no_such_protocol", b"\x00")
    assert issubclass(errors.TimeoutError, TimeoutError)


def test_every_error_code_has_its_class():
    table = (ROOT / "libems/include/ems/core/errc.def").read_text()
    codes = [line.split("(")[1].split(",")[0] for line in table.splitlines() if line.startswith("EMS_ERRC(")]
    assert len(codes) > 30
    for code in codes:
        cls = errors.error_class(code)
        assert cls.code == code and cls is not ems.EmsError and issubclass(cls, ems.EmsError)


def test_catalogue_names_are_those_of_the_frames():
    names = {row["name"] for row in ems.catalogue()}
    assert {"pack_voltage_v", "pack_current_a", "soc_pct", "cell_voltages_v", "active_power_w"} <= names


def test_a_missing_store_says_so():
    with pytest.raises(errors.NotFoundError):
        ems.Store("/nonexistent/telemetry.db")


def test_the_version_is_that_of_the_build_system():
    cmake = (ROOT / "CMakeLists.txt").read_text()
    assert f"VERSION {ems.__version__} " in cmake
