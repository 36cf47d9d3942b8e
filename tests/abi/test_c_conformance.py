# SPDX-License-Identifier: Apache-2.0
"""Every protocol vector through the C ABI: the same numbers as through C++."""
from __future__ import annotations

import subprocess
from collections import defaultdict
from decimal import Decimal

import pytest

from support.places import BUILD
from support import vectors

PROGRAM = BUILD / "tests" / "abi" / "abi_decode"


def job(vector: dict) -> str:
    told = vectors.options(vector)
    options = ",".join(str(told.get(name, "-")) for name in vectors.OPTIONS)
    if "frames" in vector:
        frames = [f"{f['id']:0{8 if f['ext'] else 3}X}#{f['data_hex']}" for f in vector["frames"]]
        return " ".join(["can", vector["protocol"], options, *frames])
    kind = "poll" if vector.get("response_hex") is not None else "request"
    return f"{kind} {vector['protocol']} {options} {vector.get('request_hex') or '-'} {vector.get('response_hex') or '-'}"


def run(jobs: list[str]) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """(status, facts) of each job, and what the program knows of itself."""
    text = subprocess.run([PROGRAM], input="".join(line + "\n" for line in jobs), capture_output=True, text=True, check=True,
                          timeout=60).stdout
    parts, lines = [], []
    for line in text.splitlines():
        if line.startswith("end "):
            parts.append((line.split(" ")[1], lines))
            lines = []
        else:
            lines.append(line)
    assert len(parts) == len(jobs) + 1
    return parts[1:], parts[0][1]


def number(value: str, unit: str, digits: str):
    return value == "1" if unit == "boolean" else Decimal(value).scaleb(-int(digits))


class Device:
    """What was read of a battery or of one of its modules."""

    def __init__(self) -> None:
        self.values: dict = {}
        self.elements: dict[str, dict[int, object]] = {}
        self.sizes: dict[str, int] = {}
        self.bits: dict[str, int | None] = {}

    def value(self, name, whole, si_name, unit, digits, has_elements, element, _, quality, value) -> None:
        known = None if quality == "0" else number(value, unit, digits)
        if name in {"alarms", "warnings", "vendor_alarms"}:
            self.bits[name] = None if quality == "0" else int(value)
        elif has_elements == "0":
            self.values[si_name] = known
        elif element == "0":
            self.values[whole] = known
        else:
            self.elements.setdefault(si_name, {})[int(element)] = known

    def shaped(self, alarms: dict[int, str], own: dict[int, str]) -> dict:
        """In the form of the vectors. Half a list of alarms would look healthier than it is: then there is none."""
        out = {name: value for name, value in self.values.items() if value is not None}
        for name in {*self.elements, *self.sizes}:
            found = self.elements.get(name, {})
            out[name] = [found.get(i + 1) for i in range(max([self.sizes.get(name, 0), *found]))]

        def names(mask: str, of: dict[int, str]) -> list[str]:
            return [of.get(bit, f"vendor:unnamed_{bit}") for bit in range(64) if self.bits.get(mask, 0) >> bit & 1]

        said = [mask for mask in ("alarms", "vendor_alarms") if mask in self.bits]
        if said and all(self.bits[mask] is not None for mask in said):
            out["alarms"] = names("alarms", alarms) + names("vendor_alarms", own)
        if self.bits.get("warnings") is not None:
            out["warnings"] = names("warnings", alarms)
        return out


def shaped(lines: list[str], alarms: dict[int, str]) -> dict:
    """The facts in the form of the vectors."""
    devices: dict[int, Device] = defaultdict(Device)
    vendor: dict = {}
    own: dict[int, str] = {}
    ack = False
    for line in lines:
        kind, *words = line.split(" ")
        if kind == "value":
            devices[int(words[7])].value(*words)
        elif kind == "text":
            (vendor if words[0] == "manufacture_date" else devices[int(words[1])].values)[words[0]] = " ".join(words[2:])
        elif kind == "vendor":
            group, _, rest = words[0].partition(".")
            (vendor.setdefault(group, {}) if rest else vendor)[rest or group] = int(words[1])
        elif kind == "count":
            devices[int(words[1])].sizes[words[0]] = int(words[2])
        elif kind == "vendor_alarm":
            own[int(words[0])] = "vendor:" + words[1]
        elif kind == "ack":
            ack = True
    out = devices[0].shaped(alarms, own)
    if max(devices) > 0:
        out["modules"] = [devices[i].shaped(alarms, own) for i in range(1, max(devices) + 1)]
    return out | ({"ack": True} if ack else {}) | ({"vendor": vendor} if vendor else {})


@pytest.fixture(scope="module")
def known() -> tuple[dict[int, str], list[str]]:
    """Names of the alarms, and of the codecs, as the library says them."""
    words = [line.split(" ") for line in run([])[1]]
    return {int(w[1]): w[2] for w in words if w[0] == "alarm"}, [w[1] for w in words if w[0] == "codec"]


def wrong_with(vector: dict, status: str, lines: list[str], alarms: dict[int, str]) -> str:
    """Empty, or what the C ABI says otherwise than the vector."""
    if status != vector.get("expect_error", "ok"):
        return f"{vector['id']}: {status} instead of {vector.get('expect_error', 'ok')}"
    if "expect" not in vector:
        return ""
    values = shaped(lines, alarms)
    wanted = vectors.comparable(vector, values)
    return "" if vectors.agrees(values, wanted) else f"{vector['id']}: {values} instead of {wanted}"


def test_every_vector_agrees(known):
    alarms, codecs = known
    found = vectors.of_batteries(codecs)
    assert len(found) >= 186 and {v["protocol"] for v in found} == set(codecs), "a protocol without a vector"
    answers, _ = run([job(v) for v in found])
    wrong = [wrong_with(vector, status, lines, alarms) for vector, (status, lines) in zip(found, answers)]
    assert [line for line in wrong if line] == []


@pytest.mark.parametrize("name, change", [
    ("jbd-basic-sp04s034", lambda v: v["expect"].update(pack_voltage_v=Decimal("15.7"))),
    ("jbd-basic-sp04s034", lambda v: v["expect"].update(charge_fet_on=1)),
    ("jbd-basic-sp04s034", lambda v: v["expect"]["temperatures_degc"].append(None)),
    ("jbd-basic-sp04s034", lambda v: v["expect"].update(alarms=["cell_overvoltage"])),
    ("jbd-basic-sp04s034", lambda v: v["expect"].update(no_such_name=1)),
    ("jbd-basic-sp04s034", lambda v: v.update(response_hex=v["response_hex"][:-2])),
    ("jbd-basic-sp04s034", lambda v: v.update(expect_error="checksum")),
])
def test_a_wrong_vector_is_told(known, name, change):
    alarms, _ = known
    vector = vectors.vector(name)
    change(vector)
    [(status, lines)], _ = run([job(vector)])
    assert wrong_with(vector, status, lines, alarms)


@pytest.mark.parametrize("options, status", [
    ("no_such,-,-,-", "invalid_argument"), ("-,7,-,-", "out_of_range"), ("-,-,200,-", "out_of_range"), ("-,64,16,2", "truncated")])
def test_options_that_the_protocol_cannot_have_are_refused(options, status):
    [(said, _)], _ = run([f"poll daly_a5 {options} - A5"])
    assert said == status


def test_frames_of_others_are_not_of_the_protocol():
    assert [status for status, _ in run(["can pylontech-lv-can -,-,-,- 123#00", "can pylontech-lv-can -,-,-,- 355#1A0064000000"])[0]] == [
        "header", "ok"]
