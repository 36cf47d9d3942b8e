# SPDX-License-Identifier: Apache-2.0
"""The safety kernel: measured values in, what every battery and inverter may do out, and the gate for every command.

Numbers are SI, named by their suffix; powers are at ac, positive delivers into the site. It is the kernel that the agent runs.
"""
from __future__ import annotations

import os
from decimal import Decimal
import typing as _t

from . import _ems
from ._call import call as _call
from .numbers import Number, curve_from_integer_unit, from_integer_unit, limit_text

__all__ = [
    "BatterySetup", "BatteryVerdict", "Event", "GateResult", "InverterSetup", "InverterVerdict", "Limits", "Reason", "Safety",
    "SafetyStep", "Trip", "as_points",
]

#: A value of a point: a number, a list for all elements of a signal, or ``None``: unknown.
Value = _t.Union[Number, _t.Sequence[_t.Union[Number, None]], None]


class Limits:
    """Safety limits of a battery, checked: never wider than the absolute limits of its chemistry.

    The names are those of the limits file: ``Limits(charge_current_max_a=50, discharge_current_max_a=100,
    cell_voltage_max={"trip_v": "3.55", "trip_after_s": 1}, charge_voltage_derate_v=[("3.40", 100), ("3.55", 0)])``. What is not given has
    the chemistry's default; the two currents have none.

    :param chemistry: ``"lfp"``.
    :param limits: SI numbers by name, mappings of them (thresholds, overload, ``plausibility``), or the points of a curve: (SI number, % of
        the largest current); see the reference of the limits file.
    :raises EmsError: ``TooWideError``, ``UnknownKeyError``, ``MissingKeyError``, ``OffGridError`` ... with every error in the text.
    """

    def __init__(
        self, chemistry: str = "lfp", **limits: Number | _t.Mapping[str, Number] | _t.Sequence[tuple[Number, Number]]
    ) -> None:
        lines = [f"chemistry: {_word(chemistry)}"]
        for key, value in limits.items():
            if isinstance(value, _t.Mapping):
                inner = ", ".join(f"{_word(name)}: {limit_text(name, number)}" for name, number in value.items())
                lines.append(f"{_word(key)}: {{{inner}}}")
            elif isinstance(value, _t.Sequence) and not isinstance(value, str):
                points = ", ".join(f"[{limit_text(key, x)}, {limit_text('share_pct', share)}]" for x, share in value)
                lines.append(f"{_word(key)}: [{points}]")
            else:
                lines.append(f"{_word(key)}: {limit_text(key, value)}")
        self._take("\n".join(lines) + "\n", "limits")

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Limits:
        """Reads a limits file (``limits.yaml``) as the agent does.

        :raises EmsError: every error of the file in the text, with line and column.
        """
        limits = cls.__new__(cls)
        with open(path, encoding="utf-8") as file:
            limits._take(file.read(), str(path))
        return limits

    def _take(self, text: str, path: str) -> None:
        self._native, self._canonical, self._hash = _call(_ems.parse_limits, text, path)

    def values(self) -> dict[str, Decimal]:
        """Every limit in force, defaults included, in SI, exactly: ``{"cell_voltage_max.trip_v": Decimal("3.55"), ...}``."""
        return dict(from_integer_unit(line) for line in self._lines() if not _is_curve(line))

    def curves(self) -> dict[str, list[tuple[Decimal, Decimal]]]:
        """Every derate curve in force, exactly: ``{"charge_voltage_derate_v": [(Decimal("3.55"), Decimal("100")), ...], ...}``, % of the
        largest current at an SI number; linear between the points."""
        return dict(curve_from_integer_unit(line) for line in self._lines() if _is_curve(line))

    def _lines(self) -> list[str]:
        return [line for line in self._canonical.splitlines() if "=" in line and not line.startswith("chemistry=")]

    @property
    def hash(self) -> str:
        """SHA-256 of the limits in force, 64 hexadecimal digits: what a person accepts and every telemetry block carries."""
        return self._hash


def _is_curve(line: str) -> bool:
    return "_derate_" in line


def _word(text: str) -> str:
    """A key of the limits file, and nothing that YAML could read as more."""
    if not text.replace("_", "").isalnum():
        raise ValueError(f"not a name: {text!r}")
    return text


class BatterySetup(_t.NamedTuple):
    """A battery as safety sees it. The first is ``battery/1``."""

    limits: Limits  #: of this battery
    cells: int  #: cells in series
    breaking_current_max_a: Number = 0  #: A; contactors may open below this magnitude; 0: unknown
    fuse_current_a: Number | None = None  #: A; no current maximum may exceed it; ``None``: none declared
    capacity_ah: Number | None = None  #: Ah; ``None``: unknown
    hazards: _t.Sequence[str] = ()  #: inputs that are wired: ``"insulation"``, ``"smoke"``, ``"gas"``, ``"contactor"``; missing: inhibits
    bms_required: _t.Sequence[str] = ()  #: signals its BMS gives, e.g. ``"charge_fet_on"``, ``"alarms"``; missing, nothing moves


