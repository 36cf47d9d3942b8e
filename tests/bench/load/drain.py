# SPDX-License-Identifier: Apache-2.0
"""A site without its server for hours, and its reconnect: live latency before, during and after the drain, the drain as a multiple of
real time, and its bytes on the wire beside JSON and JSON+zstd of the same rows."""
from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from fleet import Server, call, many_files, program, row  # noqa: E402

GOAL_TIMES_REAL = 1000
POINTS_PER_ROW = 50


class Relay:
    """Passes TCP on to the server and counts what goes up and down: TLS, HTTP/2 and all."""

    def __init__(self, port: int) -> None:
        self.up = self.down = 0
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass, args=(client, server, "up"), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, "down"), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        try:
            while data := source.recv(1 << 18):
                sink.sendall(data)
                setattr(self, way, getattr(self, way) + len(data))
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # A side that is gone ends both.


def json_bytes(hours: float) -> tuple[int, int | None]:
    """Bytes of the rows as JSON lines, and through `zstd -3`; None where there is no zstd."""
    rows = subprocess.Popen([program("ems_drain"), "json", str(hours)], stdout=subprocess.PIPE)
    squeeze = None
    packed = [0]
    if shutil.which("zstd"):
        squeeze = subprocess.Popen(["zstd", "-3", "-q", "-c"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def count() -> None:
            while data := squeeze.stdout.read(1 << 18):
                packed[0] += len(data)

        counter = threading.Thread(target=count)
        counter.start()
    plain = 0
    while data := rows.stdout.read(1 << 18):
        plain += len(data)
        if squeeze:
            squeeze.stdin.write(data)
    if rows.wait() != 0:
        raise RuntimeError("ems_drain json failed")
    if not squeeze:
        return plain, None
    squeeze.stdin.close()
    counter.join()
    if squeeze.wait() != 0:
        raise RuntimeError("zstd failed")
    return plain, packed[0]


def measure(hours: float, before_s: float, after_s: float) -> dict:
    many_files()
    with Server() as server:
        call(program("ems_drain"), "pki", server.folder / "pki")
        server.start()
        relay = Relay(server.port)
        words = [program("ems_drain"), "run", f"pki={server.folder / 'pki'}", f"address=127.0.0.1:{relay.port}", f"server={server.address}",
                 f"store={server.folder / 'edge.db'}", f"hours={hours}", f"before={before_s}", f"after={after_s}"]
        agent = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        at = {}
        line = ""
        for line in agent.stdout:
            if line.startswith("phase "):
                at[line.split()[1]] = (relay.up, relay.down, server.cpu_s())
                agent.stdin.write("go\n")
                agent.stdin.flush()
        if agent.wait(timeout=30) != 0:
            raise RuntimeError("ems_drain failed:\n" + server.log())
        result = json.loads(line)
        result["up"], result["down"], result["server_cpu_s"] = (b - a for a, b in zip(at["drain"], at["after"]))
        relay.close()
        server.stop()
        stored = call(program("ems_load"), "verify", server.store, "agents=1")
        result["stored"] = stored
        result["lost"] = result["last"] - stored["rows"]
    result["json"], result["json_zstd"] = json_bytes(hours)
    result["times_real"] = result["held"] / result["drain_s"]
    return result


def report(hours: float, result: dict) -> bool:
    def live(phase: str) -> str:
        one = result[phase]
        return f"p50 {one['p50_ms']:.2f} ms, p99 {one['p99_ms']:.2f} ms, worst {one['max_ms']:.1f} ms ({one['count']} values)"

    points = result["held"] * POINTS_PER_ROW
    sound = result["lost"] == 0 and result["stored"]["twice"] == 0 and result["stored"]["holes"] == 0
    fast = result["times_real"] >= GOAL_TIMES_REAL and result["first_ack_s"] <= 5
    print(f"{hours:g} h without the server, {result['held']:,} rows of {POINTS_PER_ROW} signals, then reconnect over TLS on loopback")
    row("the outage", f"{result['rows']:,} rows taken on a manual clock in {result['fill_s']:.1f} s")
    row("lost, stored twice", f"{result['lost']}, {result['stored']['twice']}   (goal 0, 0)")
    row("backlog begins", f"first acknowledgement {result['first_ack_s'] * 1e3:.0f} ms after the reconnect   (goal 5 s)")
    row("drain", f"{result['drain_s']:.2f} s: {result['times_real']:,.0f} x real time, every block acknowledged after its fsync   (goal "
        f"{GOAL_TIMES_REAL:,} x{'' if fast else ': MISSED'}); ems-server {result['server_cpu_s']:.2f} s of CPU")
    row("live before", live("before"))
    row("live during", live("during"))
    row("live after", live("after"))
    wire = result["up"]
    row("bytes on the wire", f"{wire:,} up ({wire / points:.3f} B a point, TLS, live values and new rows included), {result['down']:,} down")
    row("as JSON", f"{result['json']:,} ({result['json'] / points:.2f} B a point): {result['json'] / wire:.1f} x")
    if result["json_zstd"] is None:
        row("as JSON + zstd -3", "no zstd here")
    else:
        row("as JSON + zstd -3", f"{result['json_zstd']:,} ({result['json_zstd'] / points:.3f} B a point): {result['json_zstd'] / wire:.2f} x")
    return sound and fast


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=72.0)
    parser.add_argument("--short", action="store_true", help="2 hours")
    args = parser.parse_args()
    hours = 2.0 if args.short else args.hours
    quiet_s = 2.0 if args.short else 15.0
    return 0 if report(hours, measure(hours, quiet_s, quiet_s)) else 1


if __name__ == "__main__":
    sys.exit(main())
