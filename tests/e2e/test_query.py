# SPDX-License-Identifier: Apache-2.0
"""emsctl query, energy and export, of files of both kinds and of a server: the same figures, and words for what cannot be."""
import json
import subprocess

import pytest

from support.harness import SERVER_YAML, build_dir
from support.stores import make_stores

ROWS = 7200
BEGIN = "2023-11-14T22:00:00Z"  # Rows are from 22:13:21 on, one a second.
END = "2023-11-15T01:00:00Z"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_stores(tmp_path_factory.mktemp("stores"), ROWS, "energy")


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([build_dir() / "bin/emsctl", "store", *map(str, arguments)], capture_output=True, text=True, timeout=60)


def good(*arguments) -> str:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(params=["edge.db", "fleet.db"])
def store(folder, request):
    return folder / request.param


def test_points(store):
    assert good("points", store).splitlines() == ["site site_grid_power_w", "meter/1 active_power_w", "meter/1 energy_imported_wh"]


def test_query_prints_buckets(store):
    buckets = json.loads(good("query", store, "--from", BEGIN, "--to", END, "--step-s", 3600, "--point", "site site_grid_power_w"))
    assert [bucket["begin"] for bucket in buckets] == [f"2023-11-{d}:00:00+00:00" for d in ("14T22", "14T23", "15T00")]
    assert buckets[1] == {
        "point": "site site_grid_power_w", "begin": "2023-11-14T23:00:00+00:00", "min": 720, "max": 720, "mean": 720.0, "last": 720,
        "count": 3600, "doubted": 0, "known_s": 3600.0,
    }
    assert buckets[0]["known_s"] == buckets[0]["count"] == 2799  # 22:13:21 to 23:00:00.


@pytest.mark.parametrize("step_s, begins", [
    ("0.5", ["21.000", "22.000", "23.000"]),
    ("0.0625", ["21.000000", "22.000000", "23.000000"]),
    ("1", ["21", "22", "23"]),
])
def test_buckets_below_a_second_are_told_apart(store, step_s, begins):
    words = ("--from", "2023-11-14T22:13:21Z", "--to", "2023-11-14T22:13:24Z", "--point", "site site_grid_power_w")
    buckets = json.loads(good("query", store, *words, "--step-s", step_s, "--gap-max-s", "0.01"))
    assert [bucket["begin"] for bucket in buckets] == [f"2023-11-14T22:13:{second}+00:00" for second in begins]


def test_more_buckets_than_are_kept_in_memory_come_in_order(store):
    words = ("--from", BEGIN, "--to", END, "--point", "site site_grid_power_w", "--gap-max-s", "0.01")
    buckets = json.loads(good("query", store, *words, "--step-s", "0.05"))  # 216,000, of which 200,000 are kept at a time.
    assert len(buckets) == ROWS and [bucket["count"] for bucket in buckets] == [1] * ROWS
    begins = [bucket["begin"] for bucket in buckets]
    assert begins == sorted(set(begins))
    nothing = run("query", store, "--from", "2020-01-01", "--to", "2020-01-02")
    assert (nothing.returncode, nothing.stdout) == (0, "[]\n")


def test_a_slip_leaves_the_file_that_was_there(store, tmp_path):
    out = tmp_path / "a.lp"
    out.write_text("mine")
    times = ("--from", BEGIN, "--to", END, "--form", "influx", "--out", out)
    for tags in (("asset=x",), ("time=1",), ("a=1", "a=2")):
        done = run("export", store, *times, *(word for tag in tags for word in ("--tag", tag)))
        assert done.returncode == 1 and "invalid_argument" in done.stderr and out.read_text() == "mine", tags
    assert good("export", store, "--from", "2020-01-01", "--to", "2020-01-02", "--form", "influx", "--out", out) == ""
    assert out.read_text() == ""


def test_energy_is_by_local_days(store):
    lines = json.loads(good("energy", store, "--from", "2023-11-14", "--to", "2023-11-16", "--zone", "Asia/Kolkata", "--grid-meter", "meter/1"))
    imported = [line for line in lines if (line["asset"], line["flow"]) == ("site", "imported")]
    assert [line["begin"] for line in imported] == ["2023-11-14T00:00:00+05:30", "2023-11-15T00:00:00+05:30"]
    assert (imported[0]["energy_wh"], imported[0]["source"], imported[0]["known"]) == (None, "none", 0.0)
    assert (imported[1]["energy_wh"], imported[1]["source"]) == (1440.0, "counter")