class InverterSetup(_t.NamedTuple):
    """An inverter as safety sees it. The first is ``inverter/1``."""

    rated_power_w: Number  #: W, both directions; also its apparent power in VA
    efficiency_pct: Number = 95  #: %, dc to ac, the lowest of the operating range
    batteries: _t.Sequence[int] = (1,)  #: numbers of the batteries behind it, from 1
    has_dc_pv: bool = False  #: PV on its own dc bus
    can_curtail_pv: bool = False  #: it switches that PV off when told


class Reason(_t.NamedTuple):
    """One safety rule that is active."""

    rule: str  #: e.g. ``"cell_overvoltage"``
    direction: str  #: what it forbids or lowers: ``"charge"``, ``"discharge"``, ``"both"``
    action: str  #: ``"warn"``, ``"derate"``, ``"inhibit"``, ``"latch"``
    cause: str  #: ``"exceeded"``, ``"missing"``, ``"waiting"`` (inside again, but not for long enough)
    signal: str | None  #: SI name of what was compared
    value: float | None  #: SI, in the signal's unit; ``None``: missing
    limit: float  #: SI, in the signal's unit
    element: int | None  #: which cell or sensor, from 1; ``None``: unknown, or not of one


class BatteryVerdict(_t.NamedTuple):
    """What one battery may do at its dc terminals."""

    asset: str  #: ``"battery/1"``
    state: str  #: ``"init"``, ``"normal"``, ``"derated"``, ``"safe"``, ``"tripped"``
    charge_current_max_a: float  #: A, a magnitude; 0 forbids charging
    discharge_current_max_a: float  #: A, a magnitude; 0 forbids discharging
    charge_voltage_max_v: float  #: V; 0 while charging is forbidden
    discharge_voltage_min_v: float  #: V; means something while discharging is allowed
    plausibility_failed: bool  #: the device contradicts itself; a reason says in what
    reasons: list[Reason]  #: every active rule
    reasons_dropped: int  #: weaker ones that there was no room for


class InverterVerdict(_t.NamedTuple):
    """What one inverter may do at its ac terminals."""

    asset: str  #: ``"inverter/1"``
    state: str  #: worst of its batteries and the site
    command: str  #: strongest command let through: ``"follow"``, ``"standby"``, ``"stop"``, ``"open"``
    lo_w: int  #: W; the most it may charge, negative
    hi_w: int  #: W; the most it may discharge
    apparent_max_va: int  #: VA
    curtail_pv: bool  #: its dc PV must be switched off
    may_open: bool  #: the contactor may open


class Event(_t.NamedTuple):
    """Something a person must know."""

    severity: str  #: ``"info"``, ``"warning"``, ``"alarm"``, ``"critical"``
    asset: str  #: whom it concerns
    name: str  #: stable, e.g. ``"cell_overvoltage"``
    active: bool  #: False: it has cleared
    signal: str | None  #: SI name of what was compared
    value: float | None  #: SI; ``None``: the event has no signal


class SafetyStep(_t.NamedTuple):
    """What safety allows in one cycle."""

    state: str  #: worst of everything: ``"init"``, ``"normal"``, ``"derated"``, ``"safe"``, ``"tripped"``
    envelope_w: tuple[int, int]  #: W at ac for all inverters together: (most charging, negative; most discharging)
    batteries: list[BatteryVerdict]  #: in the order of the setup
    inverters: list[InverterVerdict]  #: in the order of the setup
    events: list[Event]  #: what began or ended in this cycle
    late_ticks: int  #: how many whole periods this cycle came late

    @property
    def reasons(self) -> list[Reason]:
        """Every active rule of every battery."""
        return [reason for battery in self.batteries for reason in battery.reasons]


def make_step(raw: dict[str, _t.Any]) -> SafetyStep:
    """A step from what C++ gives."""
    fields = dict(raw)
    fields["batteries"] = [_verdict(row) for row in raw["batteries"]]
    fields["inverters"] = [InverterVerdict(**row) for row in raw["inverters"]]
    fields["events"] = [Event(**row) for row in raw["events"]]
    return SafetyStep(**fields)


def _verdict(raw: dict[str, _t.Any]) -> BatteryVerdict:
    fields = dict(raw)
    fields["reasons"] = [Reason(**row) for row in raw["reasons"]]
    return BatteryVerdict(**fields)


