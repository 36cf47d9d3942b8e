# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under load: no committed row is missing or double, and the open window is counted apart."""
import os
import random
import shutil
import time

import numpy

import ems
from support.harness import wait_for
from support.kill_loop import KillLoop, summary

AGENT = "demo/gateway-1"
PERIOD_S = 0.1
WINDOW_S = 1.0  # The store commits once a second.
FSYNC_S = 1.0  # What a commit may take on a busy machine.


def rows_of(path, agent=None) -> dict[tuple[int, int], tuple]:
    """(epoch, sequence) of every telemetry row -> all its values. Reads column by column, as a user does."""
    store = ems.Store(path, agent)
    rows: dict[tuple[int, int], list] = {}
    for point in store.points():
        column = store.column(point)
        keys = list(zip(column.epoch.tolist(), column.sequence.tolist()))
        assert len(keys) == len(set(keys)), f"{path}: {point} has a row twice"
        cells = zip(column.time.astype("int64").tolist(), column.raw.tolist(), column.valid.tolist(), column.quality.tolist())
        for key, (at, raw, valid, quality) in zip(keys, cells):
            rows.setdefault(key, [at]).append((point, raw, quality) if valid else (point, None, None))
    return {key: (row[0], frozenset(cell for cell in row[1:] if cell[1] is not None)) for key, row in rows.items()}


def without_hole(rows: dict) -> None:
    """Sequences of each epoch are 1..n."""
    for epoch in {key[0] for key in rows}:
        numbers = numpy.sort(numpy.array([sequence for e, sequence in rows if e == epoch]))
        assert numpy.array_equal(numbers, numpy.arange(1, len(numbers) + 1)), f"epoch {epoch} has holes"


def committed_at_death(site) -> dict[tuple[int, int], tuple]:
    """What a process that was killed had made durable: read from a copy, so that nothing repairs or checkpoints the original."""
    copy = site.folder / "at-death"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in ("telemetry.db", "telemetry.db-wal"):
        if (site.folder / name).exists():
            shutil.copy(site.folder / name, copy / name)
    return rows_of(copy / "telemetry.db")


def start(install):
    site = install(telemetry_period_s=PERIOD_S)
    site.start_server()
    site.start_sim("--log", "truth.csv")
    site.start_agent()
    return site


def seeded() -> random.Random:
    seed = int(os.environ.get("EMS_SEED", random.SystemRandom().randrange(2**32)))
    print(f"seed {seed} (EMS_SEED repeats it)")
    return random.Random(seed)


def end_and_compare(site) -> tuple[dict, dict]:
    """Everything at the edge delivered, agent ended; the same rows, once, on both sides."""
    def drained() -> bool:
        status = site.status()
        return status["uplink"]["state"] == "online" and status["rows"]["telemetry"]["pending"] < 20
    wait_for("the backlog is delivered", drained, 30)
    assert site.stop("agent") == 0
    edge, server = rows_of(site.folder / "telemetry.db"), rows_of(site.folder / "fleet.db", AGENT)
    without_hole(edge)
    without_hole(server)
    assert server == edge
    store = ems.Store(site.folder / "fleet.db", AGENT)
    assert store.gaps() == []
    made = {name: n for name, n in ems.Store(site.folder / "telemetry.db").marks().items() if n > 0}
    assert store.marks() == made
    for count in site.fleet("counts", "--agent", AGENT):  # The server's own books say the same.
        assert count["stored"] == count["mark"] and count["gap_rows"] == 0
        if count["stream"] == "telemetry":
            print(f"rows sent again and refused: {count['duplicates']}")
    return edge, server


def test_agent_killed_at_ten_random_moments(install, capsys):
    site = start(install)
    rng = seeded()
    durable: dict[tuple[int, int], tuple] = {}
    windows, lost = [], 0
    for _ in range(10):
        before = site.status()["rows"]["telemetry"]["made"]
        wait_for("the agent commits", lambda: site.status()["rows"]["telemetry"]["made"] > before, 10)
        time.sleep(rng.uniform(0.0, 1.2))  # The moment; nothing is concluded from it.
        killed_us = time.time_ns() // 1000
        site.kill("agent")
        committed = committed_at_death(site)
        without_hole(committed)
        for key, row in durable.items():
            assert committed[key] == row, f"row {key} changed or went away"
        durable = committed
        window_s = (killed_us - max(row[0] for row in committed.values())) / 1e6
        windows.append(window_s)
        lost += round(window_s / PERIOD_S)
        site.start_agent()
    edge, server = end_and_compare(site)
    assert set(durable) <= set(server)
    for key, row in durable.items():
        assert server[key] == row, f"row {key} differs from what was committed"
    assert max(windows) <= WINDOW_S + PERIOD_S + FSYNC_S
    assert {epoch for epoch, _ in server} == {1}, "a restart is no new life of the store"
    with capsys.disabled():
        print(f"\n10 x kill -9: {len(server)} rows stored, 0 lost, 0 double; open windows {min(windows):.2f} .. {max(windows):.2f} s, "
              f"about {lost} rows that were never committed")


def test_server_killed_three_times(install):
    site = start(install)
    rng = seeded()
    for _ in range(3):
        before = site.status()["rows"]["telemetry"]["acknowledged"]
        wait_for("the server acknowledges", lambda: site.status()["rows"]["telemetry"]["acknowledged"] > before, 30)
        time.sleep(rng.uniform(0.0, 1.2))
        acknowledged = site.status()["rows"]["telemetry"]["acknowledged"]
        site.kill("server")
        wait_for("rows wait at the edge", lambda: site.status()["rows"]["telemetry"]["pending"] >= 5, 15)
        stored = rows_of(site.folder / "fleet.db", AGENT)  # What it had promised is there.
        assert len(stored) >= acknowledged
        site.start_server()
    edge, server = end_and_compare(site)
    assert len(server) > 30


# SAF-072
def test_whatever_is_killed_the_inverter_is_back_at_0_w_within_the_declared_time(install, capsys):
    """scripts/kill --long does the same for 45 minutes."""
    seed = int(os.environ.get("EMS_SEED", random.SystemRandom().randrange(2**32)))
    loop = KillLoop(install(lease_s=1), seed)
    kinds = ["agent"] * 2 + ["inverter link"] * 4 + ["server"] * 2 + ["battery link"] * 2
    loop.random.shuffle(kinds)
    try:
        outcomes = [loop.once(kind) for kind in kinds]
    finally:
        loop.close()
    with capsys.disabled():
        print("\n" + summary(outcomes, seed))
    assert [outcome for outcome in outcomes if outcome.missed] == []
