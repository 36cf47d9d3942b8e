# SPDX-License-Identifier: Apache-2.0
"""What the simulated plant really did: its truth log, one row per 100 ms."""
from __future__ import annotations

import csv
from pathlib import Path

ROW_S = 0.1
ZERO_W = 20.0  # The PCS rests within this.


def truth(folder: Path, from_s: float = 0.0) -> list[dict[str, float]]:
    """Rows from `from_s` on, oldest first; a row that is being written is left out. An empty field is absent."""
    rows = []
    with (folder / "truth.csv").open() as file:
        text = file.read()
    for row in csv.DictReader(text[: text.rfind("\n") + 1].splitlines()):
        values = {name: float(value) for name, value in row.items() if value != ""}
        if values["t_s"] >= from_s:
            rows.append(values)
    return rows


def now_s(folder: Path) -> float:
    return truth(folder)[-1]["t_s"]


def longest_s(rows: list[dict[str, float]], condition) -> float:
    """Longest time without interruption for which `condition(row)` held."""
    longest, since = 0.0, None
    for row in rows:
        if not condition(row):
            since = None
            continue
        since = row["t_s"] if since is None else since
        longest = max(longest, row["t_s"] - since + ROW_S)
    return longest


def first_s(rows: list[dict[str, float]], condition) -> float | None:
    """When `condition(row)` first held."""
    return next((row["t_s"] for row in rows if condition(row)), None)
