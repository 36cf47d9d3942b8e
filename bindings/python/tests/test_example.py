# SPDX-License-Identifier: Apache-2.0
"""The example prints what its page says and draws a picture."""
import os
import subprocess

from support.places import BUILD, ROOT

DAY = ROOT / "examples/05-a-day-in-python"


def test_a_day_is_simulated_and_drawn(tmp_path):
    picture = tmp_path / "day.png"
    done = subprocess.run(
        ["/usr/bin/python3", str(DAY / "day.py"), str(picture)], capture_output=True, text=True, timeout=240, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(BUILD.resolve() / "python")})
    assert done.returncode == 0, done.stderr
    assert done.stdout == (DAY / "expected_output.txt").read_text()
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 20_000


def test_a_day_of_policies_is_explained(tmp_path):
    folder = ROOT / "examples/07-policies-in-python"
    done = subprocess.run(
        ["/usr/bin/python3", str(folder / "policies.py")], capture_output=True, text=True, timeout=240, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(BUILD.resolve() / "python")})
    assert done.returncode == 0, done.stderr
    assert done.stdout == (folder / "expected_output.txt").read_text()
    assert "demand_limit" in done.stdout and "comfort_band" in done.stdout and done.stdout.count("why, at") == 3


def test_any_battery_prints_what_its_page_says():
    folder = ROOT / "examples/10-any-battery"
    done = subprocess.run(["/usr/bin/python3", str(folder / "any_battery.py")], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONPATH": str(BUILD.resolve() / "python")})
    assert done.returncode == 0, done.stderr
    assert done.stdout == (folder / "expected_output_py.txt").read_text()


def test_payloads_are_installed_refused_and_rolled_back(tmp_path):
    folder = ROOT / "examples/12-payloads-in-python"
    done = subprocess.run(
        ["/usr/bin/python3", str(folder / "payloads.py")], capture_output=True, text=True, timeout=120, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(BUILD.resolve() / "python"), "PATH": f"{BUILD.resolve() / 'bin'}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    assert done.stdout == (folder / "expected_output.txt").read_text()
