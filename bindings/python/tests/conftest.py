# SPDX-License-Identifier: Apache-2.0
"""Where the build is: EMS_BUILD_DIR, else build/dev."""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("EMS_BUILD_DIR", ROOT / "build/dev"))
sys.path[:0] = [str(ROOT / "tests"), str(BUILD / "python")]
