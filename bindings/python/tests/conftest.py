# SPDX-License-Identifier: Apache-2.0
"""The tests' own modules and the package that was built are importable; stores to read."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests"))

from support.places import BUILD  # noqa: E402
from support.stores import make_stores  # noqa: E402

sys.path.insert(0, str(BUILD / "python"))


@pytest.fixture(scope="session")
def stores(tmp_path_factory):
    """The folder of edge.db and fleet.db, ROWS rows each: battery/1 with 50 cells."""
    return make_stores(tmp_path_factory.mktemp("stores"))


@pytest.fixture(params=["edge.db", "fleet.db"])
def store(stores, request):
    import ems

    return ems.Store(stores / request.param)
