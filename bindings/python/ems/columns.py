# SPDX-License-Identifier: Apache-2.0
"""One point over time, and tables of them; what stores and simulated sites give."""
from __future__ import annotations

import typing as _t

from ._arrow import export

if _t.TYPE_CHECKING:
    import numpy
    import pandas
    import numpy.typing as _npt

__all__ = ["Column", "Columns"]


class Column(_t.NamedTuple):
    """One point over time. The arrays have equal length and own their memory."""

    name: str  #: asset and signal, e.g. ``"battery/1 pack_voltage_v"``
    time: _npt.NDArray[numpy.datetime64]  #: ``datetime64[us]``, UTC; of a simulated site: simulated
    value: _npt.NDArray[numpy.float64]  #: float64, SI; NaN where not valid
    raw: _npt.NDArray[numpy.int64]  #: the exact integer in the catalogue's integer unit; 0 where not valid
    valid: _npt.NDArray[numpy.bool_]  #: False: nobody knew the value then
    quality: _npt.NDArray[numpy.uint8]  #: 0 bad, 1 uncertain, 2 substituted, 3 good
    sequence: _npt.NDArray[numpy.uint64]  #: the row's number within its epoch, from 1, without holes
    epoch: _npt.NDArray[numpy.uint32]  #: counts the lives of the store; 0: simulated

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """An Arrow record batch (PyCapsule protocol): time, value and raw (null where not valid), quality, sequence, epoch."""
        return export(
            [
                ("time", "tsu:UTC", self.time.view("int64"), None, 0),
                ("value", "g", self.value, self.valid, 0),
                ("raw", "l", self.raw, self.valid, 0),
                ("quality", "C", self.quality, None, 0),
                ("sequence", "L", self.sequence, None, 0),
                ("epoch", "I", self.epoch, None, 0),
            ],
            len(self.time),
        )


class Columns(_t.Protocol):
    """Whatever has points over time: :class:`ems.Store` and :class:`ems.SimulatedSite`."""

    def points(self) -> list[str]:
        """Names of the points, e.g. ``"battery/1 soc_pct"``."""

    def column(self, point: str) -> Column:
        """One point over time, oldest first.

        :param point: as :meth:`points` names it.
        """


def frame_of(columns: _t.Iterable[Column], time: _npt.NDArray[numpy.datetime64]) -> pandas.DataFrame:
    """A DataFrame: one row a moment, indexed by time, one float64 column (SI, NaN unknown) a point."""
    import pandas

    index = pandas.DatetimeIndex(time, name="time", tz="UTC")
    return pandas.DataFrame({column.name: column.value for column in columns}, index=index, copy=False)
