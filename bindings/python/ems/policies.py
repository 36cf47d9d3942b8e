# SPDX-License-Identifier: Apache-2.0
"""Every policy of a site, as configuration. Their order is libems's, not that of the arguments: docs/explanation/decision.md.

Names and defaults are those of ``policies:`` in the site file. Powers are in W at ac for all batteries together, positive discharges;
a ``..._max_w`` is a magnitude.
"""
from __future__ import annotations

import re as _re
import typing as _t

from . import _ems
from .errors import WrongTypeError as _WrongTypeError
from .numbers import Number

__all__ = [
    "ActivePowerLimit", "BackupReserve", "ComfortBand", "DemandLimit", "Dimming", "ExportLimit", "FrequencyDroop", "GentleCurrent",
    "GentleTemperature", "ImportLimit", "Plan", "Policy", "Price", "Ramp", "RemoteSetpoint", "Schedule", "SelfConsumption", "Setpoint",
    "TimeOfUse", "Window", "ZeroExport", "policy_table",
]


# ---- grid code -------------------------------------------------------------------------------------------------------------------------


class ActivePowerLimit(_t.NamedTuple):
    """Grid code: what the operator lets the batteries deliver and take. Each side needs a limit here or in its fallback."""

    discharge_max_w: Number | None = None  #: W, always in force; ``None``: not limited
    charge_max_w: Number | None = None  #: W, the same for charging
    fallback_discharge_max_w: Number | None = None  #: W, in force while no command is
    fallback_charge_max_w: Number | None = None  #: W, the same for charging
    lease_max_s: Number = 3600  #: s; a longer lease of a command is cut


class FrequencyDroop(_t.NamedTuple):
    """Grid code: less power into the grid above its nominal frequency, more below."""

    reference_w: Number  #: W that one ``droop_pct`` of frequency moves; usually the plant's rating
    nominal_hz: Number = 50  #: Hz
    deadband_over_hz: Number = "0.05"  #: Hz above nominal in which nothing happens
    deadband_under_hz: Number = "0.05"  #: Hz below nominal in which nothing happens
    droop_pct: Number = 5  #: % of the nominal frequency over which power moves by ``reference_w``
    release_after_s: Number = 10  #: s back inside the deadband that end the answer
    response_s: Number = 2  #: s, the oldest frequency that is acted on

    @classmethod
    def profile(cls, name: str, reference_w: Number) -> FrequencyDroop:
        """With the numbers of a standard.

        :param name: ``"en50549"`` (50 Hz, 0.2 Hz) or ``"ieee1547"`` (60 Hz, 0.036 Hz).
        :param reference_w: W that one droop of frequency moves.
        :raises KeyError: no such profile.
        """
        return cls(reference_w, **_ems.grid_profiles()[name])


class Ramp(_t.NamedTuple):
    """Grid code: power changes no faster than this, unless safety, a limit or the frequency asks for more."""

    up_w_per_s: Number  #: W/s towards discharging
    down_w_per_s: Number  #: W/s towards charging
    step_max_s: Number = 1  #: s; no step is larger than this much time allows


# ---- contractual -----------------------------------------------------------------------------------------------------------------------


class Dimming(_t.NamedTuple):
    """Contractual: the grid operator dims charging by command (par. 14a EnWG, EEBUS LPC)."""

    failsafe_w: Number = 4200  #: W of charging once no command lives, also before the first
    failsafe_min_s: Number = 7200  #: s for which that holds
    protective_w: Number = 4200  #: W after that, until the next command
    lease_max_s: Number = 120  #: s; a longer lease of a command is cut


class ImportLimit(_t.NamedTuple):
    """Contractual: the site's import from the grid stays at or below a limit (peak shaving)."""

    limit_w: Number  #: W, largest import
    hold_s: Number = 30  #: s; on stale input a discharge is held so long, then 0 W


class ExportLimit(_t.NamedTuple):
    """Contractual: the site's export to the grid stays at or below a limit."""

    limit_w: Number  #: W, largest export


