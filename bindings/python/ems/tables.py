# SPDX-License-Identifier: Apache-2.0
"""What the policies schedule, plan and price follow: tables of moments, from rows, from columns (numpy) or from a pandas DataFrame.

Checked once, when made; a step then only looks up its moment. A moment is a datetime with a zone, a ``datetime64`` in UTC,
ISO 8601 with a zone (``"2026-07-01T12:00:00Z"``), or microseconds since 1970 UTC.
"""
from __future__ import annotations

import typing as _t

from . import _ems
from ._call import call as _call
from ._time import micros as _micros
from .numbers import Number

if _t.TYPE_CHECKING:
    import pandas

    from ._time import _Moment

__all__ = ["PlanSlot", "PlanTable", "PriceSlot", "PriceTable", "ScheduleEntry", "ScheduleTable"]

_Row = _t.TypeVar("_Row", bound=_t.Tuple[_t.Any, ...])


class ScheduleEntry(_t.NamedTuple):
    """A power agreed on for a time."""

    start: _Moment  #: from this moment
    end: _Moment  #: until this one
    power_w: Number  #: W of all batteries together at ac, + discharges


class PlanSlot(_t.NamedTuple):
    """A stretch of a plan: a power of the batteries, or one at the grid connection."""

    start: _Moment  #: from this moment
    end: _Moment  #: until this one
    power_w: Number | None = None  #: W of all batteries together at ac, + discharges
    pcc_target_w: Number | None = None  #: W at the grid connection instead, + imports


class PriceSlot(_t.NamedTuple):
    """What energy costs from a moment until the next slot."""

    start: _Moment  #: from this moment
    buy_per_kwh: Number  #: currency per kWh, paid for import; may be negative
    sell_per_kwh: Number  #: currency per kWh, got for export


def _known(value: _t.Any) -> _t.Any:
    """A value of a column; NaN is a hole."""
    return None if isinstance(value, float) and value != value else value


def _rows(rows: _t.Any, row_type: _t.Callable[..., _Row]) -> list[_Row]:
    """Rows of a list of rows, a mapping of columns, a DataFrame or a structured array. Columns beside the row's own are not looked at."""
    names = getattr(getattr(rows, "dtype", None), "names", None)
    if names is None:
        names = rows if isinstance(rows, _t.Mapping) else getattr(rows, "columns", None)
    if names is None:
        return [row_type(*row) for row in rows]
    own = [name for name in row_type._fields if name in names]  # type: ignore[attr-defined]
    columns = [list(rows[name]) for name in own]
    return [row_type(**dict(zip(own, map(_known, values)))) for values in zip(*columns, strict=True)]


class ScheduleTable:
    """Powers agreed on beforehand, for :class:`ems.Schedule`.

    :param rows: :class:`ScheduleEntry` by time without overlap, or a mapping, DataFrame or structured array with its fields as columns.
    :raises EmsError: ``OutOfRangeError``; its ``offset`` is the row's number from 0.
    """

    def __init__(self, rows: _t.Iterable[ScheduleEntry] | _t.Mapping[str, _t.Iterable[_t.Any]] | pandas.DataFrame) -> None:
        entries = [(_micros(row.start), _micros(row.end), row.power_w) for row in _rows(rows, ScheduleEntry)]
        self._native = _call(_ems.ScheduleTable, entries)


class PlanTable:
    """A plan, as an optimiser writes it, for :class:`ems.Plan`.

    :param rows: :class:`PlanSlot` by time without overlap, gaps allowed, or a mapping, DataFrame or structured array with its fields as
        columns, where NaN is a hole.
    :param made_at: when it was made.
    :param valid_for_s: s from then on for which it is followed.
    :param plan_id: its name in the record, at most 48 bytes.
    :raises EmsError: ``OutOfRangeError``, ``InvalidArgumentError``; ``offset`` is the row's number from 0.
    """

    def __init__(
        self, rows: _t.Iterable[PlanSlot] | _t.Mapping[str, _t.Iterable[_t.Any]] | pandas.DataFrame, made_at: _Moment, valid_for_s: Number,
        plan_id: str,
    ) -> None:
        slots = [(_micros(row.start), _micros(row.end), row.power_w, row.pcc_target_w) for row in _rows(rows, PlanSlot)]
        self._native = _call(_ems.PlanTable, slots, _micros(made_at), valid_for_s, plan_id)


class PriceTable:
    """Prices of energy, for :class:`ems.Price`.

    :param rows: :class:`PriceSlot` by time, or a mapping, DataFrame or structured array with its fields as columns.
    :param end: of the last slot.
    :param made_at: when it was made.
    :param currency: ISO 4217, ``"EUR"``.
    :raises EmsError: ``OutOfRangeError``; its ``offset`` is the row's number from 0.
    """

    def __init__(
        self, rows: _t.Iterable[PriceSlot] | _t.Mapping[str, _t.Iterable[_t.Any]] | pandas.DataFrame, end: _Moment, made_at: _Moment,
        currency: str,
    ) -> None:
        slots = [(_micros(row.start), row.buy_per_kwh, row.sell_per_kwh) for row in _rows(rows, PriceSlot)]
        self._native = _call(_ems.PriceTable, slots, _micros(end), _micros(made_at), currency)
