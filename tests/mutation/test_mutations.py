# SPDX-License-Identifier: Apache-2.0
"""The mutation operators themselves: what they change, what they leave alone, and the list of equivalent mutants."""
import mutate
from mutations import mutations


def changes(text: str) -> set[str]:
    """The line as each mutant has it."""
    return {m.apply(text).strip() for m in mutations("x.cpp", text)}


def test_operators_change_what_they_say():
    assert changes("  if (a < b) x();\n") == {"if (a <= b) x();", "if (a >= b) x();"}
    assert changes("  return a && !b;\n") == {"return a || !b;", "return a && b;"}
    assert changes("  y = k + 1'000;\n") == {"y = k - 1'000;", "y = k + 1001;", "y = k + 999;"}
    assert changes("  return min_of(a, b);\n") == {"return max_of(a, b);"}
    assert changes("  if (a) return f(b);\n") == {"if (a) ;"}
    assert changes("  f();\n  g(a);\n") == {"f();\n;"}
    assert changes("  if (!a) return fail(\"x\");\n") == {"if (!a) ;", "if (a) return fail(\"x\");"}  # A text inside stays whole.
    assert changes("  return Direction::charge;\n") == {"return Direction::discharge;"}


def test_what_is_no_behaviour_is_left_alone():
    for text in ("  // a < b\n", "  f(\"a < b\", 1_none);\n", "#define A 1\n", "  static_assert(a < 2);\n", "  EMS_ASSERT(f(a) && b < 2);\n",
                 "  StaticVector<Trip, 4 * kMaxBatteries + 2> x;\n", "  charge = 1,\n", "  const std::span<const int> x;\n"):
        assert changes(text) - {"", "f(\"a < b\", 2_none);", "f(\"a < b\", 0_none);"} == set(), text


def test_a_mutant_knows_its_place():
    first, second, *_ = [m for m in mutations("x.cpp", "int a;\nreturn 1 + 5 + 5;\n") if m.old == "5" and m.new == "6"]
    assert (first.line, first.source, first.what, second.what) == (2, "return 1 + 5 + 5;", "`5` -> `6` (1)", "`5` -> `6` (2)")
    again = mutations("x.cpp", "a = b < c;\na = b < c;\n")
    assert [m.source for m in again] == ["a = b < c;"] * 2 + ["a = b < c; #2"] * 2


def test_every_equivalent_mutant_is_argued_and_exists():
    assert all(why.strip() for why in mutate.equivalents().values())
    candidates, known = mutate.drawable([])
    assert candidates and known >= len(mutate.equivalents())
