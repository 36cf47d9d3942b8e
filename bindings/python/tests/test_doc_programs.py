# SPDX-License-Identifier: Apache-2.0
"""The programs of the how-to pages do what the pages say they print."""
import os
import re
import subprocess

import pytest
from support.places import BUILD, ROOT

PAGES = [ROOT / "docs/how-to" / name for name in ("decode-with-python.md", "simulate-in-python.md")]
#: A program, and the block without a language that follows it: what it prints.
SHOWN = re.compile(r"```python\n((?:(?!```).)*)```\n+(?:It prints\n+)?```\n(.*?)```", re.S)


def programs():
    for page in PAGES:
        shown = SHOWN.findall(page.read_text())
        assert len(shown) >= 2, page
        yield page.stem, shown


@pytest.mark.parametrize("shown", [shown for _, shown in programs()], ids=[name for name, _ in programs()])
def test_a_page_prints_what_it_shows(shown, tmp_path):
    code = "".join(program for program, _ in shown)
    done = subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True, text=True, timeout=120, cwd=tmp_path,
                          env={**os.environ, "PYTHONPATH": str(BUILD.resolve() / "python")})
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(printed for _, printed in shown)
