# SPDX-License-Identifier: Apache-2.0
"""Where things are: the source tree, and the build (EMS_BUILD_DIR, else build/dev)."""
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("EMS_BUILD_DIR", ROOT / "build/dev"))
