# SPDX-License-Identifier: Apache-2.0
"""The I/O board in QEMU with the simulated battery: alone under a Modbus master, and under the agent."""
import os
import re
import struct
import subprocess
import time

import pytest

from support.board import CHARGE, DISCHARGE, HOST_SILENT, MAIN, READY, TRIPPED, WAITING, Board, SharedLine, image, mcu_dir
from support.harness import ROOT, build_dir, wait_for
from support.plant import truth

ALL = CHARGE | DISCHARGE | MAIN
SAFETY_NORMAL, SAFETY_SAFE = 1, 3
ALARM_ESTOP, ALARM_HOST, ALARM_BATTERY, ALARM_TRIPPED, ALARM_LOOP = (1 << bit for bit in range(5))
HEALTH_S = 30.0  # Battery found, five good seconds, and a busy machine.
HOST_TIMEOUT_S, TICK_S, SCHEDULING_S = 1.0, 0.1, 1.0


@pytest.fixture(autouse=True)
def built():
    if image().exists():
        return
    message = f"{image()} is missing: cmake --preset mcu && cmake --build build/mcu"
    pytest.fail(message) if "EMS_MCU_DIR" in os.environ else pytest.skip(message)


@pytest.fixture
def parts(install):
    """Closes what a test opened, newest first, before its folder goes."""
    opened = []
    yield opened
    for part in reversed(opened):
        part.close() if hasattr(part, "close") else part.kill()


def board_of(install, parts, *, host_pty: bool = False, only_battery: bool = True, **options):
    """A site's folder with the simulator and a board that was powered up for the first time."""
    site = install(accept=False, **options)
    site.start_sim("--log", "truth.csv", "--pv-w", "0", *(["--only-battery"] if only_battery else []))
    parts.append(SharedLine(site.folder, site.folder / "battery.tty"))
    board = Board(site.folder, parts[-1].socket, host_pty=host_pty)
    parts.append(board)
    board.start()
    return site, board


def commission(board: Board) -> None:
    """A board that never ran has no latch it could trust: it starts tripped, and a person turns the key."""
    assert board.coils() == 0
    board.panel("C")

    def turned():
        board.turn_reset_key()
        return "state=waiting" in board.console()

    wait_for("the reset key is taken", turned, HEALTH_S)


def s32(registers, at: int) -> int:
    return struct.unpack(">i", struct.pack(">HH", registers[at], registers[at + 1]))[0]


def u32(registers, at: int) -> int:
    return registers[at] << 16 | registers[at + 1]


