# SPDX-License-Identifier: Apache-2.0
"""The servers that ingest is measured beside: InfluxDB and PostgreSQL of the distribution, started and stopped here, durable.

What is not installed is None: its row says so.
"""
from __future__ import annotations

import http.client
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path
from typing import NamedTuple

import numpy

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from table import Table  # noqa: E402
from support.harness import free_port, wait_for  # noqa: E402

BATCH_LINES = 1000
CONNECTIONS = 2


class Ingested(NamedTuple):
    """One run: the server's CPU up to the last acknowledgement, and until it had tidied up and went quiet."""

    points: int
    wall_s: float
    cpu_acknowledged_s: float
    cpu_s: float
    file_bytes: int


def process_cpu_s(pid: int) -> float:
    """CPU of a process with all its threads, those that ended too, in nanoseconds' resolution (clock_getcpuclockid)."""
    return time.clock_gettime((~pid << 3) | 2)


def bytes_in(folder: Path, pattern: str = "*") -> int:
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file())


def parallel(jobs: list) -> None:
    """Runs the jobs in threads; the first error is raised here."""
    errors: list[BaseException] = []

    def guarded(job) -> None:
        try:
            job()
        except BaseException as error:  # Handed on below.
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def line_protocol(table: Table, integers: bool) -> list[bytes]:
    """Requests of BATCH_LINES lines, a line a row of a device with a field a point; decimals as people's clients send them."""
    keys = [point.name.replace(" ", "_").replace("/", "_") for point in table.points]
    requests = []
    for device in range(table.devices):
        texts = [["" if not state else f"{key}={value}i" if integers else f"{key}={value / 10**point.digits:.{point.digits}f}"
                  for value, state in zip(table.values[device, :, p].tolist(), table.states[device, :, p].tolist())]
                 for p, (key, point) in enumerate(zip(keys, table.points))]
        fields = [",".join(filter(None, row)) for row in zip(*texts)]
        lines = [f"site,device=d{device} {field} {utc_us}" for field, utc_us in zip(fields, table.utc_us[device].tolist()) if field]
        requests += ["\n".join(lines[at:at + BATCH_LINES]).encode() for at in range(0, len(lines), BATCH_LINES)]
    return requests


class Influx:
    """influxd 1.x with its defaults (the log is synced at every request), but compaction begins a second after the last write."""

    CONFIG = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc_port}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
