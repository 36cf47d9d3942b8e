#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes layout_x86_64.c: size and offset of every field of every struct of the C ABI, as the compiler sees them now.

Run it to add a new struct, or a field at the end of one. A line that would change or go is a broken ABI: never commit that
once the struct was released."""
from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import c_headers as headers

OUT = Path(__file__).with_name("layout_x86_64.c")


def layout() -> str:
    probe = ["#include <ems/ems.h>", "#include <stdio.h>", "int main(void) {"]
    for name, fields in headers.structs().items():
        probe.append(f'  printf("\\n_Static_assert(sizeof({name}) == %zu, \\"{name}\\");\\n", sizeof({name}));')
        for field in fields:
            where = f"{name}, {field}"
            probe.append(f'  printf("_Static_assert(offsetof({where}) == %zu && sizeof((({name} *)0)->{field}) == %zu, '
                         f'\\"{name}.{field}\\");\\n", offsetof({where}), sizeof((({name} *)0)->{field}));')
    probe += ["  return 0;", "}"]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text("\n".join(probe) + "\n")
        subprocess.run(["cc", "-I", headers.INCLUDE, source, "-o", Path(folder, "probe")], check=True)
        lines = subprocess.run([Path(folder, "probe")], check=True, capture_output=True, text=True).stdout
    return ("// SPDX-License-Identifier: Apache-2.0\n"
            "// Layout of every public struct of the C ABI on x86-64. Made by make_layout.py; compiled by every build.\n"
            "// clang-format off\n#include <ems/ems.h>\n" + lines)


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if OUT.read_text() == layout() else "tests/abi/layout_x86_64.c does not list every struct: run tests/abi/make_layout.py")
    OUT.write_text(layout())
