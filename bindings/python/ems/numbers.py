# SPDX-License-Identifier: Apache-2.0
"""Numbers on their way into C++: SI decimals by name, exact integers inside."""
from __future__ import annotations

from decimal import Decimal, InvalidOperation
import typing as _t

from . import _ems
from ._call import call as _call
from .errors import SyntaxError as _SyntaxError

__all__ = ["Number"]

#: A quantity in the unit its name says. ``str``, ``Decimal`` and ``int`` are taken exactly, and more digits than the unit holds (3.6505 V)
#: are an ``OffGridError``; a ``float`` is rounded to the nearest step of the unit, in :class:`ems.Limits` only when it is that step but
#: for its own last digits. Unknown is ``None``, never NaN.
Number = _t.Union[int, float, str, Decimal]

#: Durations count microseconds; the catalogue's seconds are whole.
_DIGITS = {si: digits for _, si, digits in _ems.units() if si} | {"_s": 6}


def _suffix(name: str) -> str:
    """``_v`` of ``cell_voltage_max.trip_v``."""
    return "_" + name.rsplit("_", 1)[-1]


#: Digits behind the last one of a unit in which a float may be off: its own error, not what was meant.
_FLOAT_NOISE_DIGITS = 6


def decimal_text(name: str, number: Number) -> str:
    """The number as plain decimal text; a float is rounded to the unit that the name ends in."""
    if isinstance(number, float):
        digits = _digits(name)
        return format(Decimal(_call(_ems.count, number, digits)).scaleb(-digits), "f")
    return _exact_text(name, number)


def limit_text(name: str, number: Number) -> str:
    """The number as plain decimal text, never rounded to the unit: that could loosen a limit. The caller's parser refuses what is off."""
    if isinstance(number, float):
        digits = _digits(name)
        _call(_ems.count, number, digits)  # Neither NaN nor infinite.
        return _exact_text(name, repr(round(float(number), digits + _FLOAT_NOISE_DIGITS) + 0.0))
    return _exact_text(name, number)


def _digits(name: str) -> int:
    return _DIGITS.get(_suffix(name), 0)


def _exact_text(name: str, number: int | str | Decimal) -> str:
    try:
        exact = Decimal(number)
    except InvalidOperation:
        raise _SyntaxError(f"{name}: not a decimal number: {number}") from None
    if not exact.is_finite():
        raise ValueError(f"{name}: not a finite number: {number}")
    return format(exact.normalize(), "f")


def from_integer_unit(line: str) -> tuple[str, Decimal]:
    """``cell_voltage_max.trip_mv=3600`` as (``cell_voltage_max.trip_v``, 3.6)."""
    name, _, count = line.partition("=")
    si_name, digits = _si_name(name)
    return si_name, Decimal(int(count)).scaleb(-digits)


def curve_from_integer_unit(line: str) -> tuple[str, list[tuple[Decimal, Decimal]]]:
    """``charge_voltage_derate_mv_bp=3550:10000,3650:0`` as (``charge_voltage_derate_v``, [(3.55, 100), (3.65, 0)])."""
    name, _, points = line.partition("=")
    si_name, digits = _si_name(name.removesuffix("_bp"))
    pairs = [point.split(":") for point in points.split(",") if point]
    return si_name, [(Decimal(int(x)).scaleb(-digits), Decimal(int(share)).scaleb(-2)) for x, share in pairs]


def _si_name(name: str) -> tuple[str, int]:
    """SI name of ``cell_voltage_max.trip_mv``, and the digits between the two units."""
    units = {suffix: (si, digits) for suffix, si, digits in _ems.units()} | {"_us": ("_s", 6)}
    si, digits = units.get(_suffix(name), ("", 0))
    return (name[: -len(_suffix(name))] + si if si else name), digits
