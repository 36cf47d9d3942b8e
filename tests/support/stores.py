# SPDX-License-Identifier: Apache-2.0
"""Stores of both kinds with rows that are known, written by bindings/python/tests/make_store.cpp."""
import subprocess
from pathlib import Path

from support.places import BUILD

ROWS = 20_000
FIRST_US = 1_700_000_001_000_000  # Row 1; row n has n - 1 seconds more.


def make_stores(folder: Path, rows: int = ROWS, *kind: str) -> Path:
    """edge.db and fleet.db in the folder; kind "energy": a site with a meter instead of a battery with cells."""
    subprocess.run([BUILD / "bindings/python/ems_make_store", folder, str(rows), *kind], check=True)
    return folder
