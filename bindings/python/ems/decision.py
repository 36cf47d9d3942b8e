# SPDX-License-Identifier: Apache-2.0
"""The decision: what safety allows and what policies want in, one power and its explanation out.

Powers are in W at ac for all batteries together, positive discharges.
"""
from __future__ import annotations

import typing as _t

from . import _ems
from ._call import call as _call
from ._time import micros as _micros
from .numbers import Number
from .policies import Policy, by_name
from .tables import PlanTable, PriceTable, ScheduleTable

if _t.TYPE_CHECKING:
    import datetime

    from ._time import _Moment

__all__ = [
    "Conflict", "Decision", "DecisionStep", "InputRecord", "LimitCommand", "PolicyRecord", "SetpointCommand", "WallTime",
]


class SetpointCommand(_t.NamedTuple):
    """A power that a person or a server asked for."""

    power_w: Number  #: W at ac, + discharges
    given_at_s: Number  #: s, on the clock of ``now_s``
    lease_s: Number  #: s from ``given_at_s`` on
    actor: str = ""  #: who asked, at most 48 bytes
    tag: int = 0  #: a number of your own; only carried into the record


class LimitCommand(_t.NamedTuple):
    """A limit that the grid operator gave. With both sides ``None`` it says that there is none: a release, for the time of its lease."""

    given_at_s: Number  #: s, on the clock of ``now_s``
    lease_s: Number  #: s from ``given_at_s`` on; after it the policy's fallback counts
    discharge_max_w: Number | None = None  #: W at ac, a magnitude; ``None``: not limited
    charge_max_w: Number | None = None  #: W at ac, a magnitude; ``None``: not limited
    actor: str = ""  #: who asked, at most 48 bytes
    tag: int = 0  #: a number of your own; only carried into the record


class WallTime(_t.NamedTuple):
    """What the clock on the wall says; windows, plans, schedules, prices and demand windows need it."""

    utc: _Moment  #: now
    utc_offset_s: Number = 0  #: s, local time minus UTC at the site now, summer time included
    quality: str = "synced"  #: ``"synced"``, ``"holdover"`` or ``"unset"``
    unsynced_s: Number = 0  #: s since it was last synced; counts in holdover

    @classmethod
    def local(cls, moment: datetime.datetime) -> WallTime:
        """From a datetime in the site's own zone; its offset is the site's.

        :param moment: with a zone (``zoneinfo``).
        """
        offset = moment.utcoffset()
        if offset is None:
            raise ValueError("a datetime needs a time zone: say which moment it is")
        return cls(moment, str(offset.total_seconds()))


class PolicyRecord(_t.NamedTuple):
    """What one configured policy did and asked for."""

    policy: str  #: e.g. ``"import_limit"``
    level: str  #: ``"grid_code"``, ``"contractual"``, ``"economic"``, ``"longevity"``
    status: str  #: ``"acting"``, ``"holding"``, ``"fallback"``, ``"stale"``, ``"no_demand"``, ``"expired"``, ``"satisfied"`` ...
    source: str | None  #: of its limit: ``"configured"``, ``"command"``, ``"fallback"``, ``"failsafe"``; ``None``: it has no such choice
    constraint_w: tuple[int | None, int | None] | None  #: W, heard before any preference; an open side is ``None``
    preference_w: tuple[int | None, int | None] | None  #: W


class Conflict(_t.NamedTuple):
    """A demand that could not be met."""

    policy: str  #: whose
    level: str  #: its level
    kind: str  #: ``"constraint"`` or ``"preference"``
    bound_by: str  #: who had set the bound it ran into
    shortfall_w: int  #: W from what was left to the demand
    against_itself_w: int  #: W by which its lower bound is above its upper one


class InputRecord(_t.NamedTuple):
    """An input as a policy found it."""

    policy: str  #: who looked at it
    input: str  #: ``"pcc_power"``, ``"frequency"``, ``"soc"``, ``"price"``, ``"wall_clock"`` ...
    usable: bool  #: present, trusted, not from the future, not stale
    age_s: float | None  #: s; ``None``: there was no sample
    quality: str  #: ``"bad"`` (also: no sample), ``"uncertain"``, ``"substituted"``, ``"good"``
    value: float | None  #: in ``unit``; ``None``: there was none
    unit: str  #: e.g. ``"W"``, ``"%"``, ``"Hz"``, ``"per kWh"``


class DecisionStep(_t.NamedTuple):
    """One decision and why it is what it is."""

    target_w: int  #: W at ac for all batteries together, + discharges; always inside the envelope
    winner: str | None  #: policy that decided; ``"safety"``: the envelope; ``None``: nobody wanted anything
    runner_up: str | None  #: strongest policy that wanted something else
    text: str  #: one line for people
    explanation: dict[str, _t.Any]  #: the whole record: levels, policies, conflicts, inputs, limits, commands, slots; is it ``simulated``

    @property
    def policies(self) -> list[PolicyRecord]:
        """Every configured policy, strongest first."""
        return [PolicyRecord(**row) for row in self.explanation["policies"]]

    @property
    def conflicts(self) -> list[Conflict]:
        """Demands that could not be met, in the order they arose."""
        return [Conflict(**row) for row in self.explanation["conflicts"]]

    @property
    def inputs(self) -> list[InputRecord]:
        """Everything a policy looked at, with its value and age."""
        return [InputRecord(**row) for row in self.explanation["inputs"]]


