/* SPDX-License-Identifier: Apache-2.0 */
/** @file Numbers of the library's tables. Made by bindings/c/tools/make_codes.py; do not edit. */
/* clang-format off */
#ifndef EMS_CAPI_CODES_H
#define EMS_CAPI_CODES_H

/** Status codes: ems_status_t. Append-only; the same numbers and names as in C++ and Python. */
enum {
  EMS_OK = 0, /**< success */
  EMS_E_INVALID_ARGUMENT = 1, /**< an argument is not of the form the function takes */
  EMS_E_OUT_OF_RANGE = 2, /**< a value lies outside its declared range */
  EMS_E_UNAVAILABLE = 3, /**< the thing asked for cannot be reached now; trying again may work */
  EMS_E_TIMEOUT = 4, /**< no answer within the time allowed */
  EMS_E_CANCELLED = 5, /**< the caller or a shutdown ended the operation */
  EMS_E_NOT_FOUND = 6, /**< no such asset, signal, file or row */
  EMS_E_ALREADY_EXISTS = 7, /**< it is there already and must not be overwritten */
  EMS_E_PERMISSION_DENIED = 8, /**< the identity is known and may not do this */
  EMS_E_UNAUTHENTICATED = 9, /**< no valid identity was shown */
  EMS_E_RESOURCE_EXHAUSTED = 10, /**< a bounded queue, buffer or budget is full */
  EMS_E_FAILED_PRECONDITION = 11, /**< the system is not in a state that allows this */
  EMS_E_ABORTED = 12, /**< a concurrent change won; read again and retry */
  EMS_E_UNIMPLEMENTED = 13, /**< this build or this peer does not offer it */
  EMS_E_INTERNAL = 14, /**< a fault in libems itself; please report it */
  EMS_E_DATA_LOSS = 15, /**< stored data cannot be recovered */
  EMS_E_IO = 16, /**< the operating system refused a read, write, open or connect */
  EMS_E_HEADER = 32, /**< wrong start byte, echo or identifier */
  EMS_E_TRUNCATED = 33, /**< fewer bytes than the frame needs */
  EMS_E_LENGTH = 34, /**< more bytes than the frame needs, or a length field that disagrees */
  EMS_E_TAIL = 35, /**< wrong end byte */
  EMS_E_CHECKSUM = 36, /**< checksum or CRC mismatch */
  EMS_E_DEVICE_ERROR = 37, /**< a well-formed refusal by the device */
  EMS_E_EXCEPTION = 38, /**< a Modbus exception response */
  EMS_E_UNKNOWN_PROTOCOL = 39, /**< no protocol or device pack of that name */
  EMS_E_SYNTAX = 48, /**< the text is not well-formed */
  EMS_E_UNKNOWN_KEY = 49, /**< a key that the schema does not have */
  EMS_E_WRONG_TYPE = 50, /**< a value of another type than the schema asks for */
  EMS_E_MISSING_KEY = 51, /**< a required key is absent */
  EMS_E_OFF_GRID = 52, /**< a decimal with more digits than its unit can hold exactly */
  EMS_E_STALE = 64, /**< the newest value is too old to act on */
  EMS_E_DISARMED = 65, /**< control is not armed, or its limits are not accepted */
  EMS_E_EXPIRED = 66, /**< a lease or a time to live has run out */
  EMS_E_LATCHED = 67, /**< a trip is latched and must be reset by a person */
  EMS_E_TOO_WIDE = 68, /**< a limit is wider than the absolute limit of its chemistry */
  EMS_E_CORRUPT = 80, /**< a stored record fails its check */
  EMS_E_DISK_FULL = 81, /**< no room left on the device */
  EMS_E_READ_ONLY = 82, /**< the store cannot be written */
  EMS_E_SCHEMA = 83, /**< made by a version this one cannot read */
  EMS_E_IDENTITY_CONFLICT = 84, /**< two agents use one identity; both wait for a person */
  EMS_E_NOT_NEXT = 85, /**< rows arrived out of order; the mark says which is next */
  EMS_E_MALFORMED = 96, /**< metadata that is not of the form the specification asks for */
  EMS_E_SIGNATURE = 97, /**< fewer valid signatures by distinct keys than the threshold */
  EMS_E_BAD_KEY = 98, /**< a public key that nobody may trust: small order, not canonical, not of its type */
  EMS_E_ROLLBACK = 99, /**< an older version than one that was trusted before */
  EMS_E_VERSION = 100, /**< another version than the metadata above it names */
  EMS_E_HASH = 101, /**< other bytes than the metadata above them names */
  EMS_E_UNSUPPORTED_HASH = 102, /**< no hash of an algorithm this build knows */
  EMS_E_TOO_LARGE = 103, /**< more bytes than allowed */
  EMS_E_DOWNLOAD = 104, /**< the repository cannot be reached or does not answer as one */
  EMS_E_SLOW_RETRIEVAL = 105, /**< bytes came slower than the minimum rate */
  EMS_E_NOT_IN_SNAPSHOT = 106, /**< a role that the snapshot does not list */
  EMS_E_BAD_NAME = 107, /**< a target name that could leave its folder */
  EMS_E_WRONG_HARDWARE = 108, /**< a target that is not for this device */
  EMS_E_NO_SPACE = 109, /**< a target larger than the place it is for */
  EMS_E_NO_TRUST_ROOT = 110, /**< no root of trust: neither the stored, its predecessor nor the factory's can be read */
  EMS_E_STORE = 111 /**< a trusted file cannot be read or written */
};

