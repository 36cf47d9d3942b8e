# SPDX-License-Identifier: Apache-2.0
"""The same log through the whole control loop on the Cortex-M3 (QEMU, semihosting) and on the host: the same bytes come out."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.board import mcu_dir
from support.harness import ROOT, build_dir

sys.path.insert(0, str(ROOT / "firmware/tests"))
import replay_log  # noqa: E402

SEED = int(os.environ.get("EMS_SEED", "20240605"))
TICKS = 12_000
CHIP, HOST = mcu_dir() / "firmware/target-replay.elf", build_dir() / "firmware/tests/host-replay"
QEMU = ("qemu-system-arm", "-M", "mps2-an385", "-display", "none", "-monitor", "none", "-serial", "none",
        "-semihosting-config", "enable=on,target=native", "-kernel", CHIP)


@pytest.fixture(autouse=True)
def built():
    missing = [path for path in (CHIP, HOST) if not path.exists()]
    if missing:
        message = f"{missing} missing: cmake --preset mcu && cmake --build build/mcu, and the same for dev"
        pytest.fail(message) if "EMS_MCU_DIR" in os.environ else pytest.skip(message)


def replay(folder: Path, log: bytes, *command: object) -> tuple[int, bytes]:
    """Exit code and output of one replay."""
    folder.mkdir()
    (folder / "replay.log").write_bytes(log)
    done = subprocess.run([str(part) for part in command], cwd=folder, timeout=300, capture_output=True, text=True)
    print(f"{folder.name}: {done.stdout}{done.stderr}")
    return done.returncode, (folder / "replay.out").read_bytes()


def both(folder: Path, log: bytes) -> bytes:
    """The output of chip and host, which must be one."""
    folder.mkdir()
    host, chip = replay(folder / "host", log, HOST), replay(folder / "chip", log, *QEMU)
    assert host[0] == chip[0] == 0
    assert host[1] == chip[1]
    return host[1]


def test_chip_and_host_give_the_same_bytes(tmp_path):
    print(f"EMS_SEED={SEED}")
    log = replay_log.make(SEED, TICKS)
    ticks = sum(log[at] == replay_log.TICK for at in range(0, len(log), replay_log.RECORD.size))
    out = both(tmp_path / "whole", log)
    assert ticks == TICKS and len(out) > 500 * TICKS  # Every tick wrote its whole record.


@pytest.mark.parametrize("kind, byte, bit", [
    (replay_log.SAMPLE, 1, 1), (replay_log.SAMPLE, 16, 0), (replay_log.SAMPLE, 24, 0),  # Quality, value, time.
    (replay_log.SET, 16, 0), (replay_log.TICK, 1, 0), (replay_log.TICK, 2, 0), (replay_log.TICK, 26, 0)])
def test_one_flipped_bit_of_the_log_changes_the_output(tmp_path, kind, byte, bit):
    log = replay_log.make(SEED, 2_000)
    # Of the samples the last of the meter, from which every policy at the grid works; else the last of its kind.
    at = max(at for at in range(0, len(log), replay_log.RECORD.size)
             if log[at] == kind and (kind != replay_log.SAMPLE or log[at + 2] == replay_log.METER))
    spoilt = bytearray(log)
    spoilt[at + byte] ^= 1 << bit
    assert replay(tmp_path / "right", log, HOST)[1] != replay(tmp_path / "wrong", bytes(spoilt), HOST)[1]


def test_what_is_no_log_is_refused(tmp_path):
    log = replay_log.make(SEED, 20)
    assert replay(tmp_path / "cut", log[:-1], HOST)[0] == 4
    assert replay(tmp_path / "unknown", b"\x09" + log[1:], HOST)[0] == 4
    assert replay(tmp_path / "chip", log[:-1], *QEMU)[0] == 4
