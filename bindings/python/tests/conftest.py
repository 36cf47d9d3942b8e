# SPDX-License-Identifier: Apache-2.0
"""The tests' own modules and the package that was built are importable."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests"))

from support.places import BUILD  # noqa: E402

sys.path.insert(0, str(BUILD / "python"))
