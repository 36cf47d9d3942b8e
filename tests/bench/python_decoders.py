# SPDX-License-Identifier: Apache-2.0
"""Decoders in pure Python, as a person writes them for one battery: frame, checksum, fields, a dict. The peers of scripts/bench decode.

Each takes what a codec of the same name takes (reply, or frames as (identifier, data)) and gives the names that `ems.decode` gives.
"""
from __future__ import annotations

import struct
from typing import Any, Callable, Sequence

JBD_BASIC = struct.Struct(">HhHHHHHHHBBBBB")


def jbd(frame: bytes) -> dict[str, Any]:
    """The reply to "basic info"."""
    if frame[0] != 0xDD or frame[-1] != 0x77 or frame[1] != 3 or frame[2] != 0:
        raise ValueError("not a reply to basic info")
    length = frame[3]
    if len(frame) != length + 7:
        raise ValueError("length")
    if (0x10000 - sum(frame[2:4 + length])) & 0xFFFF != frame[-3] << 8 | frame[-2]:
        raise ValueError("checksum")
    voltage, current, remaining, full, cycles, _, low, high, protection, _, soc, fets, cells, sensors = JBD_BASIC.unpack_from(frame, 4)
    temperatures = struct.unpack_from(f">{sensors}H", frame, 4 + JBD_BASIC.size)
    return {
        "pack_voltage_v": voltage / 100, "pack_current_a": -current / 100, "remaining_capacity_ah": remaining / 100,
        "full_capacity_ah": full / 100, "cycle_count": cycles, "balancing": bool(low or high), "protection": protection, "soc_pct": soc,
        "charge_fet_on": bool(fets & 1), "discharge_fet_on": bool(fets & 2), "cell_count": cells,
        "temperatures_degc": [None if t in (0, 0xFFFF) else (t - 2731) / 10 for t in temperatures],
    }


def pylontech(frame: bytes) -> dict[str, Any]:
    """The reply to 42, analog values, of one module."""
    if frame[:1] != b"~" or frame[-1:] != b"\r":
        raise ValueError("no frame")
    if int(frame[-5:-1], 16) != -sum(frame[1:-5]) & 0xFFFF:
        raise ValueError("checksum")
    _, _, cid1, rtn = bytes.fromhex(frame[1:9].decode())
    size = int(frame[10:13], 16)
    if cid1 != 0x46 or rtn != 0 or len(frame) != size + 18:
        raise ValueError("not a reply to 42")
    info = bytes.fromhex(frame[13:13 + size].decode())
    cells = info[2]
    voltages = struct.unpack_from(f">{cells}H", info, 3)
    at = 3 + 2 * cells
    sensors = info[at]
    temperatures = struct.unpack_from(f">{sensors}H", info, at + 1)
    at += 1 + 2 * sensors
    current, voltage, remaining, kind, full, cycles = struct.unpack_from(">hHHBHH", info, at)
    if kind == 4:
        remaining, full = int.from_bytes(info[at + 11:at + 14], "big"), int.from_bytes(info[at + 14:at + 17], "big")
    return {
        "cell_voltages_v": [v / 1000 for v in voltages], "temperatures_degc": [(t - 2731) / 10 for t in temperatures],
        "pack_current_a": -current / 10, "pack_voltage_v": voltage / 1000, "remaining_capacity_ah": remaining / 1000,
        "full_capacity_ah": full / 1000, "cycle_count": cycles,
    }


def daly_a5(reply: bytes, cell_count: int = 16) -> dict[str, Any]:
    """The reply to 95, cell voltages: a frame of 13 bytes for every three cells."""
    voltages: list[float] = []
    for number, at in enumerate(range(0, len(reply), 13), 1):
        frame = reply[at:at + 13]
        if len(frame) != 13 or frame[0] != 0xA5 or frame[2] != 0x95 or frame[3] != 8:
            raise ValueError("not a reply to 95")
        if sum(frame[:12]) & 0xFF != frame[12] or frame[4] != number:
            raise ValueError("checksum or order")
        voltages += [v / 1000 for v in struct.unpack_from(">3H", frame, 5)]
    return {"cell_voltages_v": voltages[:cell_count]}


