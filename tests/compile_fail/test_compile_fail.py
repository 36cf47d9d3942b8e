# SPDX-License-Identifier: Apache-2.0
"""What must not build: mixed units, bare integers, narrowing, ignored results. Each case has a twin that must build: it differs in
the one thing that is wrong."""
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
Result<void> deed();
"""


def compiles(body: str) -> subprocess.CompletedProcess:
    command = [os.environ.get("CXX", "g++"), "-std=c++20", "-fsyntax-only", "-Werror=unused-result", "-Werror=narrowing",
               "-I", str(ROOT / "libems/include"), "-x", "c++", "-"]
    return subprocess.run(command, input=PRELUDE + body, capture_output=True, text=True)


CASES = [
    # (what must not build, its twin, what the compiler says)
    # Quantities of different units do not meet.
    ("bool f() { return 3650_mv > 3600_ma; }", "bool f() { return 3650_mv > 3600_mv; }", "no match for 'operator>'"),
    ("bool f() { return 1_w == 1_va; }", "bool f() { return 1_w == 1_w; }", "no match for 'operator=='"),
    ("Watt f() { return 1_w + 1_var; }", "Watt f() { return 1_w + 1_w; }", "no match for 'operator+'"),
    ("Watt f() { Watt w{}; w += 1_wh; return w; }", "Watt f() { Watt w{}; w += 1_w; return w; }", "no match for 'operator+='"),
    ("Watt f() { return Watt{VoltAmp{3}}; }", "Watt f() { return Watt{3}; }", "deleted function"),
    ("MilliVolt f() { return 3650_ma; }", "MilliVolt f() { return 3650_mv; }", "could not convert"),
    # A number is not a quantity, and a quantity is not a number.
    ("MilliVolt f() { return 3650; }", "MilliVolt f() { return MilliVolt{3650}; }", "could not convert"),
    ("bool f() { return 3650_mv > 3600; }", "bool f() { return (3650_mv).count() > 3600; }", "no match for 'operator>'"),
    ("int f() { return 3650_mv; }", "int f() { return (3650_mv).count(); }", "cannot convert"),
    # Nothing is lost on the way in.
    ("MilliVolt f(long long wide) { return MilliVolt{wide}; }", "MilliVolt f(int right) { return MilliVolt{right}; }",
     "narrowing conversion"),
    ("Watt f() { return Watt{1.5}; }", "Watt f() { return Watt{1}; }", "narrowing conversion"),
    ("Watt f() { return 1.5_w; }", "Watt f() { return 1_w; }", "unable to find numeric literal operator"),
    ("MilliVolt f() { return 3_v; }", "MilliVolt f() { return 3000_mv; }", "unable to find numeric literal operator"),
    # Clocks and durations are not each other.
    ("Duration f() { return Instant{}; }", "Duration f() { return Instant{} - Instant{}; }", "could not convert"),
    ("bool f() { return Instant{} < UtcInstant{}; }", "bool f() { return Instant{} < Instant{}; }", "no match for 'operator<'"),
    ("Instant f() { return Instant{} + Instant{}; }", "Instant f() { return Instant{} + 1_s; }", "no match for 'operator+'"),
    ("Duration f() { return 5; }", "Duration f() { return seconds(5); }", "could not convert"),
    # A result is looked at.
    ("void f() { answer(); }", "void f() { (void)answer(); }", "ignoring return"),
    ("void f() { deed(); }", "bool f() { return deed().has_value(); }", "ignoring return"),
    ("int f() { return answer(); }", "int f() { return *answer(); }", "cannot convert"),
    ("bool f() { return answer(); }", "bool f() { return answer().has_value(); }", "cannot convert"),
    ("Result<int> f() { return Error{}; }", "Result<int> f() { return fail(Errc::syntax, 0, \"no\"); }", "could not convert"),
    # Names of different things are not each other.
    ("AssetId f() { return Signal::soc; }", "AssetId f() { return battery(1); }", "could not convert"),
    ("Point f() { return {Signal::soc, battery(1), 0}; }", "Point f() { return {battery(1), Signal::soc, 0}; }", "could not convert"),
]


def test_every_twin_builds():
    done = compiles("".join(f"namespace twin{number} {{ {twin} }}\n" for number, (_, twin, _) in enumerate(CASES)))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("body, why", [(body, why) for body, _, why in CASES])
def test_this_does_not_build(body, why):
    done = compiles(body)
    assert done.returncode != 0, f"it built: {body}"
    plain = done.stderr.replace("\u2018", "'").replace("\u2019", "'")
    assert why in plain, plain
    errors = [line for line in plain.splitlines() if " error: " in line]
    assert len(errors) == 1, f"it fails for another reason too: {errors}"
