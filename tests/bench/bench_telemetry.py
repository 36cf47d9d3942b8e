# SPDX-License-Identifier: Apache-2.0
"""Telemetry: what the edge store, the server's ingest and reading into numpy cost, beside their peers in the same run on the same data.

Run by scripts/bench telemetry, on the release build. How to read it: docs/reference/performance.md.
"""
from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import report  # noqa: E402
import table as tables  # noqa: E402
from peers import BATCH_LINES, CONNECTIONS, Influx, Ingested, Postgres, line_protocol, process_cpu_s  # noqa: E402
from report import runs_of, times_better, times_smaller, wide_row  # noqa: E402
from table import Table  # noqa: E402
from support.harness import Installation, build_dir  # noqa: E402

sys.path.insert(0, str(build_dir().resolve() / "python"))
import numpy  # noqa: E402

import ems  # noqa: E402

ROWS_PER_COMMIT = 60
GOALS = {"edge": 10.0, "commit": 0.85, "bytes_influx": 5.0, "bytes_rows": 80.0, "ingest_influx": 50.0, "ingest_postgres": 8.0, "read": 20.0}


class Bench:
    """One data set: `site` is one device for long, `fleet` many devices."""

    def __init__(self, title: str, site: Table, fleet: Table, folder: Path, options: argparse.Namespace) -> None:
        self.title, self.site, self.fleet, self.options = title, site, fleet, options
        self.folder = folder
        folder.mkdir()
        folder.chmod(0o755)
        self.site_file = site.save(folder / "site.table")
        self.fleet_file = fleet.save(folder / "fleet.table")
        # So much that a run of ours takes about a second of CPU, without hours of preparation.
        self.laps = max(1, round(options.ingest_points / max(1, fleet.known())))

    def run(self) -> None:
        print(f"\n{self.title}: a site of {len(self.site.points)} points x {self.site.rows} rows ({self.site.known() / 1e6:.2f} Mpt), "
              f"a fleet of {self.fleet.devices} devices x {self.fleet.rows} rows ({self.fleet.known() / 1e6:.2f} Mpt)")
        wide_row("figure", "ours", "aim", "peer, same run", "ratio")
        self.edge()
        self.commits()
        self.ingest()
        self.read()

    def fresh(self, name: str) -> Path:
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path

    def program(self, name: str, *arguments: object) -> dict[str, Any]:
        done = subprocess.run([build_dir() / "bin" / name, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

    # ---- the edge ------------------------------------------------------------------------------

    def edge(self) -> None:
        """Writing the site's rows, ROWS_PER_COMMIT a transaction, every side with WAL and synchronous=FULL. Leaves the files for read()."""
        cases = ("blocks", "named", "numbered", "wide")
        runs: dict[str, list[dict[str, Any]]] = {case: [] for case in cases}
        for _ in range(self.options.runs):
            for case in cases:  # In turn: a neighbour's noise meets all.
                runs[case].append(self.program("bench_edge_store", self.site_file, self.fresh(case), case, ROWS_PER_COMMIT))
        rate = {case: runs_of([run["points"] / run["wall_s"] / 1e6 for run in runs[case]]) for case in cases}
        per_cpu = {case: runs_of([run["points"] / run["cpu_s"] / 1e6 for run in runs[case]]) for case in cases}
        self.file_bytes = {case: runs[case][-1]["file_bytes"] / runs[case][-1]["points"] for case in cases}
        self.payload = runs["blocks"][-1]["payload_bytes"] / runs["blocks"][-1]["points"]
        names = {"named": "SQLite row a point, names", "numbered": "SQLite row a point, numbers", "wide": "SQLite wide table"}
        for case, aim in (("named", GOALS["edge"]), ("numbered", None), ("wide", None)):
            times_better(f"edge write, {ROWS_PER_COMMIT} rows/commit, wall", rate["blocks"], "Mpt/s", names[case], rate[case], aim)
        for case, aim in (("named", GOALS["edge"]), ("numbered", None), ("wide", None)):
            times_better(f"edge write, {ROWS_PER_COMMIT} rows/commit, CPU", per_cpu["blocks"], "Mpt/CPU-s", names[case], per_cpu[case], aim)
        for case, aim in (("named", GOALS["bytes_rows"]), ("numbered", None), ("wide", None)):
            times_smaller("edge store at rest, file", self.file_bytes["blocks"], "B/pt", names[case], self.file_bytes[case], aim)
        times_smaller("  of it blocks", self.payload, "B/pt", names["named"], self.file_bytes["named"])

    def commits(self) -> None:
        """One row, one durable commit, beside writing and syncing as many bytes in the same folder."""
        for pinned in ((), ("taskset", "-c", "0")):
            command = [*pinned, build_dir() / "bin/bench_edge_store", self.site_file, self.fresh("commits"), "commits"]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            f = json.loads(done.stdout)
            missed = " MISSED" if f["ratio"] < GOALS["commit"] else ""
            wide_row(f"single-row durable commits{', one CPU' if pinned else ''}",
                     f"{f['commits_per_s']:.0f}/s, {f['cpu_us_per_commit']:.0f} us CPU", f">= {GOALS['commit']:g}x",
                     f"fdatasync of {f['bytes_per_commit']} B: {f['fdatasync_per_s']:.0f}/s",
                     f"{f['ratio']:.2f}x [{f['ratio_min']:.2f}-{f['ratio_max']:.2f}]{missed}")

    # ---- the server ----------------------------------------------------------------------------

    def ingest(self) -> None:
        ours = self.ingest_in_process()
        server = self.ingest_server()
        influx = self.ingest_influx(self.fleet, False, self.options.peer_runs)
        variants = [("InfluxDB, decimals, compacted", influx, GOALS["bytes_influx"]),
                    ("InfluxDB, integers, compacted", self.ingest_influx(self.fleet, True, 1), None)]
        seconds = self.fleet.utc_us // 1_000_000 * 1_000_000
        if (seconds != self.fleet.utc_us).any() and (numpy.diff(seconds, axis=1) > 0).all():  # InfluxDB stores the times with each field.
            cut = self.ingest_influx(replace(self.fleet, utc_us=seconds), False, 1)
            variants.append(("InfluxDB, times cut to seconds (lossy)", cut, None))
        postgres = self.ingest_postgres()

        def per_cpu(runs: list[Ingested] | None) -> report.Runs | None:
            return runs_of([run.points / run.cpu_s / 1e6 for run in runs]) if runs else None

        def rate(runs: list[Ingested] | None) -> report.Runs | None:
            return runs_of([run.points / run.wall_s / 1e6 for run in runs]) if runs else None

        def at_rest(runs: list[Ingested] | None) -> float | None:
            return runs[-1].file_bytes / runs[-1].points if runs else None

        peers = (("InfluxDB, lines", influx, GOALS["ingest_influx"]), ("PostgreSQL, wide COPY", postgres, GOALS["ingest_postgres"]))
        for what, runs in (("ems-server, gRPC, TLS", server), ("FleetStore::ingest", ours)):
            for name, peer, aim in peers:
                times_better(f"ingest, CPU: {what}", per_cpu(runs), "Mpt/CPU-s", name, per_cpu(peer), aim)
        for what, runs in (("ems-server, gRPC, TLS", server), ("FleetStore::ingest", ours)):
            for name, peer, _ in peers:
                times_better(f"ingest, wall: {what}", rate(runs), "Mpt/s", name, rate(peer))
        stored = at_rest(ours)
        for name, peer, aim in (*variants, ("PostgreSQL wide, index", postgres, None)):
            times_smaller("fleet store at rest, file", stored, "B/pt", name, at_rest(peer), aim)
        times_smaller("edge store at rest, file", self.file_bytes["blocks"], "B/pt", "InfluxDB, decimals, compacted", at_rest(influx),
                      GOALS["bytes_influx"])
        times_smaller("  of it blocks", self.payload, "B/pt", "InfluxDB, decimals, compacted", at_rest(influx))

    def ingest_in_process(self) -> list[Ingested]:
        out = []
        for _ in range(self.options.runs):
            f = self.program("bench_ingest", self.fleet_file, self.fresh("ingest"), BATCH_LINES, CONNECTIONS, self.laps)
            out.append(Ingested(f["points"], f["wall_s"], f["cpu_acknowledged_s"], f["cpu_s"], f["file_bytes"]))
        return out

    def ingest_server(self) -> list[Ingested]:
        """The product whole: edge stores, uplinks, TLS, ems-server. Its CPU is taken when all agents are connected and their rows wait."""
        out = []
        folder = self.fresh("server")
        with Installation(folder) as site:
            site.make_pki()
            for n in range(1, self.fleet.devices + 1):
                site.ctl("pki", "agent", "--dir", "pki", "--site", "demo", "--name", f"gateway-{n}", "--out", f"gateway-{n}")
            for _ in range(self.options.runs):
                for path in folder.glob("fleet.db*"):
                    path.unlink()
                site.start_server()
                pid = site.processes["server"].pid
                command = [build_dir() / "bin/bench_uplink", self.fleet_file, self.fresh("agents"), folder / "pki",
                           f"127.0.0.1:{site.server_port}", str(self.laps)]
                agents = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                try:
                    if agents.stdout.readline() != "ready\n":
                        raise RuntimeError("the agents did not get ready")
                    before = process_cpu_s(pid)
                    agents.stdin.write("go\n")
                    agents.stdin.flush()
                    f = json.loads(agents.stdout.readline())
                    cpu_s = process_cpu_s(pid) - before
                    file_bytes = sum(path.stat().st_size for path in folder.glob("fleet.db"))
                    agents.stdin.write("end\n")
                    agents.stdin.flush()
                    agents.wait(timeout=60)
                finally:
                    agents.kill()
                    agents.wait()
                out.append(Ingested(f["points"], f["wall_s"], cpu_s, cpu_s, file_bytes))
                site.stop("server")
        return out

    def ingest_influx(self, fleet: Table, integers: bool, runs: int) -> list[Ingested] | None:
        if Influx.version() is None:
            return None
        requests, out = line_protocol(fleet, integers), []
        for _ in range(runs):
            shutil.rmtree(self.folder / "influx", ignore_errors=True)
            with Influx(self.folder / "influx") as influx:
                out.append(influx.ingest(fleet, requests))
        return out

    def ingest_postgres(self) -> list[Ingested] | None:
        if Postgres.version() is None:
            return None
        shutil.rmtree(self.folder / "postgres", ignore_errors=True)
        with Postgres(self.folder / "postgres") as postgres:
            script = postgres.copies(self.fleet)
            return [postgres.ingest(self.fleet, script) for _ in range(self.options.runs)]

    # ---- reading -------------------------------------------------------------------------------

    def read(self) -> None:
        """All points, and one, over the whole time, from what edge() left, as float64 columns. What is read must be equal."""
        si = self.site.si()[0]
        one = len(self.site.points) // 2
        name, known = self.site.points[one].name, int((self.site.states[0, :, one] != 0).sum())
        store = str(self.folder / "blocks/edge.db")
        narrow, wide = self.folder / "numbered/rows.db", self.folder / "wide/wide.db"

        def ours_all() -> numpy.ndarray:
            return numpy.stack([column.value for column in ems.Store(store).columns()], axis=1)

        def narrow_all() -> numpy.ndarray:
            return narrow_to_columns(query(narrow, "SELECT ts, signal, value FROM samples"), self.site)

        def wide_all() -> numpy.ndarray:
            return numpy.array(query(wide, "SELECT * FROM samples"), numpy.float64)[:, 1:]

        def ours_one() -> numpy.ndarray:
            return ems.Store(store).column(name).value

        def narrow_one() -> numpy.ndarray:
            rows = query(narrow, f"SELECT ts, value FROM samples WHERE signal = {one} ORDER BY ts")
            return numpy.array(rows, numpy.float64)[:, 1] / 10.0 ** self.site.points[one].digits

        def wide_one() -> numpy.ndarray:
            return numpy.array(query(wide, f"SELECT ts, p{one} FROM samples"), numpy.float64)[:, 1]

        total = self.site.known()
        told = si[~numpy.isnan(si).all(axis=1)]  # A row without any value is no row of a narrow table.
        ours = self.timed(ours_all, si, total)
        rows = self.timed(narrow_all, told, total)
        times_better("read all points into numpy, CPU", ours, "Mpt/CPU-s", "sqlite3, row a point", rows, GOALS["read"])
        times_better("read all points into numpy, CPU", ours, "Mpt/CPU-s", "sqlite3, wide table", self.timed(wide_all, si, total))
        single = si[:, one]
        present = single[~numpy.isnan(single)]
        ours = self.timed(ours_one, single, known)
        rows = self.timed(narrow_one, present, known)
        times_better("read one point of them, CPU", ours, "Mpt/CPU-s", "sqlite3, row a point, no index", rows)
        with sqlite3.connect(narrow) as db:
            db.execute("CREATE INDEX by_signal ON samples(signal, ts, value)")
        times_better("read one point of them, CPU", ours, "Mpt/CPU-s", "sqlite3, row a point, covering index",
                     self.timed(narrow_one, present, known))
        times_better("read one point of them, CPU", ours, "Mpt/CPU-s", "sqlite3, wide table", self.timed(wide_one, single, known))

    def timed(self, work: Callable[[], numpy.ndarray], expected: numpy.ndarray, points: int) -> report.Runs:
        if not numpy.allclose(work(), expected, rtol=0, atol=1e-9, equal_nan=True):  # Warms up, too.
            raise RuntimeError("what was read is not what was written")
        seconds = []
        for _ in range(self.options.runs):
            begin = time.process_time()
            work()
            seconds.append(time.process_time() - begin)
        return runs_of([points / s / 1e6 for s in seconds])


def query(path: Path, text: str) -> list[tuple]:
    db = sqlite3.connect(path)
    try:
        return db.execute(text).fetchall()
    finally:
        db.close()


def narrow_to_columns(rows: list[tuple], site: Table) -> numpy.ndarray:
    """(time, point, value) rows into a column a point, NaN where there is no row."""
    packed = numpy.array(rows, numpy.int64)
    times, place = numpy.unique(packed[:, 0], return_inverse=True)
    out = numpy.full((len(times), len(site.points)), numpy.nan)
    out[place, packed[:, 1]] = packed[:, 2] / 10.0 ** numpy.array([point.digits for point in site.points])[packed[:, 1]]
    return out


def codec() -> None:
    """The block codec alone, as its own benchmark prints it."""
    program = build_dir() / "bin/bench_block"
    if not program.exists():
        print("bench_block: not built")
        return
    print("\nthe block codec alone (tests/bench/bench_block.cpp):")
    print(subprocess.run([program], check=True, capture_output=True, text=True).stdout.rstrip())


def data_sets(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Table, Table]]:
    """Title, site and fleet; made when it is their turn."""
    program, devices, rows, long = build_dir() / "bin/bench_dataset", options.devices, options.rows, options.site_rows
    title = "made (50 signals, 1 Hz, noise as sensors have it)"
    if options.only in title:
        yield title, tables.made(program, folder / "a.table", 1, long), tables.made(program, folder / "b.table", devices, rows)
    title = "captured from simulated sites (ems.SimulatedSite, 1 Hz, no sensor noise)"
    if options.only in title:
        yield title, tables.simulated(ems, 1, long), tables.simulated(ems, devices, rows)
    title = f"public series {tables.SERIES} (3 signals, a row a minute)"
    third_party = os.environ.get("EMS_THIRD_PARTY")
    if options.only in title and not third_party:
        print(f"\nSKIPPED: {title}: EMS_THIRD_PARTY is not set")
    elif options.only in title:
        series = tables.public_series(ems, Path(third_party))
        yield title, series, tables.spread(series, devices, rows)
    if options.store:
        captured = tables.stored(ems, options.store)
        yield f"captured: {Path(options.store).name}", captured, tables.spread(captured, devices, rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench telemetry", description=__doc__)
    parser.add_argument("--store", help="also the rows of this edge store (an agent's telemetry.db)")
    parser.add_argument("--dir", type=Path, default=Path("/var/tmp"), help="a folder on the disk to measure (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="of ours and of the peers that take seconds (default: %(default)s)")
    parser.add_argument("--peer-runs", type=int, default=3, help="of InfluxDB (default: %(default)s)")
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--rows", type=int, default=3600, help="of each device of the fleet (default: %(default)s)")
    parser.add_argument("--site-rows", type=int, default=43200, help="of the one site (default: %(default)s)")
    parser.add_argument("--ingest-points", type=float, default=36e6, help="sent to ours in a run: the fleet's rows again and again")
    parser.add_argument("--only", default="", help="data sets whose title has this text")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Servers are stopped and files removed on the way out.
    with tempfile.TemporaryDirectory(prefix="ems-bench-", dir=options.dir) as name:
        folder = Path(name)
        folder.chmod(0o755)
        for line in report.machine(folder):
            print(line)
        build = subprocess.run([build_dir() / "bin/bench_edge_store", "--version"], check=True, capture_output=True, text=True)
        print(f"build: {build.stdout.strip()}")
        servers = [peer.version() or f"{peer.__name__}: {report.NOT_INSTALLED}" for peer in (Influx, Postgres)]
        print(f"peers: {'; '.join(servers)}; SQLite {sqlite3.sqlite_version}; numpy {numpy.__version__}, Python {sys.version.split()[0]}")
        print("settings: SQLite WAL, synchronous=FULL; InfluxDB syncs its log at every request; PostgreSQL fsync and synchronous_commit "
              f"on; {BATCH_LINES} rows a request or transaction; median [min-max] of {options.runs} runs (InfluxDB {options.peer_runs})")
        codec()
        for n, (title, site, fleet) in enumerate(data_sets(options, folder)):
            Bench(title, site, fleet, folder / str(n), options).run()
            shutil.rmtree(folder / str(n))
    return 0


if __name__ == "__main__":
    sys.exit(main())
