#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes libems.so.0.abi, the ABI that test_c_symbols.py holds the library to. A release runs it; nobody else does.

It is taken from a library of empty functions made from the headers: the ABI as C sees it, without what libems is made of."""
from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import c_headers as headers

OUT = Path(__file__).with_name("libems.so.0.abi")


def source() -> str:
    lines = ["#include <ems/ems.h>", ""]
    for function in headers.functions():
        parameters = ", ".join(f"{p.type} {p.name}" for p in function.parameters) or "void"
        used = " ".join(f"(void){p.name};" for p in function.parameters)
        lines.append(f"{function.returns} {function.name}({parameters}) {{ {used} return 0; }}")
    return "\n".join(lines) + "\n"


def build(folder: Path, include: Path = headers.INCLUDE) -> Path:
    """The library of empty functions."""
    (folder / "abi.c").write_text(source())
    subprocess.run(["cc", "-std=c11", "-g", "-shared", "-fPIC", "-I", include, "-Wl,-soname,libems.so.0",
                    f"-Wl,--version-script={headers.ROOT / 'bindings/c/libems.map'}", "abi.c", "-o", "libems.so.0"], check=True, cwd=folder)
    return folder / "libems.so.0"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        library = build(Path(name))
        subprocess.run(["abidw", "--headers-dir", headers.INCLUDE, "--no-corpus-path", "--no-show-locs", "--no-comp-dir-path",
                        "--out-file", OUT, library], check=True)
