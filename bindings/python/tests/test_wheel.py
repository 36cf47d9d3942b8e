# SPDX-License-Identifier: Apache-2.0
"""The wheel is built without any index, installs into a virtual environment, and decodes; so does what cmake --install puts there."""
import os
import shutil
import subprocess

import zipfile

import pytest
from support.places import BUILD, ROOT

PACKAGE = ROOT / "bindings/python"
PROGRAM = """
import ems, sys
print(ems.__file__)
reply = bytes.fromhex("DD03001D0618000001F201F400002C7C00000000000080640304030B8B0B8A0B84FA8D77")
print(ems.decode("jbd", reply)["temperatures_degc"])
"""


def run(*command, **environment):
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, env={**clean, **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "libems"  # A copy: pip leaves a build folder beside what it builds.
    shutil.copytree(PACKAGE, source / "bindings/python", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    shutil.copy(ROOT / "CMakeLists.txt", source)
    run("/usr/bin/python3", "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "--no-cache-dir", "-q", "-w", folder,
        source / "bindings/python", EMS_BUILD_DIR=str(BUILD.resolve()))
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    sources = {f"ems/{path.name}" for pattern in ("*.py", "*.pyi", "py.typed") for path in (PACKAGE / "ems").glob(pattern)}
    (native,) = names - sources
    assert sources < names and native.startswith("ems/_ems.") and native.endswith(".so")
    version = (ROOT / "CMakeLists.txt").read_text().split("project(libems VERSION ")[1].split()[0]
    assert wheel.name.startswith(f"libems-{version}-cp3") and "linux" in wheel.name


def test_the_wheel_installs_and_decodes(wheel, tmp_path):
    run("/usr/bin/python3", "-m", "venv", "--system-site-packages", tmp_path / "venv")
    python = tmp_path / "venv/bin/python"
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", "-q", wheel)
    where, degrees = run(python, "-c", PROGRAM).splitlines()
    assert where.startswith(str(tmp_path)) and degrees == "[22.4, 22.3, 21.7]"
    run(python, "-m", "pip", "uninstall", "-q", "-y", "libems")
    assert not (tmp_path / "venv" / where).exists()


def test_cmake_installs_the_package_where_debian_looks(tmp_path):
    run("cmake", "--install", BUILD, "--component", "python", "--prefix", tmp_path)
    packages = tmp_path / "lib/python3/dist-packages"
    assert {path.name for path in packages.iterdir()} == {"ems"}
    where, degrees = run("/usr/bin/python3", "-c", PROGRAM, PYTHONPATH=str(packages)).splitlines()
    assert where == str(packages / "ems/__init__.py") and degrees == "[22.4, 22.3, 21.7]"
    assert (packages / "ems/py.typed").exists() and (packages / "ems/_ems.pyi").exists()

