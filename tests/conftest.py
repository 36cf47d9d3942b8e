# SPDX-License-Identifier: Apache-2.0
"""The tests' own modules and the package that was built are importable."""
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS), str(TESTS / "tidy")]

from support.places import BUILD  # noqa: E402

sys.path.insert(0, str(BUILD / "python"))