cache-snapshot-write-cold-duration = "1s"
compact-full-write-cold-duration = "1s"
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
"""

    @staticmethod
    def version() -> str | None:
        if shutil.which("influxd") is None:
            return None
        said = subprocess.run(["influxd", "version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"v?(\d+\.\d+\.\d+\S*)", said)
        package = subprocess.run(["dpkg-query", "-W", "-f=${Version}", "influxdb"], capture_output=True, text=True, check=False).stdout
        return f"InfluxDB {package or (found and found[1])}"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.port = free_port()
        (folder / "influxdb.conf").write_text(self.CONFIG.format(folder=folder, port=self.port, rpc_port=free_port()))

    def __enter__(self) -> "Influx":
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(["influxd", "-config", self.folder / "influxdb.conf"], stdout=log, stderr=log)
        try:
            wait_for("influxd", lambda: self.request("GET", "/ping")[0] == 204, 30)
            self.query("CREATE DATABASE bench")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def query(self, text: str) -> dict:
        status, body = self.request("POST", "/query?" + urllib.parse.urlencode({"db": "bench", "q": text}))
        if status != 200:
            raise RuntimeError(f"influxd: {text}: {status} {body!r}")
        return json.loads(body)

    def send(self, requests: list[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        for body in requests:
            connection.request("POST", "/write?db=bench&precision=u", body)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 204:
                raise RuntimeError(f"influxd refused: {answer.status} {text[:200]!r}")

    def quiet(self) -> None:
        """Returns when the log is gone into TSM files and the process has rested for three seconds."""
        calm, end = 0, time.monotonic() + 120
        while calm < 6:
            if time.monotonic() > end:
                raise TimeoutError("influxd never came to rest")
            before = process_cpu_s(self.process.pid)
            time.sleep(0.5)
            resting = process_cpu_s(self.process.pid) - before < 0.02 and bytes_in(self.folder / "wal") == 0
            calm = calm + 1 if resting else 0

    def ingest(self, table: Table, requests: list[bytes]) -> Ingested:
        before, begin = process_cpu_s(self.process.pid), time.monotonic()
        parallel([lambda c=c: self.send(requests[c::CONNECTIONS]) for c in range(CONNECTIONS)])
        wall_s, acknowledged = time.monotonic() - begin, process_cpu_s(self.process.pid) - before
        self.quiet()
        cpu_s = process_cpu_s(self.process.pid) - before
        counts = self.query("SELECT count(*) FROM site")["results"][0]["series"][0]["values"][0][1:]
        if sum(counts) != table.known():
            raise RuntimeError(f"influxd holds {sum(counts)} of {table.known()} points")
        return Ingested(table.known(), wall_s, acknowledged, cpu_s, bytes_in(self.folder / "data", "*.tsm"))


class Postgres:
    """A private cluster with its defaults (fsync and synchronous_commit on), reached by a Unix socket; one wide table."""

    @staticmethod
    def programs() -> Path | None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
        return found[-1].parent if found else None

    @classmethod
    def version(cls) -> str | None:
        folder = cls.programs()
        if folder is None:
            return None
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        return "PostgreSQL " + said.split()[2]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        # The server refuses to run as root: then it runs as the package's own user.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            account = pwd.getpwnam(self.user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        self.identity = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}

    def __enter__(self) -> "Postgres":
        programs = self.programs()
        data = self.folder / "data"
        subprocess.run([programs / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"], check=True,
                       stdout=subprocess.DEVNULL, cwd=self.folder, **self.identity)
        self.process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", self.folder, "-c", "listen_addresses=", "-c", "logging_collector=off"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, **self.identity)
        try:
            wait_for("postgres", lambda: self.sql("SELECT 1") == "1", 30)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)

    def psql(self, *arguments: str | Path) -> str:
        return subprocess.run([self.programs() / "psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "bench",
                               "-d", "postgres", *arguments], check=True, capture_output=True, text=True, **self.identity).stdout.strip()

    def sql(self, text: str) -> str:
        return self.psql("-c", text)

    def cpu_s(self) -> float:
        """Of the server and its processes, those that ended too; 10 ms steps. @pre nobody is connected."""
        def ticks(pid: object, last: int) -> int:
            return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:last]))

        while True:  # A process that ends meanwhile is counted with its parent a moment later.
            try:
                children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
                living = sum(ticks(pid, 13) for pid in children)
                return (ticks(self.process.pid, 15) + living) / os.sysconf("SC_CLK_TCK")
            except (FileNotFoundError, ProcessLookupError):
                time.sleep(0.01)

    def copies(self, table: Table) -> Path:
        """A psql script: a COPY (FORMAT binary) of BATCH_LINES rows a transaction; absent values are NaN."""
        fields = [("n", ">i2"), ("s0", ">i4"), ("ts", ">i8"), ("s1", ">i4"), ("device", ">i4")]
        fields += [field for p in range(len(table.points)) for field in ((f"s{p + 2}", ">i4"), (f"p{p}", ">f8"))]
        files = self.folder / "copies"
        files.mkdir(exist_ok=True)
        script, number, si = [], 0, table.si()
        for device in range(table.devices):
            packed = numpy.zeros(table.rows, fields)
            packed["n"], packed["s0"], packed["s1"] = len(table.points) + 2, 8, 4
            packed["ts"], packed["device"] = table.utc_us[device], device
            for p in range(len(table.points)):
                packed[f"s{p + 2}"], packed[f"p{p}"] = 8, si[device, :, p]
            for at in range(0, table.rows, BATCH_LINES):
                path = files / f"{number}.bin"
                path.write_bytes(b"PGCOPY\n\xff\r\n\0" + bytes(8) + packed[at:at + BATCH_LINES].tobytes() + b"\xff\xff")
                script.append(f"\\copy samples from '{path}' (format binary)")
                number += 1
        out = files / "load.psql"
        out.write_text("\n".join(script) + "\n")
        return out

    def ingest(self, table: Table, script: Path) -> Ingested:
        columns = ", ".join(f"p{p} float8" for p in range(len(table.points)))
        self.sql("DROP TABLE IF EXISTS samples")
        self.sql(f"CREATE TABLE samples(ts bigint, device int, {columns}, PRIMARY KEY(device, ts))")
        self.sql("CHECKPOINT")
        before, begin = self.cpu_s(), time.monotonic()
        self.psql("-f", script)
        wall_s, acknowledged = time.monotonic() - begin, self.cpu_s() - before
        self.sql("CHECKPOINT")
        cpu_s = self.cpu_s() - before
        rows = int(self.sql("SELECT count(*) FROM samples"))
        if rows != table.devices * table.rows:
            raise RuntimeError(f"PostgreSQL holds {rows} rows")
        return Ingested(table.known(), wall_s, acknowledged, cpu_s, int(self.sql("SELECT pg_total_relation_size('samples')")))
