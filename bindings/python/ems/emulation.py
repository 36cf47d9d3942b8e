# SPDX-License-Identifier: Apache-2.0
"""libems as the battery: the CAN frames that an inverter expects, from the values of any other battery."""
from __future__ import annotations

import typing as _t

from . import _ems
from ._call import call as _call
from .can import CanFrame as _CanFrame

__all__ = ["CanEmulator"]


class CanEmulator:
    """Speaks for a battery towards an inverter that knows low-voltage CAN.

    A limit that is unknown or too old becomes 0 A and its enable is cleared, in the very next burst: a program that stops to update stops
    the inverter. Charging is allowed only while ``soc_pct``, ``pack_voltage_v``, ``pack_current_a``, ``temperature_degc``,
    ``charge_voltage_limit_v``, ``charge_current_limit_a`` and ``charge_enable`` are known; discharging likewise. Limits are rounded to the
    safe side of the wire's step. Alarms stay, however old, until an update says otherwise.

    :param protocol: ``"pylontech-lv-can"``, ``"victron-can-bms"``, ``"sma-lv-can"`` or ``"deye-lv-can"``.
    :param max_age_s: s from which a value is too old.
    :param manufacturer: 8 characters of it are sent; empty: the dialect's own.
    :raises EmsError: ``UnknownProtocolError``; ``UnimplementedError`` when libems cannot be such a battery; ``OutOfRangeError``.
    """

    def __init__(self, protocol: str, *, max_age_s: float = 5.0, manufacturer: str = "") -> None:
        self._speak = (protocol, manufacturer, max_age_s)
        self._samples: dict[int, tuple[int, int, bool]] = {}
        self.frames(0)  # Refuses what can never be spoken.

    def update(self, values: _t.Mapping[str, _t.Any], now_s: float) -> None:
        """Takes values of the battery. What is not among them keeps its value and its age.

        :param values: names and values as :func:`ems.decode` and :func:`ems.decode_can` give them; ``None``: unknown from now on. What no
            dialect carries (cells, the vendor's own) is passed over; a vendor's alarm counts as ``internal_failure``.
        :param now_s: monotonic time of the values, s, e.g. ``time.monotonic()``.
        :raises EmsError: ``NotFoundError``: no such name; ``WrongTypeError``, ``OutOfRangeError``. Nothing is taken then.
        """
        rows = _call(_ems.emulated_values, dict(values))
        taken_us = _call(_ems.count, now_s, 6)
        for signal, count in rows:
            if count is not None:
                self._samples[signal] = (count, taken_us, True)
            elif signal in self._samples:  # What an alarm said last stays said.
                self._samples[signal] = (self._samples[signal][0], taken_us, False)

    def frames(self, now_s: float) -> list[_CanFrame]:
        """The frames of this second: to be sent once a second.

        :param now_s: monotonic time, s, by the clock of :meth:`update`.
        """
        protocol, manufacturer, max_age_s = self._speak
        samples = [(signal, *sample) for signal, sample in self._samples.items()]
        return [_CanFrame(*row) for row in _call(_ems.emulate, protocol, samples, manufacturer, now_s, max_age_s)]