/** Signals: ems_value_t.signal. Append-only; ems_signal_get() gives unit and meaning. */
enum {
  EMS_SIGNAL_PACK_VOLTAGE = 1, /**< voltage at the battery's terminals */
  EMS_SIGNAL_PACK_CURRENT = 2, /**< battery current; + discharges */
  EMS_SIGNAL_SOC = 3, /**< state of charge as the BMS says it */
  EMS_SIGNAL_SOH = 4, /**< state of health as the BMS says it */
  EMS_SIGNAL_CYCLE_COUNT = 5, /**< charge cycles counted by the BMS */
  EMS_SIGNAL_REMAINING_CAPACITY = 6, /**< charge left */
  EMS_SIGNAL_FULL_CAPACITY = 7, /**< charge when full, as learnt or as nominal by the BMS */
  EMS_SIGNAL_DESIGN_CAPACITY = 8, /**< charge when full, as built */
  EMS_SIGNAL_CELL_COUNT = 9, /**< cells in series */
  EMS_SIGNAL_CELL_VOLTAGE = 10, /**< voltage of one cell */
  EMS_SIGNAL_TEMPERATURE = 11, /**< one of the battery's temperature sensors */
  EMS_SIGNAL_CELL_VOLTAGE_MAX = 12, /**< highest cell voltage */
  EMS_SIGNAL_CELL_VOLTAGE_MIN = 13, /**< lowest cell voltage */
  EMS_SIGNAL_CELL_TEMP_MAX = 14, /**< highest cell temperature */
  EMS_SIGNAL_CELL_TEMP_MIN = 15, /**< lowest cell temperature */
  EMS_SIGNAL_MOSFET_TEMPERATURE = 16, /**< temperature of the BMS's power transistors */
  EMS_SIGNAL_AMBIENT_TEMPERATURE = 17, /**< temperature around the battery */
  EMS_SIGNAL_CHARGE_VOLTAGE_LIMIT = 18, /**< highest pack voltage the BMS allows (CVL) */
  EMS_SIGNAL_DISCHARGE_VOLTAGE_LIMIT = 19, /**< lowest pack voltage the BMS allows (DVL) */
  EMS_SIGNAL_CHARGE_CURRENT_LIMIT = 20, /**< largest charge current the BMS allows (CCL); a magnitude */
  EMS_SIGNAL_DISCHARGE_CURRENT_LIMIT = 21, /**< largest discharge current the BMS allows (DCL); a magnitude */
  EMS_SIGNAL_CHARGE_FET_ON = 22, /**< the charge transistor conducts */
  EMS_SIGNAL_DISCHARGE_FET_ON = 23, /**< the discharge transistor conducts */
  EMS_SIGNAL_BALANCING = 24, /**< at least one cell is being balanced */
  EMS_SIGNAL_CHARGE_ENABLE = 25, /**< the BMS permits charging */
  EMS_SIGNAL_DISCHARGE_ENABLE = 26, /**< the BMS permits discharging */
  EMS_SIGNAL_FORCE_CHARGE = 27, /**< the BMS asks to be charged */
  EMS_SIGNAL_FULL_CHARGE_REQUEST = 28, /**< the BMS asks for a full charge */
  EMS_SIGNAL_HEATER_ON = 29, /**< the battery heater is on */
  EMS_SIGNAL_ALARMS = 30, /**< protections that are active now; bits of alarms.def */
  EMS_SIGNAL_WARNINGS = 31, /**< warnings that are active now; bits of alarms.def */
  EMS_SIGNAL_VENDOR_ALARMS = 32, /**< active protections that only the vendor names; the protocol's page has the bits */
  EMS_SIGNAL_MODULE_COUNT = 33, /**< modules behind this battery */
  EMS_SIGNAL_ENERGY_CHARGED = 34, /**< energy charged over life */
  EMS_SIGNAL_ENERGY_DISCHARGED = 35, /**< energy discharged over life */
  EMS_SIGNAL_PACK_POWER = 36, /**< battery power at dc; + discharges */
  EMS_SIGNAL_INSULATION_RESISTANCE = 37, /**< resistance between the battery's poles and earth, the lower of the two */
  EMS_SIGNAL_SMOKE_DETECTED = 38, /**< a smoke detector at the battery has tripped, or its circuit is open */
  EMS_SIGNAL_GAS_DETECTED = 39, /**< a gas detector at the battery has tripped, or its circuit is open */
  EMS_SIGNAL_CONTACTOR_CLOSED = 40, /**< feedback of the battery's main contactor: it is closed */
  EMS_SIGNAL_CONTACTOR_COMMANDED = 41, /**< the battery's main contactor is told to be closed */
  EMS_SIGNAL_ACTIVE_POWER = 64, /**< active power at ac; + delivers into the site (a grid meter: import) */
  EMS_SIGNAL_REACTIVE_POWER = 65, /**< reactive power at ac; same sign as active_power */
  EMS_SIGNAL_APPARENT_POWER = 66, /**< apparent power at ac */
  EMS_SIGNAL_FREQUENCY = 67, /**< grid frequency */
  EMS_SIGNAL_PHASE_VOLTAGE = 68, /**< line-to-neutral voltage of one phase */
  EMS_SIGNAL_PHASE_CURRENT = 69, /**< current of one phase */
  EMS_SIGNAL_PHASE_POWER = 70, /**< active power of one phase */
  EMS_SIGNAL_ENERGY_IMPORTED = 71, /**< energy taken from the grid over life */
  EMS_SIGNAL_ENERGY_EXPORTED = 72, /**< energy given to the grid over life */
  EMS_SIGNAL_POWER_FACTOR = 73, /**< power factor, -1 .. 1 */
  EMS_SIGNAL_OPERATING_STATE = 74, /**< state of the inverter as its protocol numbers it */
  EMS_SIGNAL_CABINET_TEMPERATURE = 75, /**< temperature inside the inverter's cabinet */
  EMS_SIGNAL_POWER_SETPOINT = 76, /**< active-power set-point read back from the inverter; + delivers into the site */
  EMS_SIGNAL_POWER_SETPOINT_ENABLED = 77, /**< the inverter follows its active-power set-point */
  EMS_SIGNAL_REVERT_TIME_LEFT = 78, /**< seconds until the inverter drops its set-point by itself */
  EMS_SIGNAL_GRID_CONNECTED = 79, /**< the inverter is connected to the grid */
  EMS_SIGNAL_LINE_VOLTAGE = 80, /**< mean line-to-line voltage */
  EMS_SIGNAL_DC_PV_POWER = 81, /**< PV power arriving on the inverter's own dc bus */
  EMS_SIGNAL_INVERTER_ALARMS = 82, /**< the inverter's alarm bits as its protocol numbers them */
  EMS_SIGNAL_ESTOP_PRESSED = 83, /**< an emergency-stop input is pressed, or its circuit is open */
  EMS_SIGNAL_SITE_LOAD_POWER = 96, /**< consumption of the site: battery + pv + grid, all at ac */
  EMS_SIGNAL_SITE_GRID_POWER = 97, /**< power at the PCC; + import */
  EMS_SIGNAL_SITE_BATTERY_POWER = 98, /**< ac power of all battery inverters; + discharges */
  EMS_SIGNAL_SITE_PV_POWER = 99, /**< ac power of all PV inverters and PV meters */
  EMS_SIGNAL_SETPOINT_POWER = 100, /**< gated set-point sent to the battery inverters; + discharges */
  EMS_SIGNAL_ENVELOPE_LO = 101, /**< lowest ac power safety allows now; - charges */
  EMS_SIGNAL_ENVELOPE_HI = 102, /**< highest ac power safety allows now; + discharges */
  EMS_SIGNAL_SAFETY_STATE = 103 /**< 0 init, 1 normal, 2 derated, 3 safe, 4 tripped */
};

