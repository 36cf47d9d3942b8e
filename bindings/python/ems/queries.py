# SPDX-License-Identifier: Apache-2.0
"""What queries of a store give: buckets and energy, one owning array per column."""
from __future__ import annotations

import typing as _t

from ._arrow import export

if _t.TYPE_CHECKING:
    import numpy
    import numpy.typing as _npt

__all__ = ["Buckets", "EnergyLine"]

_QUALITIES = ("bad", "uncertain", "substituted", "good")
_SOURCES = ("none", "counter", "power", "mixed")


class Buckets(_t.NamedTuple):
    """One point in buckets of time. The arrays have equal length and own their memory."""

    name: str  #: asset and signal, e.g. ``"battery/1 pack_voltage_v"``
    begin: _npt.NDArray[numpy.datetime64]  #: ``datetime64[us]``, UTC
    end: _npt.NDArray[numpy.datetime64]  #: ``datetime64[us]``, UTC; the next one's begin
    min: _npt.NDArray[numpy.float64]  #: SI, of the samples in it; NaN where there is none
    max: _npt.NDArray[numpy.float64]  #: likewise
    mean: _npt.NDArray[numpy.float64]  #: SI, over the known time; NaN where none is known
    last: _npt.NDArray[numpy.float64]  #: SI; NaN where there is no sample
    last_at: _npt.NDArray[numpy.datetime64]  #: when that was; NaT likewise
    samples: _npt.NDArray[numpy.uint64]  #: how many that are trusted
    doubted: _npt.NDArray[numpy.uint64]  #: samples that are not, and count for nothing
    known: _npt.NDArray[numpy.float64]  #: share of the bucket for which a trusted value speaks, 0 to 1

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """An Arrow record batch (PyCapsule protocol) of all columns; null where there is no sample, or for ``mean`` no known time."""
        here = self.samples > 0
        return export(
            [
                ("begin", "tsu:UTC", self.begin.view("int64"), None, 0),
                ("end", "tsu:UTC", self.end.view("int64"), None, 0),
                ("min", "g", self.min, here, 0),
                ("max", "g", self.max, here, 0),
                ("mean", "g", self.mean, self.known > 0, 0),
                ("last", "g", self.last, here, 0),
                ("last_at", "tsu:UTC", self.last_at.view("int64"), here, 0),
                ("samples", "L", self.samples, None, 0),
                ("doubted", "L", self.doubted, None, 0),
                ("known", "g", self.known, None, 0),
            ],
            len(self.begin),
        )


class EnergyLine(_t.NamedTuple):
    """One flow of one asset over the periods. The arrays have equal length and own their memory."""

    asset: str  #: ``"site"``, ``"meter/1"``, ``"inverter/1"``, ``"battery/1"``
    flow: str  #: ``"imported"``, ``"exported"``, ``"charged"``, ``"discharged"``
    begin: _npt.NDArray[numpy.datetime64]  #: ``datetime64[us]``, UTC
    end: _npt.NDArray[numpy.datetime64]  #: ``datetime64[us]``, UTC; the next one's begin
    energy_wh: _npt.NDArray[numpy.float64]  #: of the known time, to the mWh; NaN where nothing is known
    source: list[str]  #: ``"counter"``, ``"power"``, ``"mixed"``, ``"none"``
    known: _npt.NDArray[numpy.float64]  #: share of the period that is known, 0 to 1
    spread: _npt.NDArray[numpy.float64]  #: share of it divided in proportion to time: an outage that reaches beyond the period
    resets: _npt.NDArray[numpy.uint32]  #: times the counter began anew
    wraps: _npt.NDArray[numpy.uint32]  #: times it passed its end

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """An Arrow record batch (PyCapsule protocol): begin, end, energy_wh (null where nothing is known), known, spread, resets, wraps."""
        return export(
            [
                ("begin", "tsu:UTC", self.begin.view("int64"), None, 0),
                ("end", "tsu:UTC", self.end.view("int64"), None, 0),
                ("energy_wh", "g", self.energy_wh, self.known > 0, 0),
                ("known", "g", self.known, None, 0),
                ("spread", "g", self.spread, None, 0),
                ("resets", "I", self.resets, None, 0),
                ("wraps", "I", self.wraps, None, 0),
            ],
            len(self.begin),
        )


def seconds_us(seconds: float, name: str) -> int:
    """Seconds as microseconds, to the nearest; above 0."""
    if not 0 < seconds < 1e12:
        raise ValueError(f"{name}: seconds above 0, not {seconds!r}")
    return max(1, round(seconds * 1_000_000))


def above_zero(number: int | None, name: str) -> int:
    """A number above 0; None is 0, which stands for not known."""
    if number is not None and number <= 0:
        raise ValueError(f"{name}: above 0, or None, not {number!r}")
    return number or 0


def quality_number(word: str) -> int:
    """The number of a quality."""
    if word not in _QUALITIES:
        raise ValueError(f"quality_min is one of {', '.join(_QUALITIES)}, not {word!r}")
    return _QUALITIES.index(word)


def _bounds(edges: _npt.NDArray[numpy.int64]) -> tuple[_t.Any, _t.Any, _t.Any]:
    """Begin, end and microseconds of each bucket."""
    moments = edges.view("datetime64[us]")
    return moments[:-1], moments[1:], edges[1:] - edges[:-1]


def buckets_of(edges: _npt.NDArray[numpy.int64], found: list[_t.Any]) -> list[Buckets]:
    """What the native half gives, named."""
    begin, end, width = _bounds(edges)
    return [
        Buckets(name, begin, end, low, high, mean, last, last_at.view("datetime64[us]"), count, doubted, known / width)
        for name, low, high, mean, last, last_at, count, doubted, known in found
    ]


def energy_of(edges: _npt.NDArray[numpy.int64], found: list[_t.Any]) -> list[EnergyLine]:
    """What the native half gives, named."""
    begin, end, width = _bounds(edges)
    return [
        EnergyLine(asset, flow, begin, end, energy, [_SOURCES[i] for i in source], known / width, spread / width, resets, wraps)
        for asset, flow, energy, source, known, spread, resets, wraps in found
    ]