def jk_status(frame: bytes) -> dict[str, Any]:
    """A status of 32 slots."""
    if frame[:5] != b"\x55\xAA\xEB\x90\x02" or len(frame) != 300:
        raise ValueError("not a status")
    if sum(frame[:299]) & 0xFF != frame[299]:
        raise ValueError("checksum")
    fitted = int.from_bytes(frame[70:74], "little")
    slots = struct.unpack_from("<32H", frame, 6)
    voltage, _, current, first, second = struct.unpack_from("<IIihh", frame, 150)
    balancing, soc, remaining, full, cycles = struct.unpack_from("<BBiII", frame, 172)
    return {
        "cell_voltages_v": [slots[i] / 1000 if fitted >> i & 1 else None for i in range(fitted.bit_length())],
        "mosfet_temperature_degc": struct.unpack_from("<h", frame, 144)[0] / 10, "pack_voltage_v": voltage / 1000,
        "pack_current_a": -current / 1000, "temperatures_degc": [first / 10, second / 10], "balancing": balancing != 0, "soc_pct": soc,
        "remaining_capacity_ah": remaining / 1000, "full_capacity_ah": full / 1000, "cycle_count": cycles, "soh_pct": frame[190],
        "charge_fet_on": bool(frame[198]), "discharge_fet_on": bool(frame[199]),
    }


def crc16(data: bytes) -> int:
    """Of Modbus."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def jk_pb_modbus(answer: bytes) -> dict[str, Any]:
    """A status, and the acknowledgement of the write that asked for it."""
    acknowledged = answer[301:309]
    if len(answer) != 310 or acknowledged[1:6] != b"\x10\x16\x20\x00\x01":
        raise ValueError("not an answer")
    if crc16(acknowledged[:6]) != int.from_bytes(acknowledged[6:], "little"):
        raise ValueError("checksum")
    return jk_status(answer[:300])


def pylontech_lv_can(frames: Sequence[tuple[int, bytes]]) -> dict[str, Any]:
    """A burst."""
    values: dict[str, Any] = {}
    for number, data in frames:
        if number == 0x351:
            charge_v, charge_a, discharge_a, discharge_v = struct.unpack("<HhhH", data)
            values |= {"charge_voltage_limit_v": charge_v / 10, "charge_current_limit_a": charge_a / 10,
                       "discharge_current_limit_a": abs(discharge_a) / 10, "discharge_voltage_limit_v": discharge_v / 10}
        elif number == 0x355:
            values["soc_pct"], values["soh_pct"] = struct.unpack_from("<HH", data)
        elif number == 0x356:
            voltage, current, temperature = struct.unpack_from("<hhh", data)
            values |= {"pack_voltage_v": voltage / 100, "pack_current_a": -current / 10, "temperature_degc": temperature / 10}
        elif number == 0x35E:
            values["manufacturer"] = data.decode("ascii").rstrip()
    return values


#: By protocol: the vector whose frame both sides decode, and the decoder.
PEERS: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "jbd": ("jbd-basic-sp04s034", jbd),
    "pylontech": ("pylontech-analog-us3000c", pylontech),
    "daly_a5": ("daly-95-16s", daly_a5),
    "jk_55aa": ("jk55aa-status-8s-v1927", jk_status),
    "jk_pb_modbus": ("jk55aa-status-8s-v1927", jk_pb_modbus),
    "pylontech-lv-can": ("pyl-us5000-v1.3", pylontech_lv_can),
}


def jk_pb_answer(status: bytes) -> bytes:
    """What a PB board sends around a status: no whole answer was published (docs/protocols/jk_pb_modbus.md)."""
    acknowledged = b"\x01\x10\x16\x20\x00\x01"
    return status + b"\0" + acknowledged + crc16(acknowledged).to_bytes(2, "little") + b"\0"
