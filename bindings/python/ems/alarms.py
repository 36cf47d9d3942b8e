# SPDX-License-Identifier: Apache-2.0
"""The alarm book: what safety's events become for people, in the shape of ISA-18.2 (docs/explanation/alarms.md).

It has one clock, ``now_s``: seconds of any zero that never go back; every time in an alarm is on it.
"""
from __future__ import annotations

import typing as _t

from . import _ems
from ._call import call as _call
from .numbers import Number
from .safety import Event

__all__ = ["Alarm", "AlarmBook", "AlarmChange"]


class Alarm(_t.NamedTuple):
    """One alarm. What it is about is (asset, name); people call it by its id."""

    id: int  #: ascends, from 1
    state: str  #: ``"unacknowledged"``, ``"acknowledged"``, ``"cleared_unacknowledged"``, ``"latched_unacknowledged"`` ... ``"normal"``
    severity: str  #: ``"warning"``, ``"alarm"``, ``"critical"``
    priority: str  #: ``"P1"`` (critical) to ``"P3"`` (warning)
    asset: str  #: whom it concerns
    name: str  #: stable, e.g. ``"cell_overvoltage"``
    signal: str | None  #: SI name of what was compared
    value: float | None  #: SI; ``None``: the event has no signal
    times: int  #: how often it was raised
    raised_at_s: float  #: s, the newest time
    changed_at_s: float  #: s
    acknowledged_by: str | None  #: who has seen it
    shelved_until_s: float | None  #: s; ``None``: in sight


class AlarmChange(_t.NamedTuple):
    """One row of the history."""

    transition: str  #: ``"raised"``, ``"cleared"``, ``"acknowledged"``, ``"reset"``, ``"shelved"``, ``"unshelved"``, ``"repeated"`` ...
    at_s: float  #: s
    actor: str | None  #: who; ``None``: the site itself
    text: str | None  #: comment or reason
    alarm: Alarm  #: as it is after that


def _change(row: tuple[_t.Any, ...] | None) -> AlarmChange | None:
    if row is None:
        return None
    transition, at_s, actor, text, alarm = row
    return AlarmChange(transition, at_s, actor, text, Alarm(**alarm))


class AlarmBook:
    """The alarms of a site, at most 128.

    >>> book = ems.AlarmBook()
    >>> for at_s, event in site.events():
    ...     book.take(event, at_s)

    :param flood_window_s: s; an alarm quiet for so long is calm again.
    :param flood_changes: rows that one alarm gives in a window; the rest is counted and summed up by :meth:`due`.
    :param shelve_max_s: s, the longest that an alarm may be shelved.
    """

    def __init__(self, flood_window_s: Number = 60, flood_changes: int = 6, shelve_max_s: Number = 86400) -> None:
        self._native = _call(_ems.AlarmBook, flood_window_s, flood_changes, shelve_max_s)

    def take(self, event: Event, now_s: Number, latching: bool | None = None) -> AlarmChange | None:
        """Takes an event; one of severity info changes nothing.

        :param event: as :attr:`ems.SafetyStep.events` gives it.
        :param now_s: s, never less than in the call before.
        :param latching: when the condition is gone it waits for :meth:`reset`; ``None``: as in the agent, what is critical does.
        :returns: what changed; ``None``: nothing, or only a count.
        """
        latches = event.severity == "critical" if latching is None else latching
        return _change(_call(
            self._native.take, event.severity, event.asset, event.name, event.active, event.signal, event.value, latches, now_s))

    def acknowledge(self, alarm: int, actor: str, now_s: Number, comment: str = "") -> AlarmChange | None:
        """A person has seen an alarm.

        :param alarm: its id.
        :param actor: who; at most 48 bytes.
        :param now_s: s.
        :param comment: at most 128 bytes.
        :returns: ``None``: it was seen before.
        :raises NotFoundError: no such alarm, or it is normal.
        """
        return _change(_call(self._native.acknowledge, alarm, actor, comment, now_s))

    def shelve(self, alarm: int, duration_s: Number, actor: str, reason: str, now_s: Number) -> AlarmChange | None:
        """Takes an alarm out of sight for a while, whatever it does meanwhile.

        :param alarm: its id.
        :param duration_s: s; 0 takes it back.
        :param actor: who; at most 48 bytes.
        :param reason: not empty, at most 128 bytes.
        :param now_s: s.
        :raises EmsError: ``NotFoundError``, ``OutOfRangeError``, ``InvalidArgumentError``.
        """
        return _change(_call(self._native.shelve, alarm, duration_s, actor, reason, now_s))

    def reset(self, actor: str) -> None:
        """The latch was reset at the site: latched alarms end. The changes come from :meth:`due`.

        :param actor: who; at most 48 bytes.
        """
        _call(self._native.reset, actor)

    def due(self, now_s: Number) -> list[AlarmChange]:
        """What changes by itself: a shelf that ends, a flood summed up, a reset, an alarm given up for room. Call it once a cycle.

        :param now_s: s.
        """
        return [change for row in _call(self._native.due, now_s) if (change := _change(row)) is not None]

    def alarms(self) -> list[Alarm]:
        """Every alarm that is not normal, shelved ones too, in the order they came."""
        return [Alarm(**row) for row in self._native.alarms()]

    def counts(self) -> dict[str, tuple[int, int, int]]:
        """By severity: (active or latched, not acknowledged, shelved); shelved ones are counted there only."""
        return self._native.counts()

    @property
    def dropped(self) -> int:
        """Alarms given up because the book was full: the least grave first, critical ones last."""
        return self._native.dropped()
