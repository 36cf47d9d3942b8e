# SPDX-License-Identifier: Apache-2.0
"""The Python package: decoding through the same vectors as C++, exceptions, names."""
import json
from pathlib import Path

import pytest

import ems
from ems import errors

ROOT = Path(__file__).resolve().parents[3]
VECTORS = json.loads((ROOT / "tests/vectors/bms_serial_jbd.json").read_text())


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
