# SPDX-License-Identifier: Apache-2.0
"""The headers say what they must, and agree with the library's tables, with each other and with the reference page."""
from __future__ import annotations

import ctypes
import re
import subprocess
import sys

import pytest

import c_headers as headers
import make_index
import make_layout
from support.places import BUILD

sys.path.insert(0, str(headers.ROOT / "bindings" / "c" / "tools"))
import make_codes  # noqa: E402

TAGS = ("@memory", "@thread_safety", "@since", "@lifecycle")
LIFECYCLES = {"stable", "unstable", "deprecated"}


def complaints(function: headers.Function) -> list[str]:
    """What the comment of a function lacks."""
    text = function.comment
    out = [f"{function.name}: no {tag}" for tag in TAGS if not re.search(rf"\* {tag} +\S", text)]
    word = re.search(r"@lifecycle +(\w+)", text)
    if word and word.group(1) not in LIFECYCLES:
        out.append(f"{function.name}: lifecycle {word.group(1)}")
    out += [f"{function.name}: no @param {p.name}" for p in function.parameters if not re.search(rf"@param {p.name}\b", text)]
    out += [f"{function.name}: @param {name} is no parameter" for name in re.findall(r"@param (\w+)", text)
            if name not in {p.name for p in function.parameters}]
    if function.returns == "ems_status_t":
        codes = re.findall(r"@retval (\w+)", text)
        if codes[:1] != ["EMS_OK"]:
            out.append(f"{function.name}: no @retval EMS_OK first")
        if any(p.type.endswith("*") for p in function.parameters) and "EMS_E_INVALID_ARGUMENT" not in codes:
            out.append(f"{function.name}: no @retval EMS_E_INVALID_ARGUMENT")
        out += [f"{function.name}: {code} twice" for code in set(codes) if codes.count(code) > 1]
    elif function.returns != "void" and "@return" not in text:
        out.append(f"{function.name}: no @return")
    return out


def test_every_function_is_documented():
    found = headers.functions()
    assert {f.name for f in found} == headers.declared()
    assert [c for f in found for c in complaints(f)] == []


@pytest.mark.parametrize("old, new", [("@since", ""), ("@lifecycle      ", "@lifecycle      maybe "), ("@param codec", "@param kodek"),
                                      ("EMS_E_INVALID_ARGUMENT", "EMS_E_TAIL"), ("@retval EMS_OK", "@retval EMS_YES")])
def test_the_documentation_check_can_fail(old, new):
    good = next(f for f in headers.functions() if f.name == "ems_codec_decode")
    assert complaints(good) == [] and old in good.comment
    broken = headers.Function(good.name, good.returns, good.parameters, good.comment.replace(old, new), good.header)
    assert complaints(broken)


def test_codes_are_the_tables_of_the_library():
    assert make_codes.OUT.read_text() == make_codes.header()


def test_the_layout_lists_every_struct():
    assert make_layout.OUT.read_text() == make_layout.layout()


def test_a_changed_layout_does_not_compile(tmp_path):
    text = make_layout.OUT.read_text()
    pinned = re.search(r"sizeof\(ems_value_t\) == (\d+)", text)
    broken = tmp_path / "layout.c"
    broken.write_text(text.replace(pinned.group(0), f"sizeof(ems_value_t) == {int(pinned.group(1)) + 8}"))
    run = subprocess.run(["cc", "-std=c11", "-c", "-I", headers.INCLUDE, broken, "-o", tmp_path / "x.o"], capture_output=True)
    assert run.returncode != 0


def test_growable_structs_begin_with_their_size():
    for name, fields in headers.structs().items():
        assert "struct_size" not in fields[1:], name


def test_the_names_of_the_codes_come_out_of_the_library():
    file = BUILD / "bindings" / "c" / "libems.so.0"
    if headers.sanitized(file):
        pytest.skip("a sanitizer is built in")
    lib = ctypes.CDLL(str(file))
    for function in (lib.ems_status_name, lib.ems_status_meaning):
        function.restype = ctypes.c_char_p
    rows = make_codes.rows(headers.ROOT / "libems/include/ems/core/errc.def", "EMS_ERRC")
    for name, number, meaning in rows:
        assert lib.ems_status_name(number).decode() == name
        assert lib.ems_status_meaning(number).decode() == meaning
        assert re.search(rf"\bEMS_E_{name.upper()} = {number}\b", make_codes.OUT.read_text())
    assert lib.ems_status_name(0) == b"ok" and lib.ems_status_name(9999) == b"unknown" and lib.ems_status_meaning(9999) == b""




def test_the_reference_page_lists_every_function():
    assert make_index.PAGE.read_text() == make_index.page(), "run tests/abi/make_index.py"


def test_the_program_of_the_reference_page_runs(tmp_path):
    page = (headers.ROOT / "docs" / "reference" / "c-abi.md").read_text()
    (tmp_path / "sample.c").write_text(re.search(r"```c\n(.*?)```", page, re.S).group(1))
    library = BUILD / "bindings" / "c"
    if headers.sanitized(library / "libems.so.0"):
        pytest.skip("a sanitizer is built in")
    subprocess.run(["cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", headers.INCLUDE, tmp_path / "sample.c", "-L", library,
                    "-lems", f"-Wl,-rpath,{library}", "-o", tmp_path / "sample"], check=True)
    out = subprocess.run([tmp_path / "sample"], check=True, capture_output=True, text=True).stdout
    assert out == "cell 1: 3430 mV\ncell 2: 3425 mV\ncell 3: 3432 mV\ncell 4: 3417 mV\n"
