# SPDX-License-Identifier: Apache-2.0
"""libems for Python: battery frames, telemetry stores, safety, decision and a simulated site, in this process.

Signs: positive delivers into the site (battery discharge +, grid import +). Units: SI decimals, named in the suffix
(``pack_voltage_v``, ``pack_current_a``, ``soc_pct``). Unknown is ``None``, and in a column NaN with ``valid`` False.

numpy, pandas and matplotlib are imported when they are first needed.
"""
from __future__ import annotations

from . import _ems, can, columns, decision, errors, frames, plot, safety, simulation, store
from .can import CanFrame, CanLog, decode_can, read_candump
from .columns import Column
from .decision import Decision, DecisionStep, ImportLimit, SelfConsumption, Setpoint, SetpointCommand
from .errors import EmsError, error_class
from .frames import DecodedColumns, SignalColumn, catalogue, decode, decode_column, protocols
from .safety import BatterySetup, GateResult, InverterSetup, Limits, Safety, SafetyStep, as_points
from .simulation import SimulatedSite
from .store import Store

__all__ = [
    "BatterySetup", "CanFrame", "CanLog", "Column", "Decision", "DecisionStep", "DecodedColumns", "EmsError", "GateResult", "ImportLimit",
    "InverterSetup", "Limits", "Safety", "SafetyStep", "SelfConsumption", "Setpoint", "SetpointCommand", "SignalColumn", "SimulatedSite",
    "Store", "as_points", "catalogue", "decode", "decode_can", "decode_column", "error_class", "errors", "plot", "protocols",
    "read_candump",
]
__version__: str = _ems.version

#: Chapters of docs/reference/python.md.
REFERENCE = [
    ("Frames", frames), ("CAN", can), ("Stores", store), ("Columns", columns), ("Safety", safety), ("Decision", decision),
    ("Simulation", simulation), ("Plots", plot),
]
