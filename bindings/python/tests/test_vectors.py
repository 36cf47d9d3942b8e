# SPDX-License-Identifier: Apache-2.0
"""Every protocol vector through Python: the same numbers as through C++ and C."""
from __future__ import annotations

from decimal import Decimal

import pytest
from support import vectors

import ems
from ems import errors

ALL = vectors.of_batteries(ems.protocols())


def decoded(vector: dict) -> dict:
    told = vectors.options(vector)
    if "frames" in vector:
        frames = [ems.CanFrame(f["id"], bytes.fromhex(f["data_hex"]), f["ext"]) for f in vector["frames"]]
        return ems.decode_can(vector["protocol"], frames, **told)
    reply = vector.get("response_hex")
    response = None if reply is None else bytes.fromhex(reply)
    return ems.decode(vector["protocol"], response, bytes.fromhex(vector.get("request_hex") or ""), **told)


def wrong_with(vector: dict) -> str:
    """Empty, or what Python says otherwise than the vector."""
    wanted = vector.get("expect_error")
    try:
        values = decoded(vector)
    except ems.EmsError as error:
        same = error.code == wanted and type(error) is errors.error_class(error.code) and error.offset >= 0 and str(error)
        return "" if same else f"{vector['id']}: {error!r} instead of {wanted}"
    if wanted is not None:
        return f"{vector['id']}: {values} instead of {wanted}"
    expected = vectors.comparable(vector, values)
    return "" if vectors.agrees(values, expected) else f"{vector['id']}: {values} instead of {expected}"


def test_every_vector_agrees():
    assert len(ALL) >= 186 and {v["protocol"] for v in ALL} == set(ems.protocols()), "a protocol without a vector"
    assert [line for line in map(wrong_with, ALL) if line] == []


@pytest.mark.parametrize("change", [
    lambda v: v["expect"].update(pack_voltage_v=Decimal("15.7")),
    lambda v: v["expect"].update(charge_fet_on=1),
    lambda v: v["expect"]["temperatures_degc"].append(None),
    lambda v: v["expect"].update(alarms=["cell_overvoltage"]),
    lambda v: v["expect"].update(no_such_name=1),
    lambda v: v.update(response_hex=v["response_hex"][:-2]),
    lambda v: v.update(expect_error="checksum"),
])
def test_a_wrong_vector_is_told(change):
    vector = vectors.vector("jbd-basic-sp04s034")
    assert wrong_with(vector) == ""
    change(vector)
    assert wrong_with(vector)


@pytest.mark.parametrize("keywords, error", [
    ({"variant": "no_such"}, errors.InvalidArgumentError), ({"address": 256}, errors.OutOfRangeError)])
def test_frames_take_options_too(keywords, error):
    frame = (0x351, bytes.fromhex("1402740E740ECC01"))
    assert ems.decode_can("pylontech-lv-can", [frame], variant="", address=None) == ems.decode_can("pylontech-lv-can", [frame])
    with pytest.raises(error):
        ems.decode_can("pylontech-lv-can", [frame], **keywords)
