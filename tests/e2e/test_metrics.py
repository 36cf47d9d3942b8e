# SPDX-License-Identifier: Apache-2.0
"""Both programs are scraped as Prometheus would, and every series is in the catalogue."""
import re
import socket
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.harness import ROOT, free_port, wait_for

ROW = re.compile(r'^EMS_METRIC\((\w+), (\w+), \w+, "([^"]*)", (\w+), "([^"]*)"\)$', re.M)


def catalogue(program: str) -> dict:
    """Name -> (kind, labels, help) of a program's metrics."""
    rows = ROW.findall((ROOT / "libems/include/ems/io/metrics.def").read_text())
    return {f"ems_{name}": (kind, set(labels.split()), text) for name, kind, labels, of, text in rows if of in ("both", program)}


def scrape(port: int) -> dict:
    """Metric -> {labels: value}, through the reference parser; histograms keep their _bucket, _sum and _count."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = answer.read().decode()
    out: dict = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            series = out.setdefault(sample.name, {})
            key = tuple(sorted(sample.labels.items()))
            assert key not in series, f"{sample.name} {key} twice"
            series[key] = sample.value
    assert text.endswith("\n") and "nan" not in text.lower()
    return out


def one(metrics: dict, name: str, **labels) -> float:
    return metrics[name][tuple(sorted(labels.items()))]


def assert_in_catalogue(metrics: dict, program: str) -> None:
    known = catalogue(program)
    for name, series in metrics.items():
        stem = re.sub(r"_(bucket|sum|count)$", "", name)
        kind, labels, _ = known[name if name in known else stem]
        assert (name not in known) == (kind == "histogram"), name
        for key in series:
            assert {label for label, _ in key} == labels | ({"le"} if name.endswith("_bucket") else set()), name


@pytest.fixture
def site(install):
    site = install()
    site.server_label = {"server": re.search(r"servers:\s*- \{?\s*address: \"?([^\",}\s]+)", (site.folder / "site.yaml").read_text())[1]}
    site.agent_metrics, site.server_metrics = free_port(), free_port()
    for name, port in (("site.yaml", site.agent_metrics), ("server.yaml", site.server_metrics)):
        site.write(name, (site.folder / name).read_text() + f'metrics: {{listen: "127.0.0.1:{port}"}}\n')
    return site


def test_agent_and_server_are_scraped(site):
    site.start_server()
    site.start_sim()
    site.start_agent()
    agent = wait_for("a normal site that uploads", lambda: (m := scrape(site.agent_metrics)) and
                     one(m, "ems_safety_state", asset="battery/1", state="normal") == 1 and one(m, "ems_uplink_connected", **site.server_label) == 1
                     and one(m, "ems_store_rows_acknowledged_total", stream="telemetry") > 0 and m, 40)
    assert_in_catalogue(agent, "agent")
    missing = set(catalogue("agent")) - {re.sub(r"_(bucket|sum|count)$", "", n) for n in agent} - set(agent)
    assert missing <= {"ems_safety_reason_active"}  # A normal site has none.
    status = site.status()
    assert one(agent, "ems_build_info", program="ems-agent", version=status["software_version"]) == 1
    assert one(agent, "ems_site_responding") == 1 and one(agent, "ems_control_armed") == 1
    assert 0 < one(agent, "ems_battery_soc_ratio", asset="battery/1") < 1
    assert one(agent, "ems_envelope_watts", bound="lower") < 0 < one(agent, "ems_envelope_watts", bound="upper")
    assert one(agent, "ems_process_resident_memory_bytes") > 1e6
    assert one(agent, "ems_tick_duration_seconds_count") > 10
    for link in status["links"]:
        assert one(agent, "ems_link_online", asset=link["asset"]) == 1
        assert 0 < one(agent, "ems_link_requests_total", asset=link["asset"]) <= link["requests"]
    assert one(agent, "ems_store_backlog_bytes", stream="telemetry") <= one(agent, "ems_store_blocks_bytes")
    assert one(agent, "ems_store_commit_duration_seconds_count") > 0

    server = wait_for("rows at the server", lambda: (m := scrape(site.server_metrics)) and
                      one(m, "ems_server_rows_stored_total", stream="telemetry") > 0 and m, 20)
    assert_in_catalogue(server, "server")
    assert one(server, "ems_server_agents_connected") == 1
    assert one(server, "ems_server_identity_conflicts") == 0
    assert one(server, "ems_server_ingest_duration_seconds_count") > 0
    assert "ems_server_refused_total" not in server and "ems_ticks_late_total" not in server


def test_what_is_lost_has_no_series_and_counts_rise(site):
    site.start_sim()
    site.start_agent()
    before = wait_for("a normal battery", lambda: (m := scrape(site.agent_metrics)) and "ems_battery_soc_ratio" in m
                      and one(m, "ems_safety_state", asset="battery/1", state="normal") == 1 and m, 40)
    assert one(before, "ems_uplink_connected", **site.server_label) == 0  # There is no server.
    assert "ems_uplink_last_ack_age_seconds" not in before
    site.kill("sim")
    after = wait_for("the loss to show", lambda: (m := scrape(site.agent_metrics)) and "ems_battery_soc_ratio" not in m
                     and "ems_power_watts" not in m and one(m, "ems_safety_state", asset="battery/1", state="safe") == 1 and m, 30)
    assert one(after, "ems_link_online", asset="battery/1") == 0
    reasons = [dict(key) for key in after["ems_safety_reason_active"]]
    assert any(r["asset"] == "battery/1" for r in reasons)
    for name, series in before.items():
        if name.endswith(("_total", "_count", "_bucket")):
            for key, value in series.items():
                assert after[name][key] >= value, (name, key)


def test_refused_identities_are_counted_by_code(site):
    site.write("server.yaml", (site.folder / "server.yaml").read_text().replace("demo/*", "other/*"))
    site.start_server()
    site.start_sim()
    site.start_agent()
    wait_for("a refusal", lambda: one(scrape(site.server_metrics), "ems_server_refused_total", code="permission_denied") > 0, 20)
    assert one(scrape(site.server_metrics), "ems_server_rows_stored_total", stream="telemetry") == 0
    assert one(wait_for("the agent to see it", lambda: (m := scrape(site.agent_metrics)) and one(m, "ems_uplink_failures_total", **site.server_label) > 0 and m, 20),
               "ems_uplink_connected", **site.server_label) == 0


def test_a_hundred_idle_connections_neither_stop_a_scrape_nor_the_ticks(site):
    site.start_sim()
    site.start_agent()
    late = one(scrape(site.agent_metrics), "ems_ticks_late_total")
    idle = [socket.create_connection(("127.0.0.1", site.agent_metrics), timeout=5) for _ in range(100)]
    for connection in idle:
        connection.send(b"GET /metr")
    ticks = site.status()["tick"]
    wait_for("ten more ticks", lambda: site.status()["tick"] > ticks + 10, 20)
    assert one(scrape(site.agent_metrics), "ems_ticks_late_total") - late < 10
    for connection in idle:
        connection.close()


def test_an_address_beyond_loopback_is_refused_with_its_place(site):
    for name, kind in (("site.yaml", "site"), ("server.yaml", "server")):
        text = (site.folder / name).read_text()
        bad = site.write(f"bad-{name}", re.sub(r'metrics: .*', 'metrics: {listen: "0.0.0.0:9464"}', text))
        line = text.count("\n")
        program = site.start(f"refused-{kind}", "ems-agent" if kind == "site" else "ems-server", "--config", bad.name)
        assert program.wait(timeout=10) == 2
        assert f'{Path(bad.name)}:{line}:19: metrics are served without authentication: "0.0.0.0" is not a loopback address; ' \
               'did you mean "127.0.0.1:9464"?' in site.log(f"refused-{kind}")


def test_a_taken_port_is_said_and_the_site_runs_on(site):
    with socket.create_server(("127.0.0.1", site.agent_metrics)):
        site.start_sim()
        site.start_agent()
        assert "event=metrics_unavailable" in site.log("agent", 1000)
        wait_for("a normal site", lambda: site.status()["safety"]["state"] == "normal", 30)
