# SPDX-License-Identifier: Apache-2.0
"""The ten-minute tutorial, every command of it, as two terminals type it; only `sudo` and the place of the build differ."""
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from support.harness import ROOT, build_dir, wait_for

PAGE = ROOT / "docs/tutorials/ten-minutes.md"


@pytest.fixture
def home():
    with tempfile.TemporaryDirectory(prefix="ems-tut-", dir="/tmp") as name:
        yield Path(name)


def blocks() -> list[str]:
    """The tutorial's shell blocks, with the programs of this test's build in place of those it would make first."""
    text = PAGE.read_text().replace("$PWD/build/release", str(build_dir())).replace("sudo scripts/setup", "scripts/setup")
    return re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)


def test_every_command_of_the_ten_minute_tutorial_works(home):
    run_it, ask, draw, draw_a_day = blocks()
    assert "```" not in re.sub(r"^```sh\n.*?^```", "", PAGE.read_text(), flags=re.M | re.S)  # There are no other blocks.
    environment = {**os.environ, "HOME": str(home), "PATH": "/usr/bin:" + os.environ["PATH"], "EMS_BUILD_DIR": str(build_dir()),
                   "MPLCONFIGDIR": str(home)}
    environment.pop("PYTHONPATH", None)
    before = ""

    def second_terminal(block: str) -> str:
        nonlocal before
        script = f"set -eu\n{before}\n{block}"
        before += "".join(line + "\n" for line in block.splitlines() if line.startswith("export "))
        done = subprocess.run(["bash", "-c", script], cwd=home, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        assert done.stderr == ""
        return done.stdout

    log = home / "demo.log"
    with log.open("w") as file:
        demo = subprocess.Popen(["bash", "-euc", run_it], cwd=ROOT, env=environment, stdout=file, stderr=file)
    try:
        wait_for("the demo's table", lambda: demo.poll() is not None or "\nUTC " in log.read_text(), 90)
        wait_for("a decision", lambda: (home / "demo-site/agent.sock").exists() and second_terminal(ask), 30)
        wait_for("a decision that somebody made", lambda: "economic" in second_terminal(ask), 30)
        said = second_terminal(ask)
        assert "battery/1" in said and "envelope" in said
        assert demo.wait(timeout=200) == 0, log.read_text()[-3000:]
    finally:
        demo.kill()
        demo.wait(timeout=10)
    assert re.search(r"^\d+ checks hold, 0 failed", log.read_text().splitlines()[-1])
    assert re.fullmatch(r"\d+ points, \d\d+ rows -> demo.png, demo-cells.png\n", second_terminal(draw))
    assert re.fullmatch(r"state of charge \d+ \.\. \d+ % -> day.png\n", second_terminal(draw_a_day))
    for name in ("demo.png", "demo-cells.png", "day.png"):
        picture = (home / name).read_bytes()
        assert picture.startswith(b"\x89PNG") and len(picture) > 10_000, name