def test_the_board_alone(install, parts):
    site, board = board_of(install, parts)
    host = board.host()
    parts.append(host)
    first = host.registers()
    assert first[0] == 1 and first[1] == TRIPPED and first[3] == 0 and first[2] & ALARM_LOOP
    commission(board)

    # Main contactor by itself once the battery is healthy; the enables only with a host that beats and orders.
    wait_for("good health closes the main contactor", lambda: board.coils() == MAIN, HEALTH_S)
    assert host.registers()[1] == HOST_SILENT
    host.beat(True)
    wait_for("the host is heard", lambda: host.registers()[1] == READY, 5)
    assert board.coils() == MAIN, "no order, no enable"
    assert host.follow(-1500, 3600) == struct.pack(">BHH", 16, 1, 4)
    wait_for("both enables close", lambda: board.coils() == ALL, 5)
    registers = host.registers()
    assert registers[3] == ALL and registers[4] == SAFETY_NORMAL and s32(registers, 9) == -1500
    assert s32(registers, 5) < -1500 and s32(registers, 7) > 1500, "the envelope"
    row = truth(site.folder)[-1]
    assert abs(s32(registers, 26) / 1000 - row["cell_max_v"]) < 0.005 and abs(s32(registers, 24) / 100 - row["soc_pct"]) < 1.1

    # The gate: no set-point passes the envelope.
    host.follow(4_000_000, 3600)
    wait_for("cut to the rating", lambda: s32(host.registers(), 9) == s32(host.registers(), 7) > 0, 5)
    # Refused writes change nothing.
    assert host.write(1, 1)[0] == 0x90 and host.write(2, 0, 5)[0] == 0x90 and host.write(1, 1, 0, 5, 0)[0] == 0x90
    assert host.write(1, 7)[0] == 0x90
    # The lease ends by itself: 0 W, the relays stay.
    host.follow(1000, 1)
    wait_for("0 W after the lease", lambda: s32(host.registers(), 9) == 0, 5)
    assert board.coils() == ALL
    host.follow(1000, 3600)

    # One cell over, 400 mV from the others: out of balance too, so both enables.
    site.sim("cell 3 =3700mv for 6")
    wait_for("both enables open", lambda: board.coils() == MAIN, 6)
    registers = host.registers()
    assert registers[4] == SAFETY_SAFE and registers[1] == READY and u32(registers, 34) == u32(registers, 36) == 0
    assert s32(registers, 26) == 3700
    wait_for("they close again when the cell is well", lambda: board.coils() == ALL, HEALTH_S)

    # The host falls silent: both enables, within its second; never the main contactor.
    host.beat(False)
    quiet = time.monotonic()
    wait_for("both enables open", lambda: board.coils() == MAIN, HOST_TIMEOUT_S + 3, every_s=0.02)
    took_s = time.monotonic() - quiet
    print(f"enables open {took_s:.2f} s after the host's last sign")
    assert took_s <= HOST_TIMEOUT_S + TICK_S + SCHEDULING_S and host.registers()[12] >= 1000 * HOST_TIMEOUT_S, "not before its time"
    assert host.registers()[1] == HOST_SILENT and s32(host.registers(), 9) == 0
    host.write(0, 77)
    wait_for("one changed beat is heard", lambda: board.coils() == ALL, 3, every_s=0.02)
    end = time.monotonic() + HOST_TIMEOUT_S + TICK_S + SCHEDULING_S
    while time.monotonic() < end:
        host.write(0, 77)  # The same count again and again is no sign of life.
    assert board.coils() == MAIN
    host.beat(True)
    wait_for("the host is back", lambda: board.coils() == ALL, 5)

    # A stop opens both enables and does not end by itself.
    host.write(1, 0)
    wait_for("stop", lambda: board.coils() == MAIN, 3)
    host.follow(500, 3600)
    wait_for("follow", lambda: board.coils() == ALL, 3)

    # A battery that falls silent is unsafe in both directions; its last values are not shown for ever.
    site.sim("fault battery silence 6")
    wait_for("both enables open", lambda: board.coils() == MAIN, 8)
    wait_for("absent, not the last value", lambda: u32(host.registers(), 20) == 0x8000_0000, 5)
    wait_for("the alarm says so", lambda: host.registers()[2] & ALARM_BATTERY, 5)
    wait_for("the battery is back", lambda: board.coils() == ALL, 2 * HEALTH_S)

    # E-stop: enables at once, the main contactor within the second that a load needs to stop.
    board.panel("O")
    pressed = time.monotonic()
    wait_for("all open", lambda: board.coils() == 0, 3, every_s=0.02)
    print(f"all open {time.monotonic() - pressed:.2f} s after the e-stop")
    assert "charge=0 discharge=0 main=1 state=tripped" in board.console(), "the enables go first"
    registers = host.registers()
    assert registers[1] == TRIPPED and registers[2] & ALARM_ESTOP and registers[2] & ALARM_TRIPPED
    board.turn_reset_key()
    assert board.coils() == 0 and host.registers()[1] == TRIPPED, "no reset while it is pressed"
    board.panel("C")
    time.sleep(0.5)
    assert board.coils() == 0 and host.registers()[1] == TRIPPED, "it latches"

    # A power cut does not take it back; nor does the key without the battery's proof of health.
    stack_used, stack_size = host.registers()[62:64]
    parts.remove(host)
    host.close()
    board.kill()
    board.start()
    host = board.host()
    parts.append(host)
    wait_for("the battery is read again", lambda: u32(host.registers(), 20) != 0x8000_0000, HEALTH_S)
    assert host.registers()[1] == TRIPPED and host.registers()[2] & ALARM_ESTOP and board.coils() == 0
    board.turn_reset_key()
    host.beat(True)
    host.follow(0, 3600)
    wait_for("all closed after the reset", lambda: board.coils() == ALL, HEALTH_S)
    # And it stays reset.
    parts.remove(host)
    host.close()
    board.kill()
    board.start()
    wait_for("healthy by itself", lambda: board.coils() == MAIN, HEALTH_S)
    assert "state=tripped" not in board.console()

    sizes = subprocess.run([ROOT / "scripts/firmware-size", image()], capture_output=True, text=True, check=True).stdout
    print(sizes, f"stack: {stack_used} B used at most of {stack_size} B (painted, this test's scenario)")
    assert stack_used < stack_size - 256


