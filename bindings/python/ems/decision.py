# SPDX-License-Identifier: Apache-2.0
"""The decision: what safety allows and what policies want in, one power and its explanation out.

Powers are in W at ac for all batteries together, positive discharges.
"""
from __future__ import annotations

import typing as _t

from . import _ems
from ._call import call as _call
from .errors import WrongTypeError as _WrongTypeError
from .numbers import Number

__all__ = ["Decision", "DecisionStep", "ImportLimit", "Policy", "SelfConsumption", "Setpoint", "SetpointCommand"]


class ImportLimit(_t.NamedTuple):
    """Policy: the site's import from the grid stays at or below a limit (peak shaving)."""

    limit_w: Number  #: W, largest import
    hold_s: Number = 30  #: s; on stale input a discharge is held so long, then 0 W


class Setpoint(_t.NamedTuple):
    """Policy: the power that a person asked for, until its lease ends."""

    lease_max_s: Number = 3600  #: s; a longer lease is cut


class SelfConsumption(_t.NamedTuple):
    """Policy: the battery takes the site's surplus and feeds its load, so that the grid moves little."""

    target_w: Number = 0  #: W wanted at the grid connection, + imports
    deadband_w: Number = 50  #: W; nearer to the target is not better


Policy = _t.Union[ImportLimit, Setpoint, SelfConsumption]
_NAMES: dict[type[_t.Any], str] = {ImportLimit: "import_limit", Setpoint: "setpoint", SelfConsumption: "self_consumption"}


def by_name(policies: tuple[Policy, ...]) -> dict[str, dict[str, Number]]:
    """Policies as C++ takes them."""
    for policy in policies:
        if type(policy) not in _NAMES:
            raise _WrongTypeError(f"not a policy: {policy!r}")
    named = {_NAMES[type(policy)]: policy._asdict() for policy in policies}
    if len(named) != len(policies):
        raise ValueError("a policy is given twice")
    return named


class SetpointCommand(_t.NamedTuple):
    """A power that a person asked for."""

    power_w: Number  #: W at ac, + discharges
    given_at_s: Number  #: s, on the clock of ``now_s``
    lease_s: Number  #: s from ``given_at_s`` on
    actor: str = ""  #: who asked, at most 48 bytes


class DecisionStep(_t.NamedTuple):
    """One decision and why it is what it is."""

    target_w: int  #: W at ac for all batteries together, + discharges; always inside the envelope
    winner: str | None  #: policy that decided; ``"safety"``: the envelope; ``None``: nobody wanted anything
    runner_up: str | None  #: strongest policy that wanted something else
    text: str  #: one line for people
    explanation: dict[str, _t.Any]  #: by level what was left and who bound it, policies, conflicts, inputs and ages; is it ``simulated``


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

    :param policies: :class:`ImportLimit`, :class:`Setpoint`, :class:`SelfConsumption`, each at most once.
    :param stale_after_s: s; a measured power not renewed for so long counts as missing.
    :raises EmsError: ``OutOfRangeError`` for a limit, deadband or duration that makes no sense.
    """

    def __init__(self, *policies: Policy, stale_after_s: Number = 3) -> None:
        self._native = _call(_ems.Decision, by_name(policies), stale_after_s)

    def step(
        self,
        envelope_w: tuple[Number, Number],
        now_s: Number,
        *,
        pcc_power_w: Number | None | object = _KEEP,
        battery_power_w: Number | None | object = _KEEP,
        gated_w: Number | None = None,
        setpoint: SetpointCommand | None = None,
    ) -> DecisionStep:
        """One cycle.

        :param envelope_w: W, what safety allows: :attr:`ems.SafetyStep.envelope_w`.
        :param now_s: s, monotonic; never less than in the step before.
        :param pcc_power_w: W at the grid connection, measured now, + imports. ``None``: unknown. Not given: the value before, growing older.
        :param battery_power_w: W of all battery inverters at ac, measured now, + discharges; likewise.
        :param gated_w: W that last left the safety gate; ``None``: nothing yet.
        :param setpoint: the newest that a person gave and did not take back.
        """
        measured = {"pcc_power_w": pcc_power_w, "battery_power_w": battery_power_w}
        given = {name: power for name, power in measured.items() if power is not _KEEP}
        lo_w, hi_w = envelope_w
        command = None if setpoint is None else tuple(setpoint)
        return make_step(_call(self._native.step, lo_w, hi_w, now_s, given, gated_w, command))
