# SPDX-License-Identifier: Apache-2.0
"""libems for Python: battery frames, telemetry stores, safety, decision and a simulated site, in this process.

Signs: positive delivers into the site (battery discharge +, grid import +). Units: SI decimals, named in the suffix
(``pack_voltage_v``, ``pack_current_a``, ``soc_pct``). Unknown is ``None``, and in a column NaN with ``valid`` False.

numpy, pandas and matplotlib are imported when they are first needed.
"""
from __future__ import annotations

from . import (
    _ems, alarms, can, columns, commands, decision, described, detection, emulation, errors, frames, ota, plot, policies, queries, safety,
    simulation, store, tables,
)
from .alarms import Alarm, AlarmBook, AlarmChange
from .can import CanFrame, CanLog, decode_can, read_candump
from .columns import Column
from .commands import PollRequest, encode_balance, encode_limits, encode_switch, limits_lease_s, poll_requests
from .decision import Decision, DecisionStep, LimitCommand, SetpointCommand, WallTime
from .described import DescribedBattery
from .detection import CanDetected, CanDetection, Detected, Detection, Tried, detect, detect_can, detect_candump
from .emulation import CanEmulator
from .errors import EmsError, error_class
from .frames import DecodedColumns, SignalColumn, catalogue, decode, decode_column, protocols
from .policies import (
    ActivePowerLimit, BackupReserve, ComfortBand, DemandLimit, Dimming, ExportLimit, FrequencyDroop, GentleCurrent, GentleTemperature,
    ImportLimit, Plan, Price, Ramp, RemoteSetpoint, Schedule, SelfConsumption, Setpoint, TimeOfUse, Window, ZeroExport,
)
from .queries import Buckets, EnergyLine
from .safety import BatterySetup, GateResult, InverterSetup, Limits, Safety, SafetyStep, as_points
from .simulation import SimulatedSite
from .store import Store
from .tables import PlanSlot, PlanTable, PriceSlot, PriceTable, ScheduleEntry, ScheduleTable

__all__ = [
    "ActivePowerLimit", "Alarm", "AlarmBook", "AlarmChange", "BackupReserve", "BatterySetup", "Buckets", "CanDetected", "CanDetection",
    "CanEmulator", "CanFrame", "CanLog", "Column", "ComfortBand", "Decision", "DecisionStep", "DecodedColumns", "DemandLimit",
    "DescribedBattery", "Detected", "Detection", "Dimming", "EmsError", "EnergyLine", "ExportLimit", "FrequencyDroop", "GateResult",
    "GentleCurrent", "GentleTemperature", "ImportLimit", "InverterSetup", "LimitCommand", "Limits", "Plan", "PlanSlot", "PlanTable",
    "PollRequest", "Price", "PriceSlot", "PriceTable", "Ramp", "RemoteSetpoint", "Safety", "SafetyStep", "Schedule", "ScheduleEntry",
    "ScheduleTable", "SelfConsumption", "Setpoint", "SetpointCommand", "SignalColumn", "SimulatedSite", "Store", "TimeOfUse", "Tried",
    "WallTime", "Window", "ZeroExport", "as_points", "catalogue", "decode", "decode_can", "decode_column", "detect", "detect_can",
    "detect_candump", "encode_balance", "encode_limits", "encode_switch", "error_class", "errors", "limits_lease_s", "ota", "plot",
    "poll_requests", "protocols", "read_candump",
]
__version__: str = _ems.version

#: Chapters of docs/reference/python.md.
REFERENCE = [
    ("Frames", frames), ("CAN", can), ("CAN emulation", emulation), ("Described batteries", described),
    ("Requests and orders", commands), ("Detection", detection), ("Stores", store), ("Columns", columns), ("Queries", queries),
    ("Safety", safety), ("Policies", policies), ("Decision", decision), ("Tables", tables), ("Alarms", alarms),
    ("Simulation", simulation), ("Updates", ota), ("Plots", plot),
]
