# SPDX-License-Identifier: Apache-2.0
"""emsctl sim --battery P: a captured request to its terminal gets a reply of that protocol."""
import json
import os
import select
import subprocess

import pytest

from support.harness import build_dir

EMSCTL = build_dir() / "bin" / "emsctl"


def sim(folder, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen([EMSCTL, "sim", "--only-battery", "--dir", folder, "--for", "60", *arguments], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ask(port: str, request: bytes, end: bytes) -> bytes:
    line = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(line, request)
        reply = b""
        while not reply.endswith(end):
            ready, _, _ = select.select([line], [], [], 20)
            assert ready, f"only {reply!r}"
            reply += os.read(line, 512)
        return reply
    finally:
        os.close(line)


@pytest.mark.parametrize("arguments, request_, begin, size", [
    (("pace",), b"~25014642E00201FD30\r", b"~25014600", 18 + 2 * 53),
    (("pylontech", "--battery-variant", "system", "--battery-address", "18"), b"~201246610000FDAA\r", b"~20124600", 18 + 2 * 49),
])
def test_the_simulated_battery_answers_in_the_protocol_it_was_told(tmp_path, arguments, request_, begin, size):
    process = sim(tmp_path, "--battery", *arguments)
    try:
        port = json.loads(process.stdout.readline())["battery_pty"]
        reply = ask(port, request_, b"\r")
        assert reply.startswith(begin) and len(reply) == size
    finally:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.parametrize("arguments, part", [
    (("--battery", "nobody"), "--battery"),
    (("--battery", "pace", "--battery-address", "16"), "out_of_range"),
    (("--battery", "tdt", "--battery-variant", "2e"), "invalid_argument"),
    (("--battery-variant", "2e"), "invalid_argument"),
])
def test_what_no_battery_speaks_is_refused(tmp_path, arguments, part):
    process = sim(tmp_path, *arguments)
    out, err = process.communicate(timeout=20)
    assert process.returncode != 0
    assert out == "" and part in err
