# SPDX-License-Identifier: Apache-2.0
"""What to send to a battery that is asked over a serial line: its usual requests, and orders."""
from __future__ import annotations

import typing as _t

from . import _ems
from ._call import call as _call

__all__ = ["PollRequest", "encode_balance", "encode_limits", "encode_switch", "limits_lease_s", "poll_requests"]


class PollRequest(_t.NamedTuple):
    """One request of a protocol. It only reads."""

    name: str  #: what it asks for, e.g. ``"basic info"``
    data: bytes  #: to be sent as it is; :func:`ems.decode` takes it with the reply
    every: int  #: asked every n-th round; 0: once after each connect


def poll_requests(
    protocol: str, *, variant: str = "", address: int | None = None, cell_count: int = 0, temperature_count: int = 0
) -> list[PollRequest]:
    """What to ask a battery, in order, one request at a time.

    :param protocol: a name of :func:`protocols` that has requests, e.g. ``"jbd"``.
    :param variant: as :func:`ems.decode` takes it.
    :param address: as :func:`ems.decode` takes it.
    :param cell_count: as :func:`ems.decode` takes it.
    :param temperature_count: as :func:`ems.decode` takes it.
    :raises EmsError: ``UnknownProtocolError``; ``InvalidArgumentError`` (a battery on CAN, or a keyword that the protocol cannot have);
        ``OutOfRangeError``.
    """
    return [PollRequest(*row) for row in _call(_ems.poll_requests, protocol, (variant, address, cell_count, temperature_count))]


def encode_switch(protocol: str, *, charge_on: bool, discharge_on: bool, variant: str = "", address: int | None = None) -> bytes:
    """The request that switches a battery's outputs. Nothing here checks whether that is safe: the agent's commands do.

    :param protocol: a name of :func:`protocols`, e.g. ``"jbd"``.
    :param charge_on: both outputs are always said: what one is now may be the battery's own protection.
    :param discharge_on: see ``charge_on``.
    :param variant: as :func:`ems.decode` takes it.
    :param address: as :func:`ems.decode` takes it.
    :raises EmsError: ``UnimplementedError`` when the protocol has no such command; ``UnknownProtocolError``, ``InvalidArgumentError``,
        ``OutOfRangeError``.
    """
    return _call(_ems.encode_switch, protocol, charge_on, discharge_on, (variant, address, 0, 0))


def encode_limits(
    protocol: str,
    *,
    charge_voltage_v: float,
    discharge_voltage_v: float,
    charge_current_a: float,
    discharge_current_a: float,
    variant: str = "",
    address: int | None = None,
) -> bytes:
    """The request that sets a battery's limits, rounded to the safe side of the wire's step.

    They lapse in the battery unless they are sent again within :func:`limits_lease_s`.

    :param protocol: a name of :func:`protocols`, e.g. ``"pylontech"``.
    :param charge_voltage_v: V, the highest pack voltage.
    :param discharge_voltage_v: V, the lowest pack voltage.
    :param charge_current_a: A, a magnitude.
    :param discharge_current_a: A, a magnitude.
    :param variant: as :func:`ems.decode` takes it.
    :param address: as :func:`ems.decode` takes it.
    :raises EmsError: ``OutOfRangeError`` for a value that the wire cannot say; and as :func:`encode_switch`.
    """
    limits = (charge_voltage_v, discharge_voltage_v, charge_current_a, discharge_current_a)
    return _call(_ems.encode_limits, protocol, limits, (variant, address, 0, 0))


def limits_lease_s(protocol: str) -> float:
    """Seconds after which a battery forgets limits that are not sent again; 0: it never does, or has no such command.

    :param protocol: a name of :func:`protocols` that has requests.
    :raises EmsError: ``UnknownProtocolError``; ``InvalidArgumentError`` (a battery on CAN).
    """
    return _call(_ems.limits_lease_s, protocol)


def encode_balance(protocol: str, on: bool, *, variant: str = "", address: int | None = None) -> bytes:
    """The request that lets a battery balance its cells, or forbids it.

    :param protocol: a name of :func:`protocols`.
    :param on: whether it may.
    :param variant: as :func:`ems.decode` takes it.
    :param address: as :func:`ems.decode` takes it.
    :raises EmsError: as :func:`encode_switch`.
    """
    return _call(_ems.encode_balance, protocol, on, (variant, address, 0, 0))
