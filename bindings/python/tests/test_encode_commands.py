# SPDX-License-Identifier: Apache-2.0
"""Requests and orders for batteries that are asked."""
import pytest

import ems
from ems import errors

LIMITS = {"charge_voltage_v": 53.2, "discharge_voltage_v": 46, "charge_current_a": 25, "discharge_current_a": 37}


def test_what_to_ask_a_battery():
    requests = ems.poll_requests("jbd")
    assert [one.data.hex().upper() for one in requests][:2] == ["DDA50300FFFD77", "DDA50400FFFC77"]
    assert all(one.name and one.every >= 0 for one in requests)
    reply = bytes.fromhex("DD03001D0618000001F201F400002C7C00000000000080640304030B8B0B8A0B84FA8D77")
    assert ems.decode("jbd", reply, requests[0].data)["pack_voltage_v"] == 15.6
    assert ems.poll_requests("pylontech", address=3)[0].data != ems.poll_requests("pylontech", address=2)[0].data


def test_every_protocol_that_is_asked_has_requests_and_no_other():
    for name in ems.protocols():
        try:
            assert ems.poll_requests(name), name
        except errors.InvalidArgumentError as refused:
            assert "CAN" in str(refused), name
            with pytest.raises(errors.HeaderError):  # It has frames.
                ems.decode_can(name, [])


def test_outputs_are_switched():
    assert ems.encode_switch("jbd", charge_on=False, discharge_on=True).hex().upper() == "DD5AE1020001FF1C77"
    assert len({ems.encode_switch("jbd", charge_on=c, discharge_on=d) for c in (False, True) for d in (False, True)}) == 4


def test_limits_are_rounded_to_the_safe_side_and_lapse():
    request = ems.encode_limits("pylontech", **LIMITS, address=3)
    assert request.startswith(b"~2003469") and request.endswith(b"\r")
    assert ems.encode_limits("pylontech", **{**LIMITS, "charge_current_a": 25.09}, address=3) == request  # The wire's step is 0.1 A.
    assert ems.limits_lease_s("pylontech") == 10 and ems.limits_lease_s("jbd") == 0


def test_balancing_is_switched():
    who = [name for name in ems.protocols() if can_balance(name)]
    assert who
    for name in who:
        assert ems.encode_balance(name, True) != ems.encode_balance(name, False)


def can_balance(protocol: str) -> bool:
    try:
        ems.encode_balance(protocol, True)
    except (errors.UnimplementedError, errors.InvalidArgumentError):
        return False
    return True


def test_what_cannot_be_is_refused():
    for bad in ({"charge_current_a": -1}, {"charge_voltage_v": 1e9}, {"charge_voltage_v": float("nan")}):
        with pytest.raises(errors.OutOfRangeError):
            ems.encode_limits("pylontech", **{**LIMITS, **bad})
    with pytest.raises(errors.UnimplementedError):
        ems.encode_limits("jbd", **LIMITS)
    with pytest.raises(errors.InvalidArgumentError):
        ems.encode_switch("pylontech-lv-can", charge_on=True, discharge_on=True)
    with pytest.raises(errors.InvalidArgumentError):
        ems.encode_switch("jbd", charge_on=True, discharge_on=True, variant="none_such")
    with pytest.raises(errors.OutOfRangeError):
        ems.poll_requests("pylontech", address=256)
    with pytest.raises(errors.UnknownProtocolError):
        ems.limits_lease_s("no-such-protocol")