class DemandLimit(_t.NamedTuple):
    """Contractual: the mean import over each demand window stays at or below a limit."""

    limit_w: Number  #: W, largest mean
    import_max_w: Number  #: W, largest import at any moment: the connection's
    window_s: Number = 900  #: s, length of a window
    offset_s: Number = 0  #: s; windows begin at midnight UTC plus this
    hold_s: Number = 30  #: s; on stale input a discharge is held so long, then 0 W
    glide_s: Number = 60  #: s in which the import allowed changes by at most ``limit_w``


class BackupReserve(_t.NamedTuple):
    """Contractual: energy kept for an outage is not discharged while the grid is there."""

    soc_pct: Number  #: %; no discharging at or below
    hysteresis_pct: Number = 2  #: %; discharging comes back so far above


class Setpoint(_t.NamedTuple):
    """Contractual: the power that a person asked for, until its lease ends."""

    lease_max_s: Number = 3600  #: s; a longer lease is cut


class RemoteSetpoint(_t.NamedTuple):
    """Contractual: the power that a server asked for, until its lease ends."""

    lease_max_s: Number = 3600  #: s; a longer lease is cut


class Schedule(_t.NamedTuple):
    """Contractual: the power agreed on for a time; needs a :class:`ems.ScheduleTable`."""


# ---- economic --------------------------------------------------------------------------------------------------------------------------


class ZeroExport(_t.NamedTuple):
    """Economic: no export to the grid where nobody above needs it; what would be exported charges."""

    tolerance_w: Number = 50  #: W; an export this small is none


class Plan(_t.NamedTuple):
    """Economic: follows a plan while it is young enough; needs a :class:`ems.PlanTable`."""

    age_max_s: Number = 86400  #: s; a plan that says it is valid for longer ends here
    adrift_max_s: Number = 86400  #: s, longest holdover of the clock


class Window(_t.NamedTuple):
    """What to do in one window of the day, in local time."""

    start: str  #: it opens at, ``"22:30"``
    end: str  #: it closes at, ``"06:00"``, at most ``"24:00"``; at or before ``start``: on the next day
    action: str  #: ``"charge"``, ``"discharge"``, or ``"hold"`` (no discharging)
    power_w: Number = 0  #: W of charging or discharging, a magnitude; 0 for hold
    soc_stop_pct: Number | None = None  #: % at which it stops; ``None``: safety alone stops it
    days: _t.Sequence[str] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  #: on which it opens


class TimeOfUse(_t.NamedTuple):
    """Economic: charges and discharges in fixed windows of the day. The first open one counts."""

    windows: _t.Sequence[Window]  #: 1 to 16
    soc_hysteresis_pct: Number = 1  #: % that the state of charge must go back before a stopped one goes on
    only_without_prices: bool = False  #: acts only while :class:`Price` has no price for now


class Price(_t.NamedTuple):
    """Economic: charges below one price and discharges above another; needs a :class:`ems.PriceTable`."""

    currency: str  #: ISO 4217, ``"EUR"``; a table in another currency is not used
    buy_below_per_kwh: Number  #: currency per kWh; charges while energy costs less
    sell_above_per_kwh: Number  #: currency per kWh; discharges while export earns more
    power_w: Number  #: W at the best price
    share_at_threshold_pct: Number = 50  #: % of ``power_w`` at the threshold; it rises with the distance from it
    soc_buy_max_pct: Number = 90  #: %; does not buy at or above
    soc_sell_min_pct: Number = 30  #: %; does not sell at or below
    soc_hysteresis_pct: Number = 1  #: % that the state of charge must go back before it goes on
    age_max_s: Number = 172800  #: s; an older table counts for nothing


