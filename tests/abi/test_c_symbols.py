# SPDX-License-Identifier: Apache-2.0
"""What libems.so.0 and libems.a give to and want from a program, and that the ABI did not change by accident."""
from __future__ import annotations

import re
import shutil
import subprocess

import pytest

import c_headers as headers
import make_baseline
from support.places import BUILD

SO = BUILD / "bindings" / "c" / "libems.so.0"
ARCHIVE = BUILD / "bindings" / "c" / "libems.a"
# What libc itself, or the compiler, gives to every program.
LIBC = {"fprintf", "stderr", "memchr", "memcmp", "memcpy", "memmove", "memset", "strlen", "fwrite", "abort", "_GLOBAL_OFFSET_TABLE_",
        "__cxa_finalize", "__gmon_start__", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__stack_chk_fail"}


def nm(*arguments) -> list[list[str]]:
    text = subprocess.run(["nm", *map(str, arguments)], check=True, capture_output=True, text=True).stdout
    return [line.split() for line in text.splitlines() if line and not line.endswith(":")]


def exported(*arguments) -> set[str]:
    return {words[-1].split("@")[0] for words in nm("--defined-only", "--extern-only", *arguments)} - {"LIBEMS_0"}


def wanted(*arguments) -> set[str]:
    return {words[-1].split("@")[0] for words in nm("--undefined-only", *arguments)}


def test_exported_symbols_are_exactly_the_headers_functions():
    assert exported("-D", SO) == headers.declared()
    assert exported(ARCHIVE) == headers.declared()
    assert all(name.startswith("ems_") for name in headers.declared())


def test_every_symbol_carries_the_version_node():
    versions = {words[-1] for words in nm("-D", "--defined-only", SO) if words[-1] != "LIBEMS_0"}
    assert versions and all(name.endswith("@@LIBEMS_0") for name in versions)


def test_it_needs_nothing_but_libc():
    if headers.sanitized(SO):
        pytest.skip("a sanitizer brings its own")
    dynamic = subprocess.run(["readelf", "-d", SO], check=True, capture_output=True, text=True).stdout
    assert re.findall(r"NEEDED.*\[(.*)\]", dynamic) == ["libc.so.6"]
    assert re.findall(r"SONAME.*\[(.*)\]", dynamic) == ["libems.so.0"]
    assert wanted("-D", SO) <= LIBC  # No allocation among them.
    assert wanted(ARCHIVE) <= LIBC


def abidiff(library) -> subprocess.CompletedProcess:
    return subprocess.run(["abidiff", "--no-added-syms", make_baseline.OUT, library], capture_output=True, text=True, timeout=120)


def test_the_abi_is_the_one_of_the_baseline():
    """Functions and structs may be added; none may change or go. docs/reference/c-abi.md says how a release renews it."""
    if headers.sanitized(SO):
        pytest.skip("the baseline has no sanitizer")
    run = abidiff(SO)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("header, line, broken", [
    ("types.h", r"int32_t p_w;", "int64_t p_w;"),
    ("types.h", r"int64_t value;", "int32_t more; int64_t value;"),
    ("image.h", r"uint16_t element,", "uint32_t element,"),
    ("status.h", r"\bems_version\(void\)", "ems_version_text(void)"),
])
def test_that_comparison_can_fail(tmp_path, monkeypatch, header, line, broken):
    include = tmp_path / "include"
    shutil.copytree(headers.INCLUDE, include)
    file = include / "ems" / "capi" / header
    text, count = re.subn(line, broken, file.read_text())
    assert count > 0, "the headers moved on: choose another line"
    file.write_text(text)
    monkeypatch.setattr(headers, "HEADERS", sorted((include / "ems" / "capi").glob("*.h")))
    assert abidiff(make_baseline.build(tmp_path, include)).returncode != 0