def test_the_agent_reads_and_commands_the_board(install, parts):
    site, board = board_of(install, parts, host_pty=True, only_battery=False, lease_s=15)
    text = (site.folder / "site.yaml").read_text()
    text = text.replace("serial: {device: battery.tty, baud: 9600}", "serial: {device: agent-battery.tty, baud: 9600}")
    text = re.sub(r"    pack: sunspec_pcs\n    modbus_tcp: .*\n", "    pack: libems_io\n    modbus_rtu: {device: board.tty, baud: 9600, unit: 1}\n", text)
    # The board does not measure ac power, which these two policies need.
    text = re.sub(r"  (import_limit|self_consumption): .*\n", "", text)
    site.write("site.yaml", text)
    site.accept_limits()
    commission(board)
    wait_for("good health closes the main contactor", lambda: board.coils() == MAIN, HEALTH_S)
    site.start_agent()

    def values() -> dict:
        return site.status()["assets"]["inverter/1"]["values"]

    wait_for("the agent reads the board", lambda: values().get("pack_voltage_v"), 20)
    wait_for("its commands and heartbeats close the enables", lambda: board.coils() == ALL, HEALTH_S)
    wait_for("the agent sees it", lambda: values()["charge_enable"] and values()["discharge_enable"], 5)
    seen = values()
    assert seen["operating_state"] == READY and seen["safety_state"] == SAFETY_NORMAL
    assert abs(seen["cell_voltage_max_v"] - truth(site.folder)[-1]["cell_max_v"]) < 0.005
    site.ctl("setpoint", "--power-w", "-700", "--lease-s", "60", "--name", "Ada Example")
    wait_for("a person's set-point reaches the board", lambda: values()["power_setpoint_w"] == -700, 10)
    assert 0 < values()["revert_time_left_s"] <= 15

    # Several times the dead-man's time: the agent's heartbeat holds the relays.
    before = len(re.findall("state=host_silent", board.console()))
    time.sleep(4 * HOST_TIMEOUT_S)
    assert board.coils() == ALL and len(re.findall("state=host_silent", board.console())) == before

    # A cell over and out of balance, seen by the board and by the agent on their own: the board's enables open.
    site.sim("cell 3 =3700mv for 5")
    wait_for("both enables open", lambda: board.coils() == MAIN, 6)
    wait_for("the agent sees it", lambda: values()["charge_enable"] is False or values()["charge_enable"] == 0, 5)
    wait_for("it closes again", lambda: board.coils() == ALL, HEALTH_S)

    # kill -9: no more heartbeats.
    site.kill("agent")
    wait_for("both enables open, the main contactor stays", lambda: board.coils() == MAIN, HOST_TIMEOUT_S + 3, every_s=0.02)
    site.start_agent()
    wait_for("the agent is back", lambda: board.coils() == ALL, HEALTH_S)

    # An orderly end stops the heartbeat too.
    assert site.stop("agent") == 0
    wait_for("both enables open", lambda: board.coils() == MAIN, HOST_TIMEOUT_S + 2)
    board.panel("O")
    wait_for("all open", lambda: board.coils() == 0, 3)


NO_HEAP_NO_THROW = re.compile(r"operator new|operator delete|\b_?malloc\b|\bfree\b|__cxa_(throw|begin_catch|allocate)|__gxx_personality"
                              r"|typeinfo for|__dynamic_cast|std::terminate|\bprintf\b|_sbrk")


def test_the_image_and_all_of_l0_and_l1_have_no_heap_and_no_throw():
    def symbols(*arguments) -> str:
        return subprocess.run(["arm-none-eabi-gcc-nm", "-C", *arguments], capture_output=True, text=True, check=True).stdout

    in_image = symbols(image())
    assert "ems::firmware" in in_image and NO_HEAP_NO_THROW.findall(in_image) == []
    wanted = symbols("-u", mcu_dir() / "libems/libems_freestanding.a")
    assert "U " in wanted and NO_HEAP_NO_THROW.findall(wanted) == []
    assert NO_HEAP_NO_THROW.search("U operator new(unsigned int)") and NO_HEAP_NO_THROW.search("U __cxa_throw")


def test_the_limits_in_the_image_are_those_of_the_file():
    limits = ROOT / "firmware/limits"
    printed = subprocess.run([build_dir() / "bin/emsctl", "limits", "header", limits / "limits.yaml"], capture_output=True, text=True, check=True)
    assert printed.stdout == (limits / "limits.hpp").read_text(), "run: emsctl limits header firmware/limits/limits.yaml > firmware/limits/limits.hpp"


@pytest.mark.parametrize("text, words", [
    ("chemistry: lfp\ncharge_current_max_a: 10\n", "discharge_current_max_a"),
    ("chemistry: lfp\ncharge_current_max_a: 10\ndischarge_current_max_a: 10\ncell_voltage_max: {trip_v: 3.9}\n", ":4:"),
])
def test_a_bad_limits_file_gives_no_header(tmp_path, text, words):
    (tmp_path / "limits.yaml").write_text(text)
    done = subprocess.run([build_dir() / "bin/emsctl", "limits", "header", tmp_path / "limits.yaml"], capture_output=True, text=True)
    assert done.returncode != 0 and words in done.stderr and done.stdout == ""
