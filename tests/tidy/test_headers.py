# SPDX-License-Identifier: Apache-2.0
"""Public headers say what each function does, which errors it gives, and in which unit bare integers are."""
import pytest

import headers
from protos import ROOT

PUBLIC = sorted((ROOT / "libems/include").rglob("*.hpp"))


def test_public_headers_document_functions_errors_and_units():
    assert sum(len(headers.declarations(path.read_text())) for path in PUBLIC) > 1000  # The parser sees them.
    assert [fault for path in PUBLIC for fault in headers.faults(str(path.relative_to(ROOT)), path.read_text())] == []


def faults_of(body: str) -> list[str]:
    return headers.faults("x.hpp", f"#pragma once\nnamespace ems {{\n\n{body}\n\n}}  // namespace ems\n")


@pytest.mark.parametrize("body, part", [
    ("int f(int x) noexcept;", "f: no doc comment"),
    ("class A {\n public:\n  int f(int x) const;\n};", "f: no doc comment"),
    ("/// Does.\n[[nodiscard]] Result<int> f(int x) noexcept;", "names no @errors"),
    ("/// Does.\n[[nodiscard]] Result<std::vector<int>> f(\n    int x);", "names no @errors"),
    ("/// Is.\nstruct A {\n  std::int32_t pack_voltage = 0;\n};", "pack_voltage is a bare integer"),
    ("/// Does.\nvoid f(std::uint32_t timeout);", "timeout is a bare integer"),
    ("/// A.\nint f(int x);\n\nint g(int x);", "g: no doc comment"),  # A paragraph ends at a blank line.
    ("int f(int x) {\n  g();\n  return 1;\n}", "f: no doc comment"),
])
def test_the_check_can_fail(body, part):
    assert any(part in fault for fault in faults_of(body)), faults_of(body)


@pytest.mark.parametrize("body", [
    "/// Does.\n/// @errors syntax  no.\n[[nodiscard]] Result<int> f(int x) noexcept;",
    "/// As g().\n[[nodiscard]] Result<int> f(int x) noexcept;",
    "/// @errors io\nclass A {\n public:\n  /// Does.\n  Result<int> f();\n};",
    "/// Both.\nint f(int x);\nint g(int x);",
    "class A {\n public:\n  int f(int x) const { return x; }\n\n private:\n  int g(int x);\n};",
    "namespace detail {\nint f(int x);\n}",
    "/// Is.\nstruct A {\n  std::int32_t pack_voltage_mv = 0;\n  MilliVolt voltage{};\n};",
    "int f(int x);  ///< Does.",
])
def test_good_headers_pass(body):
    assert faults_of(body) == []
