# SPDX-License-Identifier: Apache-2.0
"""ems.h and ems.cpp as scripts/amalgamate writes them: one compiler line, and the program of the inverter's loop runs on it."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import c_headers as headers

HERE = Path(__file__).parent
WARNINGS = ["-Wall", "-Wextra", "-Werror"]


def run(*command, **options) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=400, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with ems/ems.h and ems/ems.cpp."""
    made = tmp_path_factory.mktemp("amalgamation")
    run(headers.ROOT / "scripts" / "amalgamate", made / "ems")
    assert sorted(p.name for p in (made / "ems").iterdir()) == ["ems.cpp", "ems.h"]
    return made


def test_one_line_builds_it_and_a_c_program_runs_on_it(folder):
    run("c++", "-std=c++20", "-O2", "-c", "ems.cpp", cwd=folder / "ems")
    run("cc", "-std=c11", *WARNINGS, "-DABI_COUNT_MALLOC=1", "-I", folder, HERE / "loop.c", folder / "ems" / "ems.o", "-lstdc++",
        "-o", folder / "loop")
    assert "1000 ticks, 0 allocations" in run(folder / "loop", "1000")
    nm = run("nm", "--defined-only", folder / "ems" / "ems.o").splitlines()
    assert {line.split()[-1] for line in nm} >= headers.declared()
    # A name that now means another one would compile: the tests of the C ABI run on it as well.
    ours = ["-I", folder, "-I", HERE.parent, "-I", headers.ROOT / "libems" / "include"]  # The first ems.h is the amalgamation's.
    run("c++", "-std=c++20", "-O0", *ours, *sorted(HERE.glob("c_*_test.cpp")), folder / "ems" / "ems.o", "-lgtest", "-lgtest_main",
        "-o", folder / "capi")
    assert "[  PASSED  ]" in run(folder / "capi")


@pytest.mark.parametrize("compiler", ["g++", "clang++", "arm-none-eabi-g++"])
def test_it_needs_no_exceptions_no_rtti_and_no_threads(folder, compiler):
    if shutil.which(compiler) is None:
        pytest.fail(f"{compiler} is missing: scripts/setup")
    run(compiler, "-std=c++20", "-fsyntax-only", "-fno-exceptions", "-fno-rtti", "-DEMS_FREESTANDING=1", *WARNINGS,
        folder / "ems" / "ems.cpp")


def test_the_header_stands_alone_in_c_and_in_cpp(folder):
    run("cc", "-std=c99", "-Wpedantic", *WARNINGS, "-I", folder, "-fsyntax-only", HERE / "header_alone.c")
    run("c++", "-std=c++11", "-Wpedantic", *WARNINGS, "-I", folder, "-fsyntax-only", HERE / "header_alone.cpp")


def test_it_takes_in_nothing_above_l1_but_the_tick(folder):
    text = (folder / "ems" / "ems.cpp").read_text()
    taken = {line.removeprefix("// ---- ") for line in text.splitlines() if line.startswith("// ---- ")}
    assert "libems/src/safety/kernel.cpp" in taken and "bindings/c/src/control.cpp" in taken
    assert {name for name in taken if "/runtime/" in name} == {"libems/src/runtime/control_loop.cpp",
                                                              "libems/include/ems/runtime/control_loop.hpp"}
    assert not [name for name in taken if any(f"/{module}/" in name for module in ("io", "sim", "fleet", "rpc"))]
    assert str(headers.ROOT) not in text
