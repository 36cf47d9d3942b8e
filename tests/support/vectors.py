# SPDX-License-Identifier: Apache-2.0
"""The protocol vectors and how their numbers are compared."""
from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "vectors/bms_serial_jbd.json"


def vector(name: str) -> dict:
    return next(v for v in json.loads(FILE.read_text(), parse_float=Decimal) if v["id"] == name)


def agrees(value, expected) -> bool:
    """Equal to half of the last digit stated (vectors/README.md)."""
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return value == expected
    if isinstance(expected, (int, float, Decimal)):
        stated = Decimal(str(expected))
        return value is not None and abs(Decimal(str(value)) - stated) <= Decimal(5).scaleb(stated.as_tuple().exponent - 1)
    if isinstance(expected, dict):
        return all(key in value and agrees(value[key], want) for key, want in expected.items())
    return value is not None and len(value) == len(expected) and all(map(agrees, value, expected))