class SelfConsumption(_t.NamedTuple):
    """Economic: the battery takes the site's surplus and feeds its load, so that the grid moves little."""

    target_w: Number = 0  #: W wanted at the grid connection, + imports
    deadband_w: Number = 50  #: W; nearer to the target is not better
    surplus_start_w: Number = 0  #: W left over at which storing begins
    surplus_stop_w: Number = 0  #: W; storing ends when less is left over
    soc_store_max_pct: Number = 100  #: %; at or above, surplus is not stored
    soc_feed_min_pct: Number = 0  #: %; at or below, the load is not fed
    soc_hysteresis_pct: Number = 1  #: % that the state of charge must go back before that ends


# ---- longevity -------------------------------------------------------------------------------------------------------------------------


class ComfortBand(_t.NamedTuple):
    """Longevity: the state of charge stays away from full and empty."""

    power_w: Number  #: W let through where the taper begins: the site's rating
    soc_min_pct: Number = 20  #: %; prefers no discharging at or below
    soc_max_pct: Number = 80  #: %; prefers no charging at or above
    taper_pct: Number = 5  #: % inside the band over which power falls to 0
    restore_w: Number = 0  #: W with which it asks to move back into the band; 0: it does not


class GentleCurrent(_t.NamedTuple):
    """Longevity: power stays below a share of the capacity per hour (C-rate)."""

    charge_rate: Number = "0.5"  #: of the capacity per hour
    discharge_rate: Number = "0.5"  #: of the capacity per hour


class GentleTemperature(_t.NamedTuple):
    """Longevity: power falls while the cells are warm or cold."""

    power_w: Number  #: W let through at the comfortable edge: the site's rating
    cold_zero_degc: Number = 0  #: °C; no power at or below, by the coldest cell
    cold_full_degc: Number = 10  #: °C; comfortable from here
    hot_full_degc: Number = 35  #: °C; to here
    hot_zero_degc: Number = 45  #: °C; no power at or above, by the hottest cell


Policy = _t.Union[
    ActivePowerLimit, FrequencyDroop, Ramp, Dimming, ImportLimit, ExportLimit, DemandLimit, BackupReserve, Setpoint, RemoteSetpoint,
    Schedule, ZeroExport, Plan, TimeOfUse, Price, SelfConsumption, ComfortBand, GentleCurrent, GentleTemperature,
]
_CLASSES: frozenset[type[_t.Any]] = frozenset(_t.get_args(Policy))
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = _re.compile(r"([01]\d|2[0-4]):([0-5]\d)")


def policy_table() -> list[tuple[str, str, str]]:
    """Every policy of this build, strongest first: (name, level, what it does)."""
    return _ems.policies()


def name_of(policy: type[_t.Any]) -> str:
    """``ImportLimit`` as ``import_limit``."""
    return _re.sub(r"(?<!^)([A-Z])", r"_\1", policy.__name__).lower()


def _minute(clock: str) -> int:
    found = _CLOCK.fullmatch(clock) if isinstance(clock, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found else 1441
    if minute > 1440:
        raise ValueError(f"not a time of day: {clock!r}; \"06:30\" is one")
    return minute


def _window_row(window: Window) -> tuple[int, int, int, str, Number, Number | None]:
    if isinstance(window.days, str) or not set(window.days) <= set(_DAYS):
        raise ValueError(f"days: a list of {' '.join(_DAYS)}, not {window.days!r}")
    days = sum({1 << _DAYS.index(day) for day in window.days})
    end = _minute(window.end)
    return days, _minute(window.start), end or 1440, window.action, window.power_w, window.soc_stop_pct  # 00:00 ends the day.


def by_name(policies: tuple[Policy, ...]) -> dict[str, dict[str, _t.Any]]:
    """Policies as C++ takes them."""
    named: dict[str, dict[str, _t.Any]] = {}
    for policy in policies:
        if type(policy) not in _CLASSES:
            raise _WrongTypeError(f"not a policy: {policy!r}")
        fields = policy._asdict()
        if isinstance(policy, TimeOfUse):
            fields["windows"] = [_window_row(Window(*window)) for window in policy.windows]
        if name_of(type(policy)) in named:
            raise ValueError("a policy is given twice")
        named[name_of(type(policy))] = fields
    return named
