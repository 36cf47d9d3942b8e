# SPDX-License-Identifier: Apache-2.0
"""Many agents on one ems-server: what is lost, what is stored twice, how long from a sample to its fsync, what the server costs.

An agent is a certificate, a TLS connection and an uplink stream. A gateway with several devices is one agent: the devices are assets
of its site (battery/1, battery/2, ...) in one stream of rows, a block of a minute for each. That is how 100,000 devices come over 100
connections."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from fleet import Server, call, many_files, program, row  # noqa: E402

GOAL_P99_MS = 500


def measure(*, agents: int, assets: int, rows: int, period_s: float, seconds: float, signals: int) -> dict:
    """Runs the load; the figures of the agents, of the server's process, and of the rows read back from its file."""
    many_files()
    with Server(sessions=agents + 100) as server:
        call(program("ems_load"), "pki", server.folder / "pki", agents)
        server.start()
        keys = [f"pki={server.folder / 'pki'}", f"address={server.address}", f"agents={agents}", f"assets={assets}", f"rows={rows}",
                f"period={period_s}", f"seconds={seconds}", f"signals={signals}", f"server_pid={server.process.pid}"]
        result = call(program("ems_load"), "run", *keys, timeout_s=seconds + 300)
        result["server_rss_mb"], result["server_rss_max_mb"] = server.memory_mb()
        server.stop()
        result["stored"] = call(program("ems_load"), "verify", server.store, *keys[2:5], f"signals={signals}")
        result["file_bytes"] = server.store.stat().st_size
        result["lost"] = result["rows"] - result["stored"]["rows"]
    return result


def report(title: str, result: dict) -> bool:
    """Prints the figures beside the goals; whether they are met."""
    stored = result["stored"]
    per_row = 1e6 * result["rows_cpu_s"] / max(result["rows"], 1)
    sound = result["lost"] == 0 and stored["twice"] == 0 and stored["holes"] == 0 and stored["gap_rows"] == 0 and stored["wrong"] == 0 and result["settled"]
    fast = result["p99_ms"] <= GOAL_P99_MS
    print(title)
    row("rows", f"{result['rows']:,} taken, {result['acknowledged']:,} acknowledged, {stored['rows']:,} read back from the server's file")
    row("lost", f"{result['lost']}   (goal 0)")
    row("stored twice", f"{stored['twice']}   (goal 0; sent again and refused: {stored['resent']})")
    row("not as sent", f"{stored['wrong']}   (goal 0; points and values of every row read back are compared)")
    row("sample to stored", f"p50 {result['p50_ms']:.1f} ms, p99 {result['p99_ms']:.1f} ms, p99.9 {result['p999_ms']:.1f} ms, worst "
        f"{result['max_ms']:.0f} ms   (goal p99 <= {GOAL_P99_MS} ms{'' if fast else ': MISSED'})")
    row("ems-server", f"{result['rows_cpu_s']:.1f} s of CPU in {result['run_s']:.0f} s: {per_row:.1f} us a row, "
        f"{stored['points'] / result['rows_cpu_s'] / 1e6:.2f} M points a CPU-second; before that {result['connect_cpu_s']:.1f} s for connections and "
        "their TLS")
    row("", f"memory {result['server_rss_mb']:.0f} MB, at most {result['server_rss_max_mb']:.0f} MB; an agent takes "
        f"{result['idle_agent_kib']:.0f} KiB connected and idle, {result['busy_agent_kib']:.0f} KiB at this load, the store's cache included")
    row("on the wire, in file", f"{result['bytes'] / stored['points']:.3f} B a point in blocks, {result['file_bytes'] / stored['points']:.3f} B a "
        "point in the server's file")
    row("the generator", f"{result['connects']} connections in {result['connect_s']:.1f} s, {result['generator_cpu_s']:.1f} s of CPU, at most "
        f"{result['generator_late_max_ms']:.0f} ms late")
    return sound and fast


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=1.0, help="rows a second of each agent")
    parser.add_argument("--signals", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--devices", type=int, help="devices that send one block of 60 rows a minute")
    parser.add_argument("--connections", type=int, default=100, help="agents that the devices are behind")
    parser.add_argument("--short", action="store_true", help="20 agents, then 200 devices over 10 connections; seconds")
    args = parser.parse_args()
    runs = []
    if args.short:
        runs.append(("20 agents, a row of 50 signals a second each, 6 s",
                     {"agents": 20, "assets": 1, "rows": 1, "period_s": 1.0, "seconds": 6, "signals": 50}))
        runs.append(("200 devices behind 10 agents, a block of 60 rows each every 3 s, 6 s",
                     {"agents": 10, "assets": 20, "rows": 60, "period_s": 3.0, "seconds": 6, "signals": 50}))
    elif args.devices:
        runs.append((f"{args.devices:,} devices behind {args.connections} agents, a block of 60 rows of {args.signals} signals a minute each, "
                     f"{args.minutes:g} min",
                     {"agents": args.connections, "assets": args.devices // args.connections, "rows": 60, "period_s": 60.0,
                      "seconds": 60 * args.minutes, "signals": args.signals}))
    else:
        runs.append((f"{args.agents:,} agents, {args.rate:g} row/s of {args.signals} signals each, {args.minutes:g} min",
                     {"agents": args.agents, "assets": 1, "rows": 1, "period_s": 1 / args.rate, "seconds": 60 * args.minutes,
                      "signals": args.signals}))
    return 0 if all([report(title, measure(**what)) for title, what in runs]) else 1


if __name__ == "__main__":
    sys.exit(main())
