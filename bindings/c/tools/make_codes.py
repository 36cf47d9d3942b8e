#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes bindings/c/include/ems/capi/codes.h from the library's tables: errc.def, signals.def, units.def, alarms.def,
texts.def. Run it after a change of a table; tests/abi/test_c_headers.py compares."""
from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LIB = ROOT / "libems" / "include" / "ems"
OUT = ROOT / "bindings" / "c" / "include" / "ems" / "capi" / "codes.h"

TABLES = [
    # (file, row macro, prefix of the names, what the enum is)
    ("core/errc.def", "EMS_ERRC", "EMS_E_", "Status codes: ems_status_t. Append-only; the same numbers and names as in C++ and Python."),
    ("model/signals.def", "EMS_SIGNAL", "EMS_SIGNAL_", "Signals: ems_value_t.signal. Append-only; ems_signal_get() gives unit and meaning."),
    ("model/units.def", "EMS_UNIT", "EMS_UNIT_", "Units: ems_signal_info_t.unit."),
    ("model/alarms.def", "EMS_ALARM", "EMS_ALARM_", "Bit numbers of the signals `alarms` and `warnings`."),
    ("model/texts.def", "EMS_TEXT", "EMS_TEXT_", "Text fields: ems_text_t.field."),
]


def rows(path: Path, macro: str) -> list[tuple[str, int, str]]:
    """(name, number, last string of the row) of each row of a table."""
    found = []
    for line in path.read_text().splitlines():
        match = re.match(rf"{macro}\((\w+), (\d+)(.*)\)\s*$", line)
        if match:
            texts = re.findall(r'"([^"]*)"', match.group(3))
            found.append((match.group(1), int(match.group(2)), texts[-1] if texts else ""))
    if not found:
        raise SystemExit(f"{path}: no rows of {macro}")
    return found


def header() -> str:
    out = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/** @file Numbers of the library's tables. Made by bindings/c/tools/make_codes.py; do not edit. */",
        "/* clang-format off */", "#ifndef EMS_CAPI_CODES_H", "#define EMS_CAPI_CODES_H", "",
    ]
    for file, macro, prefix, what in TABLES:
        out += [f"/** {what} */", "enum {"]
        lines = [("EMS_OK", 0, "success")] if macro == "EMS_ERRC" else []
        lines += [(prefix + name.upper(), number, text) for name, number, text in rows(LIB / file, macro)]
        for index, (name, number, text) in enumerate(lines):
            comma = "," if index + 1 < len(lines) else ""
            comment = f" /**< {text} */" if text and macro in {"EMS_ERRC", "EMS_SIGNAL"} else ""
            out.append(f"  {name} = {number}{comma}{comment}")
        out += ["};", ""]
    return "\n".join(out + ["#endif", ""])


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if OUT.read_text() == header() else f"{OUT.relative_to(ROOT)} is out of date: run bindings/c/tools/make_codes.py")
    OUT.write_text(header())
