# SPDX-License-Identifier: Apache-2.0
"""A simulated site in this process. SIMULATED: no value in it was ever measured."""
from __future__ import annotations

import json as _json
from types import TracebackType
import typing as _t

from . import _ems
from ._call import call as _call
from .columns import Column, frame_of
from ._time import micros as _micros
from .decision import DecisionStep, wall_row
from .decision import WallTime as _WallTime
from .decision import make_step as _decision_step
from .numbers import Number, decimal_text
from .policies import Policy, SelfConsumption, Setpoint, by_name
from .safety import Event, Limits, SafetyStep
from .safety import make_step as _safety_step
from .tables import PlanTable, PriceTable, ScheduleTable

if _t.TYPE_CHECKING:
    import pandas

__all__ = ["SimulatedEvent", "SimulatedSite"]


class SimulatedEvent(_t.NamedTuple):
    """A simulated event."""

    at_s: float  #: s of simulated time
    event: Event  #: what safety said


class SimulatedSite:
    """One battery, one inverter, PV, load and two meters, simulated, with libems's own codecs, safety, decision and gate.

    >>> with ems.SimulatedSite(seed=1) as site:
    ...     site.run(86400)
    ...     soc = site.column("battery/1 soc_pct")

    Deterministic: the same arguments and calls give the same values. A day takes seconds. Devices are asked over their real protocols, so
    a fault looks as it would on a wire. What the plant leaves out: docs/explanation/simulator.md.

    :param seed: of cells, clouds and load.
    :param start_hour: h, local time of day at the beginning.
    :param day: the date at the beginning; the default says that nobody measured it.
    :param utc_offset_h: h, local time minus UTC.
    :param clock: what control knows of the time: ``"synced"``, ``"holdover"`` or ``"unset"``.
    :param cells: LFP cells in series, 1 .. 32.
    :param capacity_ah: Ah.
    :param soc_pct: %, state of charge at the beginning.
    :param ambient_degc: °C around the battery.
    :param rated_power_w: W of the inverter, both directions.
    :param efficiency_pct: % of the inverter, each direction.
    :param load_base_w: W that are always on.
    :param load_evening_w: W, height of the evening's bump.
    :param load_step_w: W, largest appliance that switches at random.
    :param pv_peak_w: W at noon without clouds.
    :param cloud_pct: % of the sun that a cloud can take.
    :param profile_csv: rows ``t_s,load_w,pv_w`` in place of the shapes above.
    :param limits: of the battery; ``None``: the chemistry's, with 50 A to charge and 100 A to discharge.
    :param policies: what the battery is for.
    :param armed: False: monitor only, nothing is commanded.
    :param tick_s: s between two cycles of control, at most 1; every device is read once in it.
    :param record_period_s: s between two rows of the history.
    :raises EmsError: ``OutOfRangeError`` for a site that cannot be.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        start_hour: float = 0.0,
        day: str = "2000-01-01",
        utc_offset_h: float = 0.0,
        clock: str = "synced",
        cells: int = 16,
        capacity_ah: float = 100.0,
        soc_pct: float = 50.0,
        ambient_degc: float = 25.0,
        rated_power_w: float = 5000.0,
        efficiency_pct: float = 95.0,
        load_base_w: float = 400.0,
        load_evening_w: float = 1500.0,
        load_step_w: float = 800.0,
        pv_peak_w: float = 4000.0,
        cloud_pct: float = 30.0,
        profile_csv: str | None = None,
        limits: Limits | None = None,
        policies: _t.Sequence[Policy] = (SelfConsumption(), Setpoint()),
        armed: bool = True,
        tick_s: Number = 1,
        record_period_s: Number = 10,
    ) -> None:
        own_arguments = ("self", "own_arguments", "limits", "policies", "day", "utc_offset_h", "clock")
        settings = {name: value for name, value in locals().items() if name not in own_arguments}
        own = limits or Limits(charge_current_max_a=50, discharge_current_max_a=100)
        self._begin_us = _micros(f"{day}T00:00:00+00:00") + round((start_hour - utc_offset_h) * 3.6e9)
        settings["wall"] = wall_row(_WallTime(self._begin_us, utc_offset_h * 3600, clock))
        self._native: _ems.SimulatedSite | None = _call(_ems.SimulatedSite, settings, own._native, by_name(tuple(policies)))

    def __enter__(self) -> SimulatedSite:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the simulation and gives its memory back; columns and steps taken from it stay."""
        self._native = None

    def _site(self) -> _ems.SimulatedSite:
        if self._native is None:
            raise ValueError("the simulated site is closed")
        return self._native

    # ---- time ----------------------------------------------------------------------------------------------------------------------

    def run(self, seconds: Number) -> float:
        """Lets simulated time pass, in whole ticks; other threads run meanwhile, and Ctrl-C ends it.

        :param seconds: s to simulate, rounded up to whole ticks.
        :returns: s that passed.
        """
        return _call(self._site().run, seconds)

    @property
    def begin_us(self) -> int:
        """The moment at which simulated time begins, in microseconds since 1970 UTC: what tables are made for."""
        return self._begin_us

    @property
    def now_s(self) -> float:
        """Simulated time since the beginning, in s."""
        return self._site().now_s()

    # ---- looking at it -------------------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, float | None]:
        """What the devices said last, SI, by point; ``None``: stale, bad or missing. This is what control works with."""
        return {name: None if raw is None else raw / 10.0**digits for name, raw, digits in self._site().values()}

    def truth(self) -> dict[str, _t.Any]:
        """What is really so in the simulated plant, in the units its names say; no device and no control sees it."""
        values: dict[str, _t.Any] = _json.loads(self._site().truth())
        return values

    @property
    def safety(self) -> SafetyStep | None:
        """The newest cycle's safety; ``None`` before the first."""
        raw = self._site().safety()
        return None if raw is None else _safety_step(raw)

    @property
    def decision(self) -> DecisionStep | None:
        """The newest cycle's decision; ``None`` before the first."""
        raw = self._site().decision()
        return None if raw is None else _decision_step(raw, simulated=True)

    def explain(self) -> str:
        """Several lines for people: the newest target, who won, what each level left, and what the inverter was told."""
        return self._site().explain()

    def events(self) -> list[SimulatedEvent]:
        """Everything safety said so far, oldest first."""
        return [SimulatedEvent(at_s, Event(**event)) for at_s, event in self._site().events()]

    # ---- history -------------------------------------------------------------------------------------------------------------------

    def points(self) -> list[str]:
        """Every point of the history: ``"battery/1 soc_pct"``, ``"site site_load_power_w"``, ``"battery/1 cell_voltages_v 7"``."""
        return self._site().points()

    def columns(self, points: _t.Sequence[str] = ()) -> list[Column]:
        """Some points over simulated time, one row a ``record_period_s``; empty: every point. Times are UTC, on the simulated day."""
        import numpy

        time_us, found = _call(self._site().columns, list(points))
        time = numpy.datetime64(self._begin_us, "us") + time_us.astype("timedelta64[us]")
        sequence = numpy.arange(1, len(time_us) + 1, dtype=numpy.uint64)
        epoch = numpy.zeros(len(time_us), numpy.uint32)
        return [
            Column(name, time, numpy.where(valid, raw / 10.0**digits, numpy.nan), raw, valid, quality, sequence, epoch)
            for name, raw, valid, quality, digits in found
        ]

    def column(self, point: str) -> Column:
        """One point over simulated time; see :meth:`columns`. A point that never occurred is not valid anywhere."""
        return self.columns([point])[0]

    def to_pandas(self, points: _t.Sequence[str] = ()) -> pandas.DataFrame:
        """A DataFrame: one row a ``record_period_s``, one float64 column (SI, NaN unknown) a point. Needs pandas."""
        found = self.columns(points)
        return frame_of(found, self.columns(["site site_load_power_w"])[0].time if not found else found[0].time)

    # ---- doing something to it -----------------------------------------------------------------------------------------------------

    def set_fault(self, kind: str, device: str | None = None, *, lasts_s: Number, in_s: Number = 0, **details: Number) -> None:
        """Makes something go wrong.

        :param kind: ``"silence"``, ``"garbage"``, ``"wrong_sign"``, ``"stuck"`` or ``"slow"`` of a device; ``"load_peak"``;
            ``"cell_voltage"``.
        :param device: ``"battery"``, ``"meter"`` or ``"pcs"``, for the kinds that have one.
        :param lasts_s: s until it is over.
        :param in_s: s from now until it begins.
        :param details: ``w`` (W more) for load_peak; ``cell`` (from 1) and ``mv`` (mV more) or ``to_mv`` for cell_voltage; ``delay_ms`` for
            slow.
        :raises EmsError: ``UnknownKeyError``, ``MissingKeyError``, ``OutOfRangeError``.
        """
        words = {"kind": kind, "for": decimal_text("lasts_s", lasts_s), "at": decimal_text("in_s", in_s)}
        if device is not None:
            words["device"] = device
        for name, number in details.items():
            words[name] = decimal_text(name, number)
        _call(self._site().add_fault, ",".join(f"{key}={value}" for key, value in words.items()))

    def clear_faults(self) -> None:
        """Ends every fault, also those to come."""
        self._site().clear_faults()

    def set_setpoint(self, power_w: Number, lease_s: Number, *, actor: str = "", remote: bool = False) -> None:
        """Asks for a power as a person would; needs the policy :class:`ems.Setpoint`.

        :param power_w: W at ac, + discharges.
        :param lease_s: s until it no longer counts.
        :param actor: who asks, at most 48 bytes.
        :param remote: as the server would; needs :class:`ems.RemoteSetpoint`.
        """
        _call(self._site().set_setpoint, remote, power_w, lease_s, actor)

    def set_active_power_limit(
        self, lease_s: Number, *, discharge_max_w: Number | None = None, charge_max_w: Number | None = None, actor: str = ""
    ) -> None:
        """Limits power as the grid operator would; needs the policy :class:`ems.ActivePowerLimit`.

        :param lease_s: s until it no longer counts.
        :param discharge_max_w: W at ac, a magnitude; ``None``: not limited.
        :param charge_max_w: W at ac, a magnitude; ``None``: not limited.
        :param actor: who asks, at most 48 bytes.
        """
        _call(self._site().set_limit, False, discharge_max_w, charge_max_w, lease_s, actor)

    def set_dimming(self, lease_s: Number, *, charge_max_w: Number | None = None, actor: str = "") -> None:
        """Dims charging as the grid operator would; needs the policy :class:`ems.Dimming`.

        :param lease_s: s until it no longer counts.
        :param charge_max_w: W at ac, a magnitude; ``None``: a release.
        :param actor: who asks, at most 48 bytes.
        """
        _call(self._site().set_limit, True, None, charge_max_w, lease_s, actor)

    def set_schedule(self, schedule: ScheduleTable | None) -> None:
        """From the next cycle on this is agreed.

        :param schedule: for the policy :class:`ems.Schedule`; ``None``: there is none.
        """
        _call(self._site().set_schedule, schedule and schedule._native)

    def set_plan(self, plan: PlanTable | None) -> None:
        """From the next cycle on this is the plan.

        :param plan: for the policy :class:`ems.Plan`; ``None``: there is none.
        """
        _call(self._site().set_plan, plan and plan._native)

    def set_prices(self, prices: PriceTable | None) -> None:
        """From the next cycle on these are the prices.

        :param prices: for the policy :class:`ems.Price`; ``None``: there are none.
        """
        _call(self._site().set_prices, prices and prices._native)

    def emergency_stop(self) -> None:
        """Asks for an emergency stop in the next cycle; it is latched until :meth:`reset`."""
        self._site().emergency_stop()

    def reset(self, name: str, cause: str) -> None:
        """Takes every trip back, as a technician.

        :param name: the person.
        :param cause: what was found and put right.
        :raises EmsError: ``FailedPreconditionError`` while a cause is still there.
        """
        _call(self._site().reset, name, cause)
