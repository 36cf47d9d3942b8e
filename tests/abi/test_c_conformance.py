# SPDX-License-Identifier: Apache-2.0
"""The protocol vectors through the C ABI: the same numbers as through C++."""
from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from support.places import BUILD, ROOT
from support import vectors

PROGRAM = BUILD / "tests" / "abi" / "abi_decode"


def load(name: str) -> list[dict]:
    return json.loads((ROOT / "tests" / "vectors" / name).read_text(), parse_float=Decimal)


ALL = [v for v in load("bms_serial_jbd.json") + load("bms_can_pylontech.json") if v["protocol"] in {"jbd", "pylontech-lv-can"}]


def job(vector: dict) -> str:
    if "frames" in vector:
        frames = [f"{f['id']:0{8 if f['ext'] else 3}X}#{f['data_hex']}" for f in vector["frames"]]
        return " ".join(["can", vector["protocol"], *frames])
    kind = "poll" if vector.get("response_hex") is not None else "request"
    return f"{kind} {vector['protocol']} {vector.get('request_hex') or '-'} {vector.get('response_hex') or '-'}"


def number(value: str, unit: str, digits: str):
    return value == "1" if unit == "boolean" else Decimal(value).scaleb(-int(digits))


def shaped(lines: list[str], alarms: dict[int, str]) -> dict:
    """The facts in the form of the vectors."""
    out: dict = {}
    elements: dict[str, dict[int, object]] = {}
    sizes: dict[str, int] = {}
    bits: dict[str, int] = {}
    vendor: dict = {}
    vendor_alarms: dict[int, str] = {}
    for line in lines:
        kind, *words = line.split(" ")
        if kind == "value":
            name, si_name, unit, digits, has_elements, element, module, quality, value = words
            if module != "0":
                continue
            known = None if quality == "0" else number(value, unit, digits)
            if name in {"alarms", "warnings", "vendor_alarms"}:
                bits[name] = int(value)
            elif has_elements == "1" and element != "0":
                elements.setdefault(si_name, {})[int(element)] = known
            elif has_elements == "1":
                out[si_name.replace("temperatures", "temperature")] = known
            else:
                out[si_name] = known
        elif kind == "text":
            (vendor if words[0] == "manufacture_date" else out)[words[0]] = " ".join(words[2:])
        elif kind == "vendor":
            group, _, rest = words[0].partition(".")
            (vendor.setdefault(group, {}) if rest else vendor)[rest or group] = int(words[1])
        elif kind == "count":
            sizes[words[0]] = int(words[2])
        elif kind == "vendor_alarm":
            vendor_alarms[int(words[0])] = "vendor:" + words[1]
        elif kind == "ack":
            out["ack"] = True
    for name, size in sizes.items():
        elements.setdefault(name, {})
        sizes[name] = max([size, *elements[name]])
    for name, found in elements.items():
        out[name] = [found.get(i + 1) for i in range(sizes.get(name, max(found, default=0)))]
    names = [alarms[b] for b in range(64) if bits.get("alarms", 0) >> b & 1]
    names += [vendor_alarms[b] for b in range(64) if bits.get("vendor_alarms", 0) >> b & 1]
    if {"alarms", "vendor_alarms"} & set(bits):
        out["alarms"] = names
    if "warnings" in bits:
        out["warnings"] = [alarms[b] for b in range(64) if bits["warnings"] >> b & 1]
    return out | ({"vendor": vendor} if vendor else {})


@pytest.fixture(scope="module")
def answers() -> tuple[dict[int, str], dict[str, tuple[str, list[str]]]]:
    text = subprocess.run([PROGRAM], input="".join(job(v) + "\n" for v in ALL), capture_output=True, text=True, check=True,
                          timeout=60).stdout
    parts, lines = [], []
    for line in text.splitlines():
        if line.startswith("end "):
            parts.append((line.split(" ")[1], lines))
            lines = []
        else:
            lines.append(line)
    assert len(parts) == len(ALL) + 1
    alarms = {int(number): name for _, number, name in (line.split(" ") for line in parts[0][1])}
    return alarms, {v["id"]: part for v, part in zip(ALL, parts[1:])}


@pytest.mark.parametrize("vector", ALL, ids=[v["id"] for v in ALL])
def test_c_agrees_with_the_vector(vector, answers):
    alarms, by_id = answers
    status, lines = by_id[vector["id"]]
    assert status == vector.get("expect_error", "ok")
    if "expect" in vector:
        values = shaped(lines, alarms)
        assert vectors.agrees(values, vector["expect"]), values


def test_the_vectors_are_there():
    assert len(ALL) >= 50 and {v["protocol"] for v in ALL} == {"jbd", "pylontech-lv-can"}
