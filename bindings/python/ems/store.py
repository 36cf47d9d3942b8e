# SPDX-License-Identifier: Apache-2.0
"""Telemetry stores, of an agent or of a server."""
from __future__ import annotations

import os
import typing as _t

from . import _ems
from ._call import call as _call
from ._time import micros
from .columns import Column, frame_of
from .queries import Buckets, EnergyLine, above_zero, buckets_of, energy_of, quality_number, seconds_us

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
        self._path = str(path)
        self._native = _call(_ems.Store, self._path, agent or "", tenant)

    def points(self) -> list[str]:
        """Every point that has rows: ``"battery/1 pack_voltage_v"``, ``"battery/1 cell_voltages_v 7"``."""
        return _call(self._native.points)

    def columns(self, points: _t.Sequence[str] = (), since: _Moment | None = None, until: _Moment | None = None) -> list[Column]:
        """Some points over time, oldest first, in one pass; all have a place for every row.

        :param points: as :meth:`points` names them; empty: every point that occurs.
        :param since: first moment, inclusive; ``None``: from the beginning. Microseconds of UTC, a datetime or a ``datetime64``.
        :param until: last moment, exclusive; ``None``: to the end.
        """
        lo, hi = _micros(since, _FIRST), _micros(until, _LAST)
        time_us, sequence, epoch, found = _call(self._native.columns, list(points), lo, hi)
        time = time_us.view("datetime64[us]")
        return [
            Column(name, time, value, raw, valid, quality, sequence, epoch)
            for name, value, raw, valid, quality in found
        ]

    def column(self, point: str, start_us: _Moment | None = None, end_us: _Moment | None = None) -> Column:
        """One point over time, oldest first.

        :param point: as :meth:`points` names it.
        :param start_us: first moment, microseconds of UTC (or as :meth:`columns` takes them), inclusive; ``None``: from the beginning.
        :param end_us: last moment, exclusive; ``None``: to the end.
        """
        return self.columns([point], start_us, end_us)[0]

    def buckets(
        self,
        points: _t.Sequence[str] = (),
        *,
        since: _Moment,
        until: _Moment,
        every: float | str = 60,
        zone: str = "",
        gap_max: float = 10,
        quality_min: str = "substituted",
    ) -> list[Buckets]:
        """Some points in few buckets: least, greatest, mean, last and number, and how much of each bucket is known.

        A value speaks from its moment to the next row, if that comes within ``gap_max``; else for nothing, so nothing is made up across a
        gap. The mean is over the time that is known.

        :param points: as :meth:`points` names them; empty: every point that occurs.
        :param since: begin of the first bucket, inclusive, as :meth:`columns` takes it.
        :param until: end of the last bucket, exclusive; it may be shorter.
        :param every: seconds, or a period of the local calendar: ``"quarter_hour"``, ``"hour"``, ``"day"``, ``"month"``.
        :param zone: whose calendar, e.g. ``"Europe/Berlin"``; empty: UTC.
        :param gap_max: seconds; three times the period of the rows is right.
        :param quality_min: what is of less quality counts as ``doubted`` and else as unknown.
        :raises EmsError: ``InvalidArgumentError``, ``ResourceExhaustedError`` (more than four million buckets), ``NotFoundError`` (no zone).
        """
        step = 0 if isinstance(every, str) else seconds_us(every, "every")
        found = _call(
            self._native.buckets, list(points), micros(since), micros(until), step, every if step == 0 else "", zone,
            seconds_us(gap_max, "gap_max"), quality_number(quality_min),
        )
        return buckets_of(*found)

    def energy(
        self,
        *,
        since: _Moment,
        until: _Moment,
        every: str = "day",
        zone: str = "",
        grid_meter: str | None = None,
        gap_max: float = 10,
        bridge_max: float = 86400,
        power_max_w: int | None = None,
        counter_modulus_wh: int | None = None,
    ) -> list[EnergyLine]:
        """What each asset took and gave in each period: from its counters where they are there, from power otherwise.

        :param since: begin of the first period, inclusive, as :meth:`columns` takes it.
        :param until: end of the last period, exclusive.
        :param every: ``"quarter_hour"``, ``"hour"``, ``"day"`` or ``"month"`` of the local calendar; a day may have 23 hours or 25.
        :param zone: whose calendar, e.g. ``"Europe/Berlin"``; empty: UTC.
        :param grid_meter: whose counters are the site's import and export, e.g. ``"meter/1"``; ``None``: the site's are from power.
        :param gap_max: seconds that a power speaks for at most.
        :param bridge_max: seconds; the longest outage that a counter's difference is believed over.
        :param power_max_w: W, more than any asset can: a counter that rises faster was replaced. ``None``: not known.
        :param counter_modulus_wh: the counters count modulo this; takes ``power_max_w``. ``None``: not known, and a counter that
            falls was reset.
        :raises EmsError: as :meth:`buckets`; ``OutOfRangeError`` for a year before 1970 or after 2199.
        """
        found = _call(
            self._native.energy, micros(since), micros(until), every, zone, grid_meter or "", seconds_us(gap_max, "gap_max"),
            seconds_us(bridge_max, "bridge_max"), above_zero(power_max_w, "power_max_w"),
            above_zero(counter_modulus_wh, "counter_modulus_wh"),
        )
        return energy_of(*found)

    def export_csv(
        self,
        path: str | os.PathLike[str],
        points: _t.Sequence[str] = (),
        since: _Moment | None = None,
        until: _Moment | None = None,
        qualities: bool = False,
    ) -> None:
        """Writes a CSV file: one line a row, one column a point in SI units, empty where unknown.

        :param path: written anew.
        :param qualities: behind each column one more: ``good``, ``substituted``, ``uncertain``, ``bad``.

        The other parameters are those of :meth:`columns`.
        """
        self._export(path, points, since, until, False, qualities, [])

    def export_line_protocol(
        self,
        path: str | os.PathLike[str],
        points: _t.Sequence[str] = (),
        since: _Moment | None = None,
        until: _Moment | None = None,
        tags: _t.Mapping[str, str] | None = None,
    ) -> None:
        """Writes InfluxDB line protocol: one line a row and asset; nanoseconds.

        :param path: written anew.
        :param tags: added to every line, e.g. ``{"agent": "site/a"}``.

        The other parameters are those of :meth:`columns`.
        """
        self._export(path, points, since, until, True, False, list((tags or {}).items()))

    def _export(
        self,
        path: str | os.PathLike[str],
        points: _t.Sequence[str],
        since: _Moment | None,
        until: _Moment | None,
        line_protocol: bool,
        qualities: bool,
        tags: list[tuple[str, str]],
    ) -> None:
        lo, hi = _micros(since, _FIRST), _micros(until, _LAST)
        _call(self._native.export_rows, str(path), list(points), lo, hi, line_protocol, qualities, tags)

    def to_pandas(self, points: _t.Sequence[str] = (), since: _Moment | None = None, until: _Moment | None = None) -> pandas.DataFrame:
        """A DataFrame: one row a moment, indexed by UTC time, one float64 column (SI, NaN unknown) a point. Needs pandas.

        Parameters as those of :meth:`columns`.
        """
        found = self.columns(points, since, until)
        if found:
            return frame_of(found, found[0].time)
        import numpy

        return frame_of([], numpy.empty(0, "datetime64[us]"))

    def snapshot(self, to: str | os.PathLike[str]) -> int:
        """Copies the whole store to a new file while its owner writes on: everything committed so far, nothing later.

        :param to: the copy; must not exist.
        :returns: bytes of the copy.
        :raises EmsError: ``AlreadyExistsError``, ``DiskFullError``, ``CorruptError`` ...
        """
        return _call(_ems.snapshot_store, self._path, str(to))

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
