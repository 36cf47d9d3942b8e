# SPDX-License-Identifier: Apache-2.0
"""Plots of a site: a day, cells over time, a decision explained. matplotlib is imported when a plot is made.

Every function takes and returns a matplotlib ``Axes`` (or makes a figure), shows nothing and saves nothing: that is the caller's.
The plot of a simulated site, or of its decision, says so in its title.
"""
from __future__ import annotations

import typing as _t

from . import columns as _columns
from .decision import DecisionStep
from .simulation import SimulatedSite

if _t.TYPE_CHECKING:
    import matplotlib.axes as _axes


__all__ = ["cells", "day", "decision"]

_POWERS = (
    ("site site_load_power_w", "load"),
    ("site site_pv_power_w", "PV"),
    ("site site_battery_power_w", "battery (+ discharges)"),
    ("site site_grid_power_w", "grid (+ import)"),
)


def _pyplot() -> _t.Any:
    """matplotlib.pyplot, or an error that says what to install."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("ems.plot needs matplotlib: on Debian, apt install python3-matplotlib") from error
    return pyplot


def _title(simulated: bool, text: str) -> str:
    return f"SIMULATED: {text}" if simulated else text


def _time_label(source: object) -> str:
    return "simulated time" if isinstance(source, SimulatedSite) else "time (UTC)"


def day(source: _columns.Columns, *, battery: int = 1, axes: _t.Sequence[_axes.Axes] | None = None) -> list[_axes.Axes]:
    """Power of load, PV, battery and grid (kW, at ac) above the battery's state of charge (%), over time. Unknown is a gap.

    :param source: an :class:`ems.Store` or an :class:`ems.SimulatedSite`.
    :param battery: number of the battery whose state of charge is drawn.
    :param axes: two axes to draw on; ``None``: a new figure.
    :returns: the two axes.
    :raises ImportError: matplotlib is not there; it names the package.
    """
    pyplot = _pyplot()
    if axes is None:
        _, made = pyplot.subplots(2, 1, sharex=True, figsize=(10, 6), gridspec_kw={"height_ratios": [2, 1]}, constrained_layout=True)
        axes = list(made)
    power, soc = axes
    known = set(source.points())
    for point, label in _POWERS:
        if point in known:
            column = source.column(point)
            power.plot(column.time, column.value / 1000.0, label=label, linewidth=1)
    power.axhline(0.0, color="0.6", linewidth=0.5)
    power.set_ylabel("power / kW")
    power.set_title(_title(isinstance(source, SimulatedSite), "a day of the site"))
    power.legend(loc="upper right", fontsize="small")
    charge = source.column(f"battery/{battery} soc_pct")
    soc.plot(charge.time, charge.value, color="tab:green", linewidth=1)
    soc.set_ylim(0, 100)
    soc.set_ylabel("state of charge / %")
    soc.set_xlabel(_time_label(source))
    return [power, soc]


def cells(source: _columns.Columns, *, battery: int = 1, ax: _axes.Axes | None = None) -> _axes.Axes:
    """Voltage of every cell (V) over time, the lowest and the highest at the end named in the legend. Unknown is a gap.

    :param source: an :class:`ems.Store` or an :class:`ems.SimulatedSite`.
    :param battery: number of the battery.
    :param ax: what to draw on; ``None``: a new figure.
    :raises ValueError: the source has no cell of that battery.
    :raises ImportError: matplotlib is not there; it names the package.
    """
    pyplot = _pyplot()
    prefix = f"battery/{battery} cell_voltages_v "
    found = [source.column(point) for point in source.points() if point.startswith(prefix)]
    if not found:
        raise ValueError(f"no cell voltages of battery/{battery}")
    if ax is None:
        _, ax = pyplot.subplots(figsize=(10, 4), constrained_layout=True)
    known = [column for column in found if column.valid.any()]
    last = {column.name: column.value[column.valid][-1] for column in known}
    named = {min(last, key=last.__getitem__): "lowest at the end", max(last, key=last.__getitem__): "highest at the end"} if last else {}
    for column in found:
        label = named.get(column.name)
        cell = column.name[len(prefix):]
        ax.plot(column.time, column.value, linewidth=0.8, alpha=1.0 if label else 0.5, label=f"cell {cell}, {label}" if label else None)
    ax.set_ylabel("cell voltage / V")
    ax.set_xlabel(_time_label(source))
    ax.set_title(_title(isinstance(source, SimulatedSite), f"{len(found)} cells of battery/{battery}"))
    if named:
        ax.legend(loc="upper right", fontsize="small")
    return ax


def decision(step: DecisionStep, *, ax: _axes.Axes | None = None) -> _axes.Axes:
    """What each level left of the envelope (kW), from safety on top downwards, with who bound it, and the target as a line.

    :param step: a decision, of :meth:`ems.Decision.step` or :attr:`ems.SimulatedSite.decision`.
    :param ax: what to draw on; ``None``: a new figure.
    :raises ImportError: matplotlib is not there; it names the package.
    """
    pyplot = _pyplot()
    if ax is None:
        _, ax = pyplot.subplots(figsize=(8, 3.5), constrained_layout=True)
    levels = step.explanation["levels"]
    for place, level in enumerate(levels):
        lo_kw, hi_kw = (power_w / 1000.0 for power_w in level["after_w"])
        ax.barh(place, hi_kw - lo_kw, left=lo_kw, height=0.6, color="tab:blue", alpha=0.35)
        ax.plot([lo_kw, lo_kw], [place - 0.3, place + 0.3], color="tab:blue")
        ax.plot([hi_kw, hi_kw], [place - 0.3, place + 0.3], color="tab:blue")
        bound_by = level["lo_by"] if level["lo_by"] == level["hi_by"] else f"{level['lo_by']} .. {level['hi_by']}"
        ax.annotate(bound_by, (hi_kw, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize="small")
    ax.axvline(step.target_w / 1000.0, color="tab:red", label=f"target {step.target_w / 1000.0:g} kW")
    ax.set_yticks(range(len(levels)), [level["level"] for level in levels])
    ax.invert_yaxis()
    ax.set_xlabel("power at ac / kW (- charges, + discharges)")
    ax.set_title(_title(step.explanation["simulated"], f"winner: {step.winner or 'none'}"))
    ax.legend(loc="lower right", fontsize="small")
    return ax