class GateResult(_t.NamedTuple):
    """What becomes of a command."""

    command: str | None  #: what to send: ``"follow"``, ``"standby"``, ``"stop"``, ``"open"``; ``None``: send nothing
    p_w: int  #: W at ac; 0 unless the command is follow
    q_var: int  #: var
    changed: bool  #: it differs from what was wanted
    why: str  #: ``"none"``, or why it was changed


class Trip(_t.NamedTuple):
    """A latched trip; only :meth:`Safety.reset` takes it back."""

    asset: str  #: ``"site"`` or a battery
    cause: str  #: e.g. ``"estop"``, ``"cell_overvoltage"``
    since_s: float  #: s, on the clock of ``now_s``


class Safety:
    """The safety kernel of one site, with its state.

    >>> limits = ems.Limits(charge_current_max_a=50, discharge_current_max_a=100)
    >>> safety = ems.Safety([ems.BatterySetup(limits, cells=16)], [ems.InverterSetup(5000)])

    Everything is forbidden until good health was shown for some seconds. Not for control: a Python process is no watchdog.

    :param batteries: at most 8; the first is ``battery/1``.
    :param inverters: at most 8; the first is ``inverter/1``.
    :param tick_s: s, how often :meth:`step` is called, at most 1; later is a fault.
    :param stale_after_s: s; a value not renewed for so long counts as missing.
    :param estop_inputs: points ``estop_pressed`` that the site has; one that is missing counts as pressed.
    :raises EmsError: ``OutOfRangeError``, ``NotFoundError`` ... for a setup that the kernel refuses.
    """

    def __init__(
        self, batteries: _t.Sequence[BatterySetup], inverters: _t.Sequence[InverterSetup], tick_s: Number = 1, stale_after_s: Number = 3,
        estop_inputs: int = 0,
    ) -> None:
        battery_rows = [(one.limits._native, *one[1:]) for one in batteries]
        inverter_rows = [tuple(one) for one in inverters]
        self._native = _call(_ems.Safety, battery_rows, inverter_rows, tick_s, stale_after_s, estop_inputs)

    def step(self, values: _t.Mapping[str, Value], now_s: Number, estop: bool = False, *, armed: bool = True) -> SafetyStep:
        """One cycle.

        :param values: what was measured now, SI, by point: ``{"battery/1 pack_voltage_v": 52.8, "battery/1 cell_voltages_v": [3.3, ...]}``.
            A point that is not there keeps its value and grows stale; ``None`` is a sensor that gives nothing. :func:`as_points` makes it
            from a decoded frame.
        :param now_s: s, monotonic, of any zero; never less than in the step before.
        :param estop: somebody asks for an emergency stop.
        :param armed: the verdicts reach the devices; while they do not, nobody can disobey them.
        :raises EmsError: ``SyntaxError`` or ``NotFoundError`` for a point, ``OffGridError``, ``OutOfRangeError`` for a value: then nothing
            was taken and no step was made.
        """
        return make_step(_call(self._native.step, dict(values), now_s, estop, armed))

    def gate(
        self, inverter: int, command: str = "follow", p_w: Number = 0, q_var: Number = 0, *, armed: bool = True
    ) -> GateResult:
        """Lets a command through only inside what the newest step allows.

        :param inverter: its number, from 1.
        :param command: ``"follow"`` (P and Q), ``"standby"``, ``"stop"`` or ``"open"``.
        :param p_w: W at ac, + discharges.
        :param q_var: var.
        :param armed: False: monitor only, nothing is sent.
        """
        return GateResult(*_call(self._native.gate, inverter, command, p_w, q_var, armed))

    @property
    def latch(self) -> list[Trip]:
        """Trips that only a person takes back."""
        return [Trip(*row) for row in self._native.latch()]

    def reset(self, name: str, cause: str, role: str = "technician") -> None:
        """Takes every trip back.

        :param name: the person.
        :param cause: what was found and put right.
        :param role: ``"technician"``; others are refused.
        :raises EmsError: ``PermissionDeniedError``; ``FailedPreconditionError`` while a cause is still there.
        """
        _call(self._native.reset, name, cause, role)


def as_points(asset: str, decoded: _t.Mapping[str, _t.Any]) -> dict[str, Value]:
    """A decoded frame as the values of an asset, for :meth:`Safety.step`. Words, warnings and vendor values are left out.

    :param asset: e.g. ``"battery/1"``.
    :param decoded: what :func:`ems.decode` gives; its ``alarms``, the protections that are active, become the point's bits.
    """
    names = {row["name"] for row in _ems.catalogue()} - {"alarms", "warnings"}
    points: dict[str, Value] = {f"{asset} {name}": value for name, value in decoded.items() if name in names}
    if "alarms" in decoded:
        common = [name for name in decoded["alarms"] if not name.startswith("vendor:")]
        points[f"{asset} alarms"] = _call(_ems.alarm_bits, common)
    return points
