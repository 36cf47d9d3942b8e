# SPDX-License-Identifier: Apache-2.0
"""The protocol vectors, and how what they expect is compared: the rules of tests/conformance/io/battery_conformance_test.cpp."""
from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
FILE = FOLDER / "bms_serial_jbd.json"
OPTIONS = ("variant", "address", "cell_count", "temperature_count")


def load(file: str) -> list[dict]:
    return json.loads((FOLDER / file).read_text(), parse_float=Decimal)


def vector(name: str) -> dict:
    return next(v for v in load(FILE.name) if v["id"] == name)


def of_batteries(codecs) -> list[dict]:
    """Every vector of the protocols that `codecs` names; those of links and logs are not of a codec."""
    found = [v for path in sorted(FOLDER.glob("bms_*.json")) for v in load(path.name)]
    return [v for v in found if v["protocol"] in codecs]


def options(vector: dict) -> dict:
    """What the codec is told beside the frames, by its names."""
    said = {**(vector.get("context") or {}), **(vector.get("options") or {})}
    return {name: said[name] for name in OPTIONS if said.get(name) is not None}


def comparable(vector: dict, values: dict) -> dict:
    """What is expected, without those of the vendor's own values that the codec does not give as the same kind of thing: their units and
    names are ours to choose. JBD's are ours, and all of them count."""
    expected = dict(vector["expect"])
    if "vendor" not in expected or vector["protocol"] == "jbd":
        return expected

    def kind(value) -> str:
        return "number" if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) else type(value).__name__

    given = values.get("vendor", {})
    own = {name: want for name, want in expected.pop("vendor").items()
           if name in given and kind(given[name]) == kind(want) and not isinstance(want, bool)}
    return expected | ({"vendor": own} if own else {})


def agrees(value, expected) -> bool:
    """Equal to half of the last digit stated (vectors/README.md)."""
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return value == expected
    if isinstance(expected, (int, float, Decimal)):
        stated = Decimal(str(expected))
        if not isinstance(value, (int, float, Decimal)) or isinstance(value, bool):
            return False
        return abs(Decimal(str(value)) - stated) <= Decimal(5).scaleb(stated.as_tuple().exponent - 1)
    if isinstance(expected, dict):
        return isinstance(value, dict) and all(key in value and agrees(value[key], want) for key, want in expected.items())
    if not isinstance(value, list) or len(value) != len(expected):
        return False
    if expected and all(isinstance(want, str) for want in expected):  # Names of alarms: their order means nothing.
        return sorted(value) == sorted(expected)
    return all(map(agrees, value, expected))
