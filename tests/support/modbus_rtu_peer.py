# SPDX-License-Identifier: Apache-2.0
"""pymodbus as a Modbus RTU device on a tty: a peer that libems did not write. Arguments: tty, unit, first register, words in hexadecimal."""
import logging
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartSerialServer
from pymodbus.transaction import ModbusRtuFramer

REGISTERS = 4096


def main() -> None:
    tty, unit, first, words = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), bytes.fromhex(sys.argv[4])
    registers = [0] * REGISTERS
    for i in range(0, len(words), 2):
        registers[first + i // 2] = int.from_bytes(words[i:i + 2], "big")
    block = ModbusSequentialDataBlock(0, registers)
    slave = ModbusSlaveContext(hr=block, ir=block, zero_mode=True)
    logging.basicConfig(level=logging.WARNING)
    StartSerialServer(context=ModbusServerContext({unit: slave}, single=False), framer=ModbusRtuFramer, port=tty, baudrate=9600,
                      ignore_missing_slaves=True)


if __name__ == "__main__":
    main()
