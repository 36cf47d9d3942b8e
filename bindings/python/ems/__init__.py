# SPDX-License-Identifier: Apache-2.0
"""libems for Python: read battery frames and telemetry stores.

Signs: positive delivers into the site (battery discharge +, grid import +). Units: SI decimals, named in the suffix
(``pack_voltage_v``, ``pack_current_a``, ``soc_pct``). Unknown is ``None`` in a decoded frame and NaN, with ``valid`` False, in a column.
"""
from __future__ import annotations

import json as _json
from typing import Any, NamedTuple

import numpy as _numpy

from . import _ems
from .errors import EmsError, error_class

__all__ = ["Column", "EmsError", "Store", "catalogue", "decode", "error_class", "errors", "protocols"]
__version__ = _ems.version


def _call(function, *arguments):
    """Calls into C++ and turns its named error into the exception of the same name."""
    try:
        return function(*arguments)
    except _ems.NativeError as error:
        code, offset, message = error.args
        raise error_class(code)(message, offset) from None


def protocols() -> list[str]:
    """Names of the battery protocols that :func:`decode` understands."""
    return _ems.protocols()


def catalogue() -> list[dict[str, Any]]:
    """Every signal: number, name (as in decoded frames), unit symbol, decimal digits, meaning."""
    return _ems.catalogue()


def decode(protocol: str, response: bytes | None, request: bytes = b"") -> dict[str, Any]:
    """Decodes one reply of a battery.

    :param protocol: a name of :func:`protocols`, e.g. ``"jbd"``.
    :param response: exactly one frame, as received; ``None`` decodes the request instead.
    :param request: the request it answers, as sent.
    :returns: SI names and values, e.g. ``{"pack_voltage_v": 13.75, "cell_voltages_v": [3.43, ...], "alarms": []}``.
    :raises EmsError: a subclass named after the error code (``ChecksumError``, ``TruncatedError`` ...), with ``offset``,
        the first byte of the reply that is wrong.
    """
    reply = None if response is None else bytes(response)
    return _json.loads(_call(_ems.decode, protocol, bytes(request), reply))


class Column(NamedTuple):
    """One point over time. The arrays have equal length and own their memory."""

    name: str  #: asset and signal, e.g. ``"battery/1 pack_voltage_v"``
    time: _numpy.ndarray  #: ``datetime64[us]``, UTC
    value: _numpy.ndarray  #: float64, SI; NaN where not valid
    raw: _numpy.ndarray  #: int64 in the catalogue's integer unit; 0 where not valid
    valid: _numpy.ndarray  #: bool
    quality: _numpy.ndarray  #: uint8: 0 bad, 1 uncertain, 2 substituted, 3 good
    sequence: _numpy.ndarray  #: uint64: the row's number within its epoch, from 1, without holes
    epoch: _numpy.ndarray  #: uint32: counts the lives of the store


class Store:
    """Reads a telemetry store, of an agent or of a server, while its owner goes on writing.

    Threads may share one object: their calls take turns, and the rest of Python runs meanwhile.

    :param path: the SQLite file.
    :param agent: on a server's store, the agent's identity (``SITE/NAME``); not needed where there is only one.
    :raises EmsError: ``NotFoundError``, ``SchemaError``, ``CorruptError`` ...
    """

    def __init__(self, path: str, agent: str | None = None, tenant: str = "default") -> None:
        self._native = _call(_ems.Store, str(path), agent or "", tenant)

    def points(self) -> list[str]:
        """Every point that has rows: ``"battery/1 pack_voltage_v"``, ``"battery/1 cell_voltages_v 7"``."""
        return _call(self._native.points)

    def column(self, point: str, start_us: int | None = None, end_us: int | None = None) -> Column:
        """One point over time, oldest first.

        :param point: as :meth:`points` names it.
        :param start_us: first moment, microseconds of UTC, inclusive; ``None``: from the beginning.
        :param end_us: last moment, exclusive; ``None``: to the end.
        """
        lo = -(2**63) if start_us is None else start_us
        hi = 2**63 - 1 if end_us is None else end_us
        time_us, raw, valid, quality, sequence, epoch, digits = _call(self._native.column, point, lo, hi)
        value = _numpy.where(valid, raw / 10.0**digits, _numpy.nan)
        return Column(point, time_us.astype("datetime64[us]"), value, raw, valid, quality, sequence, epoch)

    def marks(self) -> dict[str, int]:
        """Last row of each stream (``audit``, ``telemetry``, ``decisions``): committed (agent) or stored (server)."""
        return _call(self._native.marks)

    def gaps(self) -> list[tuple[str, int, int, int]]:
        """Ranges that will never come: (stream, epoch, first sequence, last sequence)."""
        return _call(self._native.gaps)

    def latest(self) -> dict[str, float | None]:
        """Every point's value in the newest row, SI; ``None`` where that row does not know it."""
        rows = _call(self._native.latest)
        return {name: None if raw is None else raw / 10.0**digits for name, raw, digits in rows}
