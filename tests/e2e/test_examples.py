# SPDX-License-Identifier: Apache-2.0
"""The examples in Python do what the README and their own pages say; test_install.py has those in C++ and C."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.harness import Installation, build_dir, wait_for

ROOT = Path(__file__).resolve().parents[2]
HELLO = ROOT / "examples/01-hello-battery"
ASK = ROOT / "examples/02-ask-a-server/ask.py"


def run(*command) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(build_dir() / "python")}
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, env=environment)


def readme_block(after: str) -> str:
    """The first fenced block of the README behind a line that contains `after`."""
    text = (ROOT / "README.md").read_text()
    return re.search(r"```\w*\n(.*?)```", text[text.index(after):], re.S).group(1)


def test_readme_shows_the_programs_as_they_are_and_what_they_print():
    assert readme_block("01-hello-battery/main.cpp") in (HELLO / "main.cpp").read_text()
    assert readme_block("It prints") == (HELLO / "expected_output.txt").read_text()
    assert readme_block("01-hello-battery/hello.py") in (HELLO / "hello.py").read_text()
    assert readme_block("01-hello-battery/hello.c") in (HELLO / "hello.c").read_text()
    assert readme_block("C prints") == (HELLO / "expected_output_c.txt").read_text()
    assert readme_block("Python prints") == run(sys.executable, HELLO / "hello.py").stdout


def test_hello_in_python_decodes_the_same_values():
    import ems
    shown = json.loads((HELLO / "expected_output.txt").read_text())
    frames = re.findall(r'"([0-9A-F]{14,})"', (HELLO / "hello.py").read_text())
    assert ems.decode("jbd", bytes.fromhex(frames[1]), bytes.fromhex(frames[0])) == shown


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Installation(tmp_path_factory.mktemp("examples")) as made:
        made.make_pki()
        made.accept_limits()
        made.start_server()
        made.start_sim()
        made.start_agent()
        yield made


def test_hello_over_grpc_reads_the_battery_of_an_agent(site):
    hello = HELLO / "hello_grpc.py"
    descriptors = build_dir() / "gen/ems.v1.descriptors.pb"  # Installed as it is; test_install.py compares.
    said = wait_for("a voltage", lambda: run(sys.executable, hello, site.folder / "agent.sock", descriptors).stdout, 20)
    assert re.fullmatch(r"battery/1 5[0-9]\.[0-9]+ V\n", said)


def ask(site: Installation, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(ASK), *arguments], cwd=site.folder, capture_output=True, text=True, timeout=60)


def test_ask_lists_services_and_calls_them_by_reflection(site):
    address = f"127.0.0.1:{site.server_port}"
    assert "ems.v1.FleetService" in ask(site, address).stdout.split()
    agents = json.loads(ask(site, address, "ems.v1.FleetService/ListAgents").stdout)["agents"]
    assert [agent["name"] for agent in agents] == ["demo/gateway-1"]
    live = ask(site, address, "ems.v1.FleetService/WatchTelemetry", '{"agent": "demo/gateway-1"}')
    assert json.loads(live.stdout)["agent"] == "demo/gateway-1"
    assert "ems.v1.SiteService" in ask(site, "unix:agent.sock").stdout.split()


def test_ask_says_why_it_was_refused(site):
    address = f"127.0.0.1:{site.server_port}"
    done = ask(site, address, "ems.v1.FleetService/GetCounts", '{"agent": "demo/nobody"}')
    assert (done.returncode, done.stderr) == (1, "ask: NOT_FOUND: not_found: no such agent\n")
