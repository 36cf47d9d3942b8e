#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/reference/c-functions.md from the headers; test_c_headers.py compares."""
from __future__ import annotations

import c_headers as headers

PAGE = headers.ROOT / "docs" / "reference" / "c-functions.md"
ORDER = ["status.h", "catalogue.h", "codec.h", "poller.h", "can.h", "image.h", "safety.h", "decision.h", "control.h", "alarm.h", "telemetry.h", "query.h", "ota.h"]
HEAD = """# C functions

Made by `tests/abi/make_index.py` from the headers; do not edit. The comment in the header says the rest of each function; the rules
that hold for all are in [the C ABI](c-abi.md).
"""


def page() -> str:
    by_header: dict[str, list[headers.Function]] = {}
    for function in headers.functions():
        by_header.setdefault(function.header, []).append(function)
    out = [HEAD]
    for header in sorted(by_header, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)):
        out += [f"## ems/capi/{header}", "", "| function | what it does | since |", "|---|---|---|"]
        out += [f"| `{f.name}` | {f.summary} | {f.since} |" for f in by_header[header]] + [""]
    return "\n".join(out)


if __name__ == "__main__":
    PAGE.write_text(page())