/** Units: ems_signal_info_t.unit. */
enum {
  EMS_UNIT_COUNT = 0,
  EMS_UNIT_MILLIVOLT = 1,
  EMS_UNIT_MILLIAMP = 2,
  EMS_UNIT_MILLICELSIUS = 3,
  EMS_UNIT_MILLIHERTZ = 4,
  EMS_UNIT_WATT = 5,
  EMS_UNIT_VAR = 6,
  EMS_UNIT_VOLT_AMP = 7,
  EMS_UNIT_WATT_HOUR = 8,
  EMS_UNIT_MICROAMP_HOUR = 9,
  EMS_UNIT_BASIS_POINTS = 10,
  EMS_UNIT_RATIO = 11,
  EMS_UNIT_MILLIOHM = 12,
  EMS_UNIT_KILOOHM = 13,
  EMS_UNIT_SECOND = 14,
  EMS_UNIT_BOOLEAN = 15,
  EMS_UNIT_ENUMERATION = 16,
  EMS_UNIT_BITS = 17,
  EMS_UNIT_ALARM_BITS = 18
};

/** Bit numbers of the signals `alarms` and `warnings`. */
enum {
  EMS_ALARM_CELL_OVERVOLTAGE = 0,
  EMS_ALARM_CELL_UNDERVOLTAGE = 1,
  EMS_ALARM_PACK_OVERVOLTAGE = 2,
  EMS_ALARM_PACK_UNDERVOLTAGE = 3,
  EMS_ALARM_CHARGE_OVERCURRENT = 4,
  EMS_ALARM_DISCHARGE_OVERCURRENT = 5,
  EMS_ALARM_SHORT_CIRCUIT = 6,
  EMS_ALARM_CHARGE_OVERTEMPERATURE = 7,
  EMS_ALARM_CHARGE_UNDERTEMPERATURE = 8,
  EMS_ALARM_DISCHARGE_OVERTEMPERATURE = 9,
  EMS_ALARM_DISCHARGE_UNDERTEMPERATURE = 10,
  EMS_ALARM_OVERTEMPERATURE = 11,
  EMS_ALARM_UNDERTEMPERATURE = 12,
  EMS_ALARM_MOSFET_OVERTEMPERATURE = 13,
  EMS_ALARM_CELL_IMBALANCE = 14,
  EMS_ALARM_INTERNAL_FAILURE = 15,
  EMS_ALARM_COMMUNICATION_FAILURE = 16,
  EMS_ALARM_CONTACTOR_FAILURE = 17,
  EMS_ALARM_ISOLATION_FAILURE = 18,
  EMS_ALARM_PRECHARGE_FAILURE = 19,
  EMS_ALARM_SOC_LOW = 20
};

/** Text fields: ems_text_t.field. */
enum {
  EMS_TEXT_MANUFACTURER = 1,
  EMS_TEXT_DEVICE_MODEL = 2,
  EMS_TEXT_SERIAL_NUMBER = 3,
  EMS_TEXT_SOFTWARE_VERSION = 4,
  EMS_TEXT_HARDWARE_VERSION = 5,
  EMS_TEXT_FIRMWARE_VERSION = 6,
  EMS_TEXT_MANUFACTURE_DATE = 7
};

#endif
