# SPDX-License-Identifier: Apache-2.0
"""Telemetry stores, of an agent or of a server."""
from __future__ import annotations

import os
import typing as _t

from . import _ems
from ._call import call as _call
from ._time import micros
from .columns import Column, frame_of

if _t.TYPE_CHECKING:
    import pandas

    from ._time import _Moment

__all__ = ["Store"]

_FIRST, _LAST = -(2**63), 2**63 - 1


def _micros(moment: _Moment | None, otherwise: int) -> int:
    """Microseconds since 1970 UTC."""
    return otherwise if moment is None else micros(moment)


class Store:
    """Reads a telemetry store, of an agent or of a server, while its owner goes on writing.

    Threads may share one object: their calls take turns, and the rest of Python runs meanwhile.

    :param path: the SQLite file.
    :param agent: on a server's store, the agent's identity (``SITE/NAME``); not needed where there is only one.
    :param tenant: on a server's store, whose agent it is.
    :raises EmsError: ``NotFoundError``, ``SchemaError``, ``CorruptError`` ...
    """

    def __init__(self, path: str | os.PathLike[str], agent: str | None = None, tenant: str = "default") -> None:
        self._native = _call(_ems.Store, str(path), agent or "", tenant)

    def points(self) -> list[str]:
        """Every point that has rows: ``"battery/1 pack_voltage_v"``, ``"battery/1 cell_voltages_v 7"``."""
        return _call(self._native.points)

    def columns(self, points: _t.Sequence[str] = (), since: _Moment | None = None, until: _Moment | None = None) -> list[Column]:
        """Some points over time, oldest first, in one pass; all have a place for every row.

        :param points: as :meth:`points` names them; empty: every point that occurs.
        :param since: first moment, inclusive; ``None``: from the beginning. Microseconds of UTC, a datetime or a ``datetime64``.
        :param until: last moment, exclusive; ``None``: to the end.
        """
        import numpy

        lo, hi = _micros(since, _FIRST), _micros(until, _LAST)
        time_us, sequence, epoch, found = _call(self._native.columns, list(points), lo, hi)
        time = time_us.astype("datetime64[us]")
        return [
            Column(name, time, numpy.where(valid, raw / 10.0**digits, numpy.nan), raw, valid, quality, sequence, epoch)
            for name, raw, valid, quality, digits in found
        ]

    def column(self, point: str, start_us: _Moment | None = None, end_us: _Moment | None = None) -> Column:
        """One point over time, oldest first.

        :param point: as :meth:`points` names it.
        :param start_us: first moment, microseconds of UTC (or as :meth:`columns` takes them), inclusive; ``None``: from the beginning.
        :param end_us: last moment, exclusive; ``None``: to the end.
        """
        return self.columns([point], start_us, end_us)[0]

    def to_pandas(self, points: _t.Sequence[str] = (), since: _Moment | None = None, until: _Moment | None = None) -> pandas.DataFrame:
        """A DataFrame: one row a moment, indexed by UTC time, one float64 column (SI, NaN unknown) a point. Needs pandas.

        Parameters as those of :meth:`columns`.
        """
        found = self.columns(points, since, until)
        if found:
            return frame_of(found, found[0].time)
        import numpy

        return frame_of([], numpy.empty(0, "datetime64[us]"))

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