def test_export_writes_to_a_file_and_to_standard_output(store, tmp_path):
    first = ("--from", "2023-11-14T22:13:21Z", "--to", "2023-11-14T22:13:23Z")
    text = good("export", store, *first)
    assert text.splitlines() == [
        "time,site site_grid_power_w,meter/1 active_power_w,meter/1 energy_imported_wh",
        "2023-11-14T22:13:21.000000Z,720,720,0",
        "2023-11-14T22:13:22.000000Z,720,720,0",
    ]
    good("export", store, *first, "--form", "influx", "--tag", "agent=a", "--point", "meter/1 active_power_w", "--out", tmp_path / "a.lp")
    assert (tmp_path / "a.lp").read_text().splitlines()[0] == "meter,asset=meter/1,agent=a active_power_w=720i 1700000001000000000"


@pytest.mark.parametrize("words, says", [
    (("energy", "--every", "week"), "no such period"),
    (("energy", "--zone", "Europe/Atlantis"), "not_found"),
    (("query", "--point", "meter/1 activ_power"), "not_found"),
    (("query", "--step-s", "0"), "invalid_argument"),
    (("query", "--point", "battery/1 cell_voltages_v"), "say which element"),
    (("export", "--tag", "agent"), "syntax"),
    (("export", "--out", "/nowhere/at/all.csv"), "io"),
])
def test_wrong_words_are_named(store, words, says):
    done = run(words[0], store, "--from", BEGIN, "--to", END, *words[1:])
    assert done.returncode == 1 and says in done.stderr and done.stderr.startswith("emsctl: "), done.stderr


def test_a_file_that_is_none(tmp_path):
    done = run("points", tmp_path / "none.db")
    assert done.returncode == 1 and "not_found" in done.stderr


def test_an_agent_without_rows_is_named(folder):
    done = run("export", folder / "fleet.db", "--agent", "site/b", "--from", BEGIN, "--to", END)
    assert done.returncode == 1 and "not_found" in done.stderr


def test_a_date_without_midnight_begins_with_its_first_moment(store):
    lines = json.loads(good("energy", store, "--from", "2023-09-03", "--to", "2023-11-15", "--zone", "America/Santiago", "--every", "month"))
    assert lines[0]["begin"] == "2023-09-03T01:00:00-03:00"  # 24:00 was 01:00.


@pytest.mark.parametrize("kind", [["energy"], []])
def test_a_server_answers_as_its_file_does(install, kind):
    site = install(accept=False)
    site.write("server.yaml", SERVER_YAML.format(server_port=site.server_port).replace("demo/*", "site/*"))
    make_stores(site.folder, ROWS, *kind)
    site.start_server()
    pki = ("--ca", "pki/ca.crt", "--certificate", "pki/user.crt", "--key", "pki/user.key")

    def both(*words) -> tuple[str, str]:
        more = ("--agent", "site/a", "--from", "2023-11-14", "--to", "2023-11-16", *words[1:])
        return (site.ctl("store", words[0], "fleet.db", *more).stdout,
                site.ctl("fleet", "--server", f"127.0.0.1:{site.server_port}", *pki, words[0], *more).stdout)

    for words in (("export",), ("export", "--form", "influx"), ("energy", "--every", "hour", "--grid-meter", "meter/1")):
        from_file, from_server = both(*words)  # battery/2 is only in the first row: its column is there all the same.
        assert len(from_file) == len(from_server) and from_file == from_server, words
    from_file, from_server = map(json.loads, both("query", "--step-s", "600"))
    key = lambda bucket: (bucket["point"], bucket["begin"])
    for ours, theirs in zip(sorted(from_file, key=key), sorted(from_server, key=key), strict=True):
        assert ours.pop("mean") == pytest.approx(theirs.pop("mean"), abs=6e-4)  # On the wire, thousandths of a Wh.
        assert ours == theirs
