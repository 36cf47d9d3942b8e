# SPDX-License-Identifier: Apache-2.0
"""What must not build: mixed units, bare integers, ignored results. The first case must build, or the rest prove nothing."""
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRELUDE = """
#include "ems/core/result.hpp"
#include "ems/core/time.hpp"
#include "ems/core/units.hpp"
#include "ems/model/point.hpp"
using namespace ems;
Result<int> answer();
"""


def compiles(body: str) -> subprocess.CompletedProcess:
    command = [os.environ.get("CXX", "g++"), "-std=c++20", "-fsyntax-only", "-Werror=unused-result", "-I", str(ROOT / "libems/include"), "-x", "c++", "-"]
    return subprocess.run(command, input=PRELUDE + body, capture_output=True, text=True)


def test_the_control_case_builds():
    done = compiles("bool f() { Result<int> r = answer(); return r && 3650_mv > 3600_mv && Watt{5} + 1_w == 6_w && 1_s > 10_ms; }")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("body, why", [
    ("bool f() { return 3650_mv > 3600_ma; }", "no match for 'operator>'"),
    ("MilliVolt f() { return 3650; }", "could not convert"),
    ("bool f() { return 3650_mv > 3600; }", "no match for 'operator>'"),
    ("Watt f() { return 1_w + 1_var; }", "no match for 'operator+'"),
    ("Watt f() { return Watt{VoltAmp{3}}; }", "deleted function"),
    ("int f() { return 3650_mv; }", "cannot convert"),
    ("Duration f() { return Instant{}; }", "could not convert"),
    ("bool f() { return Instant{} < UtcInstant{}; }", "no match for 'operator<'"),
    ("Instant f() { return Instant{} + Instant{}; }", "no match for 'operator+'"),
    ("void f() { answer(); }", "ignoring return"),
    ("int f() { return answer(); }", "cannot convert"),
    ("AssetId f() { return Signal::soc; }", "could not convert"),
])
def test_this_does_not_build(body, why):
    done = compiles(body)
    assert done.returncode != 0, f"it built: {body}"
    plain = done.stderr.replace("\u2018", "'").replace("\u2019", "'")
    assert why in plain, plain