def make_step(raw: dict[str, _t.Any], simulated: bool = False) -> DecisionStep:
    """A step from what C++ gives; ``simulated``: of a simulated site."""
    raw["simulated"] = simulated
    heads = {name: raw.pop(name) for name in ("target_w", "winner", "runner_up", "text")}
    return DecisionStep(**heads, explanation=raw)


#: Not given: the value of the step before stays, and grows older.
_KEEP = object()


class Decision:
    """The policies of a site, with their state. Their order is libems's, not that of the arguments.

    >>> decision = ems.Decision(ems.ImportLimit(8000), ems.SelfConsumption())

    :param policies: classes of :mod:`ems.policies`, each at most once.
    :param stale_after_s: s; a measured value not renewed for so long counts as missing.
    :param capacity_wh: Wh between empty and full, all batteries together; ``None``: unknown.
    :raises EmsError: ``OutOfRangeError`` for a limit, deadband or duration that makes no sense; the text names it.
    """

    def __init__(self, *policies: Policy, stale_after_s: Number = 3, capacity_wh: Number | None = None) -> None:
        self._native = _call(_ems.Decision, by_name(policies), stale_after_s, capacity_wh)

    def step(
        self,
        envelope_w: tuple[Number, Number],
        now_s: Number,
        *,
        pcc_power_w: Number | None | object = _KEEP,
        battery_power_w: Number | None | object = _KEEP,
        frequency_hz: Number | None | object = _KEEP,
        grid_connected: bool | None | object = _KEEP,
        energy_imported_wh: Number | None | object = _KEEP,
        soc_pct: Number | None | object = _KEEP,
        soc_min_pct: Number | None | object = _KEEP,
        soc_max_pct: Number | None | object = _KEEP,
        temperature_min_degc: Number | None | object = _KEEP,
        temperature_max_degc: Number | None | object = _KEEP,
        gated_w: Number | None = None,
        setpoint: SetpointCommand | None = None,
        remote_setpoint: SetpointCommand | None = None,
        active_power_limit: LimitCommand | None = None,
        dimming: LimitCommand | None = None,
        wall: WallTime | None = None,
        schedule: ScheduleTable | None = None,
        plan: PlanTable | None = None,
        prices: PriceTable | None = None,
    ) -> DecisionStep:
        """One cycle. What is measured: ``None`` is unknown; not given, the value before stays and grows older.

        :param envelope_w: W, what safety allows: :attr:`ems.SafetyStep.envelope_w`.
        :param now_s: s, monotonic; never less than in the step before.
        :param pcc_power_w: W at the grid connection, measured now, + imports.
        :param battery_power_w: W of all battery inverters at ac, measured now, + discharges.
        :param frequency_hz: Hz of the grid, measured now.
        :param grid_connected: the site is connected to the grid; unknown counts as connected.
        :param energy_imported_wh: Wh, the meter's import counter now.
        :param soc_pct: % of all batteries together.
        :param soc_min_pct: % of the emptiest battery; until it or ``soc_max_pct`` is given, ``soc_pct`` is that of the only battery.
        :param soc_max_pct: % of the fullest battery.
        :param temperature_min_degc: °C of the coldest cell.
        :param temperature_max_degc: °C of the hottest cell.
        :param gated_w: W that last left the safety gate; ``None``: nothing yet.
        :param setpoint: the newest that a person gave and did not take back; an expired one may stay.
        :param remote_setpoint: the newest that a server gave.
        :param active_power_limit: the newest that the grid operator gave.
        :param dimming: the newest that the grid operator gave; its ``charge_max_w`` counts.
        :param wall: the clock on the wall; ``None``: unset.
        :param schedule: what :class:`ems.Schedule` follows.
        :param plan: what :class:`ems.Plan` follows.
        :param prices: what :class:`ems.Price` goes by.
        """
        measured = {
            "pcc_power_w": pcc_power_w, "battery_power_w": battery_power_w, "frequency_hz": frequency_hz, "grid_connected": grid_connected,
            "energy_imported_wh": energy_imported_wh, "soc_pct": soc_pct, "soc_min_pct": soc_min_pct, "soc_max_pct": soc_max_pct,
            "temperature_min_degc": temperature_min_degc, "temperature_max_degc": temperature_max_degc,
        }
        given = {name: value for name, value in measured.items() if value is not _KEEP}
        lo_w, hi_w = envelope_w
        tables = (schedule and schedule._native, plan and plan._native, prices and prices._native)
        commands = (setpoint, remote_setpoint, active_power_limit, dimming)
        return make_step(_call(self._native.step, lo_w, hi_w, now_s, given, gated_w, commands, wall_row(wall), tables))


def wall_row(wall: WallTime | None) -> tuple[_t.Any, ...] | None:
    """The wall clock as C++ takes it."""
    return None if wall is None else (_micros(wall.utc), wall.utc_offset_s, wall.quality, wall.unsynced_s)
