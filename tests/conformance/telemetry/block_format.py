# SPDX-License-Identifier: Apache-2.0
"""Reads a block of points as docs/reference/block-format.md describes it, and nothing else: no code of libems.

`block_format.py FILE` prints what every bit means.
"""
from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path
from typing import Iterator

GRIDS = (1, 10, 100, 1000)
INT32 = range(-2**31, 2**31)
ABSENT, GOOD = 0, 4


def wrap(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


def unzigzag(number: int) -> int:
    return number >> 1 if number % 2 == 0 else -(number >> 1) - 1


def zigzag(value: int) -> int:
    value = wrap(value)
    return 2 * value if value >= 0 else -2 * value - 1


class Bits:
    def __init__(self, data: bytes) -> None:
        self.text = "".join(f"{byte:08b}"[::-1] for byte in data)
        self.at = 0
        self.trace: list[tuple[str, str]] = []

    def take(self, count: int) -> int:
        part = self.text[self.at:self.at + count]
        assert len(part) == count, "a row ends early"
        self.at += count
        self.said = getattr(self, "said", "") + part + (" " if part else "")
        return int(part[::-1] or "0", 2)

    def means(self, what: str) -> None:
        self.trace.append((self.said.strip(), what))
        self.said = ""


class Column:
    def __init__(self) -> None:
        self.last = self.slope = self.turn = self.mean = self.run = self.changed = 0
        self.seen = self.quiet = self.restless = False
        self.grid: int | None = None

    @property
    def patience(self) -> int:
        return 16 if self.restless else 4


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def table(data: bytes, at: int, count: int) -> tuple[list[tuple[int, int, int, int, int]], int]:
    """Points as (kind, module, index, signal, element)."""
    points: list[tuple[int, int, int, int, int]] = []
    kind = module = index = signal = 0
    while len(points) < count:
        head, at = varint(data, at)
        if head & 1:
            kind, module = data[at], data[at + 1]
            index, at = varint(data, at + 2)
            signal = 0
        signal += head >> 2
        first = more = 0
        if head & 2:
            first, at = varint(data, at)
            more, at = varint(data, at)
        points += [(kind, module, index, signal, first + i) for i in range(more + 1)]
    assert len(points) == count
    return points, at


def exact(bits: Bits) -> int:
    below = bits.take(6)
    return 1 << below | bits.take(below)


def learn_grid(column: Column, surprise: int) -> int:
    """The surprise in grid steps, not folded by the last turn."""
    column.grid = max(g for g in GRIDS if surprise % g == 0)
    steps = zigzag(surprise // column.grid)
    column.mean = 8 * min(steps, 2**28 - 1)
    return steps


def take_surprise(bits: Bits, column: Column, least: int) -> tuple[int, int]:
    """(surprise, size)."""
    if column.grid is None:
        if least == 0 and bits.take(1) == 0:
            return 0, 0
        surprise = unzigzag(exact(bits))
        return surprise, learn_grid(column, surprise)
    parameter = (column.mean // 16).bit_length()
    ones = 0
    while ones < 8 and bits.take(1):
        ones += 1
    bits.said = bits.said.replace("1 ", "1").replace("0 ", "0") + " "
    if ones < 8:
        size = (ones << parameter | bits.take(parameter)) + least
        steps = unzigzag(size)
        return (-steps if column.turn < 0 else steps) * column.grid, size
    surprise = unzigzag(exact(bits))
    if surprise % column.grid:
        return surprise, learn_grid(column, surprise)
    steps = surprise // column.grid
    return surprise, zigzag(-steps if column.turn < 0 else steps)


def learn(column: Column, surprise: int, size: int, row: int, is_time: bool) -> None:
    column.mean += min(size, 2**28 - 1) - column.mean // 8
    if surprise == 0:
        column.run = 0
        column.quiet = column.quiet or row - column.changed >= column.patience
        return
    column.run = column.run + 1 if surprise == column.turn else 1
    column.turn = max(INT32[0], min(surprise, INT32[-1]))
    column.changed = row
    if column.run >= (1 if is_time else 3) and surprise == column.turn:
        column.run = 0
        if column.slope + surprise in INT32:
            column.slope += surprise


def neighbour(columns: list[Column], points: list[tuple[int, ...]], i: int) -> Column | None:
    return columns[i - 1] if i >= 2 and points[i - 1][3] == points[i - 2][3] else None


def take_value(bits: Bits, columns: list[Column], points: list[tuple[int, ...]], i: int, row: int) -> None:
    column, beside = columns[i], neighbour(columns, points, i)
    if not column.seen:
        width = bits.take(7)
        number = (1 << (width - 1) | bits.take(width - 1)) if width else 0
        column.last = wrap((beside.last if beside else 0) + unzigzag(number))
        column.seen, column.changed = True, row
        return
    if column.grid is None and beside and beside.grid is not None:
        column.grid, column.mean = beside.grid, beside.mean
    was_quiet = column.quiet
    if was_quiet:
        if row - column.changed < column.patience:
            column.restless, column.quiet = True, False
        column.run = 0
    else:
        column.last = wrap(column.last + column.slope)
    surprise, size = take_surprise(bits, column, 1 if was_quiet else 0)
    column.last = wrap(column.last + surprise)
    learn(column, surprise, size, row, i == 0)


def rows(block: bytes, trace: list[tuple[str, str]] | None = None) -> Iterator[tuple[int, list[tuple[int, int] | None]]]:
    """(UTC microseconds, per point (value, quality) or None), row by row."""
    assert block[:8] == b"EMSB" + bytes([2, 0, 1, block[7]])
    assert zlib.crc32(block[:-4]) == struct.unpack("<I", block[-4:])[0]
    count, = struct.unpack_from("<H", block, 28)
    first, last = struct.unpack_from("<QQ", block, 32)
    points, at = table(block, 68, count)
    bits = Bits(block[at:-4])
    columns = [Column() for _ in range(count + 1)]
    states = [GOOD] * count
    names = ["time"] + [f"signal {p[3]}" for p in points]
    for row in range(last - first + 1):
        if bits.take(1):
            for i in range(count):
                if bits.take(1):
                    code = bits.take(2)
                    states[i] = code if code < states[i] else code + 1
            bits.means(f"row {row}: states {states}")
        else:
            bits.means(f"row {row}: states as before")
        present = [True] + [state != ABSENT for state in states]
        quiet = [i for i, column in enumerate(columns) if column.quiet and present[i]]
        active = [i for i, column in enumerate(columns) if not column.quiet and present[i]]
        for i in quiet:
            columns[i].last = wrap(columns[i].last + columns[i].slope)
        rest = quiet
        while rest:
            if not bits.take(1):
                bits.means("no more news of the quiet columns")
                break
            place = bits.take((len(rest) - 1).bit_length())
            take_value(bits, columns, points, rest[place], row)
            bits.means(f"quiet {names[rest[place]]} {columns[rest[place]].last}")
            rest = rest[place + 1:]
        for i in active:
            take_value(bits, columns, points, i, row)
            bits.means(f"{names[i]} {columns[i].last}")
        yield columns[0].last, [(columns[i + 1].last, states[i] - 1) if states[i] else None for i in range(count)]
    assert set(bits.text[bits.at:]) <= {"0"} and len(bits.text) - bits.at < 8
    if trace is not None:
        trace += bits.trace


def main() -> None:
    trace: list[tuple[str, str]] = []
    for _ in rows(Path(sys.argv[1]).read_bytes(), trace):
        pass
    for bits, what in trace:
        print(f"{bits:<90} {what}")


if __name__ == "__main__":
    main()
