# SPDX-License-Identifier: Apache-2.0
"""The short forms of scripts/load and scripts/drain: nothing lost and nothing twice. Latencies and rates are measured, not judged, here."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench/load"))
import drain  # noqa: E402
import load  # noqa: E402


def whole(result: dict) -> None:
    stored = result["stored"]
    assert (result["lost"], stored["twice"], stored["holes"], stored["gap_rows"]) == (0, 0, 0, 0), result


def test_every_row_of_many_agents_is_stored_once():
    result = load.measure(agents=20, assets=1, rows=1, period_s=1.0, seconds=4, signals=50)
    load.report("20 agents", result)
    whole(result)
    assert result["settled"] and result["acknowledged"] == result["rows"] == 20 * 4
    assert 0 < result["p50_ms"] <= result["p99_ms"] <= result["max_ms"]


def test_many_devices_share_one_connection():
    result = load.measure(agents=4, assets=20, rows=60, period_s=2.0, seconds=4, signals=50)
    load.report("80 devices behind 4 agents", result)
    whole(result)
    assert result["acknowledged"] == result["rows"] == 80 * 2 * 60


def test_an_outage_of_two_hours_drains_beside_live_values():
    result = drain.measure(2.0, 1.0, 1.0)
    drain.report(2.0, result)
    whole(result)
    assert result["held"] == 7_200 and result["resent"] == 0
    assert result["first_ack_s"] < 5
    assert result["before"]["count"] > 0 and result["after"]["count"] > 0
    assert result["up"] < result["json"]
