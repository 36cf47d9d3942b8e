# SPDX-License-Identifier: Apache-2.0
"""The native half comes from CMake: out of the build directory EMS_BUILD_DIR when that is set, else of a release build of its own."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.search(r"project\(libems VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
assert VERSION is not None


class CMakeBuild(build_ext):
    """Builds the target ems_python and takes the module."""

    def build_extension(self, extension: Extension) -> None:
        given = os.environ.get("EMS_BUILD_DIR")
        build = Path(given).resolve() if given else Path(self.build_temp).resolve() / "release"
        if given is None:
            subprocess.run(["cmake", "--preset", "release", "-B", str(build), "-DEMS_BUILD_APPS=OFF"], cwd=ROOT, check=True)
            subprocess.run(["cmake", "--build", str(build), "--target", "ems_python", "--parallel"], check=True)
        target = Path(self.get_ext_fullpath(extension.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(build / "python/ems" / target.name, target)


setup(version=VERSION.group(1), ext_modules=[Extension("ems._ems", sources=[])], cmdclass={"build_ext": CMakeBuild})
