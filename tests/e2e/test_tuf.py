# SPDX-License-Identifier: Apache-2.0
"""emsctl tuf: the update client as a person and the conformance suite drive it; every generated case; a web server with and without TLS."""
import functools
import hashlib
import json
import os
import shutil
import ssl
import stat
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from support.harness import ROOT, build_dir
from support.tuf_repository import PythonRepository

GENERATED = ROOT / "tests/vectors/ota/tuf/generated"
CASES = {case["id"]: case for case in json.loads((GENERATED / "index.json").read_text())}
CLASSES = "".join((ROOT / "docs" / page).read_text() for page in ("explanation/updates.md", "how-to/verify-an-update.md"))
NOW = "2027-01-01T00:00:00Z"
EDGE = "fw/edge/edge-2.4.1.img"
BMS = "fw/bms/bms-1.9.0.bin"


def emsctl(*arguments, cwd=None) -> subprocess.CompletedProcess:
    return subprocess.run([build_dir() / "bin/emsctl", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=60)


def good(*arguments) -> dict:
    done = emsctl("tuf", *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


def refused(*arguments) -> dict:
    """The error of a command that must fail: exit 1, nothing on standard output, one JSON object on standard error."""
    done = emsctl("tuf", *arguments)
    assert (done.returncode, done.stdout) == (1, ""), (done.returncode, done.stdout, done.stderr)
    error = json.loads(done.stderr)
    assert set(error) == {"error"} and set(error["error"]) == {"code", "message"} and error["error"]["message"]
    assert f"`{error['error']['code']}`" in CLASSES, "the pages name every class"
    return error["error"]


def write_case(case: dict, folder: Path) -> Path:
    """A case's repository as a folder: metadata/, targets/, root.json."""
    for url, blob in case["urls"].items():
        file = folder / unquote(url) if url.startswith("targets/") else folder / url
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(blob["repeat"].encode() * blob["count"] if isinstance(blob, dict) else (GENERATED / blob).read_bytes())
    (folder / "root.json").write_bytes((GENERATED / case["trusted_root"]).read_bytes())
    return folder


@pytest.fixture
def base(tmp_path):
    return write_case(CASES["a01-base"], tmp_path / "repo")


def places(repo, trusted: Path, downloads: Path | None = None) -> list:
    """The options; `repo` is a folder or a URL."""
    out = ["--metadata-url", f"{repo}/metadata", "--metadata-dir", trusted, "--now", NOW]
    return out + ["--target-base-url", f"{repo}/targets", "--target-dir", downloads] if downloads else out


def hashes(folder: Path) -> dict:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


class Handler(BaseHTTPRequestHandler):
    """Serves a folder with ranges; a test may put something else in the place of a file."""

    def do_GET(self):
        server = self.server
        server.asked.append((self.path, self.headers.get("Range")))
        instead = server.instead.get(self.path)
        if instead:
            instead(self)
            return
        file = server.folder / unquote(self.path[1:])
        if not file.is_file():
            self.send_error(404)
            return
        data, status, headers = file.read_bytes(), 200, {}
        if self.headers.get("Range") and server.ranges:
            begin = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
            data, status = data[begin:], 206
        self.answer(status, data, headers)

    def answer(self, status: int, data: bytes, headers: dict, length: int | None = None):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """Starts web servers for the time of a test."""
    running = []

    def start(folder: Path, context: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.folder, server.asked, server.instead, server.ranges = folder, [], {}, True
        server.handle_error = lambda *_: None  # A client that hangs up is what some tests are about.
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=functools.partial(server.serve_forever, poll_interval=0.05))
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


# ---- Cases -------------------------------------------------------------------------------------


def test_every_generated_case_ends_as_it_states():
    done = emsctl("tuf", "cases", GENERATED / "index.json")
    assert (done.returncode, done.stderr) == (0, "")
    results = json.loads(done.stdout)
    assert [result["id"] for result in results] == list(CASES)
    wrong = []
    for result in results:
        assert set(result) == {"id", "refresh", "targets"}
        expect = CASES[result["id"]]["expect"]
        if result["refresh"] not in expect["refresh"].split("|") or result["targets"] != expect["targets"]:
            wrong.append((result, expect))
    print(f"cases: {len(results)}, as stated: {len(results) - len(wrong)}")
    assert not wrong


def test_cases_say_which_case_cannot_be_run_and_run_the_others(tmp_path):
    case = dict(CASES["a01-base"], trusted_root=str(GENERATED / CASES["a01-base"]["trusted_root"]), urls={}, wanted=[])
    index = tmp_path / "index.json"
    index.write_text(json.dumps([
        dict(case, id="runs"), dict(case, id="device", device={"no_such": 1}), dict(case, id="blob", urls={"metadata/timestamp.json": "no/such"}),
        dict(case, id="endless", urls={"metadata/timestamp.json": {"repeat": "x", "count": 10**12}}), dict(case, id="missing", urls={"metadata/timestamp.json": None}),
        {"id": "empty"}, 7]))
    done = emsctl("tuf", "cases", index)
    assert (done.returncode, done.stderr) == (1, "")
    results = json.loads(done.stdout)
    assert [result.get("refresh", result.get("error", {}).get("code")) for result in results] == [
        "download", "unknown-key", "not-found", "too-large", "download", "missing-key", "missing-key"]
    index.write_text("{}")
    assert refused("cases", index)["code"] == "syntax"
    assert refused("cases", tmp_path / "none")["code"] == "not-found"


# ---- init, refresh, download -------------------------------------------------------------------


@pytest.mark.parametrize("address", ["{}", "file://{}"])
def test_a_folder_is_a_repository(base, tmp_path, address):
    trusted, downloads = tmp_path / "trusted", tmp_path / "downloads"
    options = places(address.format(base), trusted, downloads)
    assert good("--metadata-dir", trusted, "init", base / "root.json") == {"init": "ok"}
    assert [file.name for file in trusted.iterdir()] == ["root.json"]
    assert good(*options, "refresh") == {"refresh": "ok", "notes": []}
    assert stat.S_IMODE(trusted.stat().st_mode) == 0o700
    versions = {file.name: json.loads(file.read_text())["signed"]["version"] for file in trusted.glob("*.json")}
    assert versions == {"root.json": 1, "timestamp.json": 9, "snapshot.json": 5, "targets.json": 4}
    done = good(*options, "--target-name", BMS, "--target-name", EDGE, "download")
    assert [(target["target"], target["fetched"]) for target in done["targets"]] == [(BMS, True), (EDGE, True)]
    assert {file.name for file in downloads.iterdir()} == {BMS.replace("/", "%2F"), EDGE.replace("/", "%2F")}
    edge = done["targets"][1]
    content = Path(edge["file"]).read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (edge["length"], edge["sha256"].lower())
    assert {file.name for file in trusted.glob("*.json")} == {*versions, "bms-fw.json"}
    again = good(*options, "--target-name", EDGE, "download")
    assert [target["fetched"] for target in again["targets"]] == [False]
    Path(edge["file"]).write_bytes(content[:-1] + b"!")  # Other bytes of the same length.
    assert good(*options, "--target-name", EDGE, "download")["targets"][0]["fetched"]
    assert Path(edge["file"]).read_bytes() == content


def test_only_what_is_needed_is_asked_for(base, tmp_path, serve):
    server = serve(base)
    trusted, downloads = tmp_path / "trusted", tmp_path / "downloads"
    trusted.mkdir(), downloads.mkdir()  # As the conformance suite does.
    options = places(server.url, trusted, downloads)
    good("--metadata-dir", trusted, "init", base / "root.json")
    assert server.asked == []
    good(*options, "refresh")
    assert [path for path, _ in server.asked] == [f"/metadata/{name}.json" for name in ("2.root", "timestamp", "5.snapshot", "4.targets")]
    server.asked.clear()
    good(*options, "--target-name", EDGE, "--target-name", EDGE, "download")
    paths = [path for path, _ in server.asked]
    assert paths[:2] == ["/metadata/2.root.json", "/metadata/timestamp.json"] and len(paths) == 3 and paths[2].startswith("/targets/fw/edge/")
    server.asked.clear()
    good(*options, "--target-name", EDGE, "download")
    assert [path for path, _ in server.asked] == ["/metadata/2.root.json", "/metadata/timestamp.json"]


def test_the_order_of_options_and_commands_does_not_matter(base, tmp_path):
    trusted = tmp_path / "trusted"
    good("init", base / "root.json", "--metadata-dir", trusted)
    good("refresh", *places(base, trusted))
    good("download", "--target-name", EDGE, *places(base, trusted, tmp_path / "downloads"))
    good(*places(base, trusted, tmp_path / "downloads"), "--target-name", EDGE, "--target-name", BMS, "download")


def test_every_name_that_is_allowed_is_one_name_and_one_file(tmp_path):
    names = ["x", "[x]", "[x,y]", "y", "a b" * 60, "d/" * 20 + "n" * 170, "d/" * 30 + "n" * 180]
    PythonRepository(tmp_path / "repo", False, {name: f"content of {name}".encode() for name in names})
    good("--metadata-dir", tmp_path / "trusted", "init", tmp_path / "repo/metadata/1.root.json")
    options = ["--metadata-url", tmp_path / "repo/metadata", "--metadata-dir", tmp_path / "trusted", "--target-base-url", tmp_path / "repo/targets",
               "--target-dir", tmp_path / "downloads", *(part for name in names for part in ("--target-name", name)), "download"]
    targets = good(*options)["targets"]
    assert [target["target"] for target in targets] == names
    assert [Path(target["file"]).read_bytes() for target in targets] == [f"content of {name}".encode() for name in names]
    assert [len(Path(target["file"]).name) for target in targets[4:]] == [8 + 64, 250, 8 + 64]
    assert [target["fetched"] for target in good(*options)["targets"]] == [False] * len(names)


def test_a_folder_whose_name_is_not_utf_8(base, tmp_path):
    downloads = tmp_path / "d\udcff"  # The byte FF.
    good("--metadata-dir", tmp_path / "trusted", "init", base / "root.json")
    assert good(*places(base, tmp_path / "trusted", downloads), "--target-name", EDGE, "download")["targets"][0]["file"].startswith(f"{tmp_path}/d\ufffd/")
    assert [file.name for file in downloads.iterdir()] == [EDGE.replace("/", "%2F")]
    key = emsctl("repo", "key", downloads / "k.pem")
    assert (key.returncode, json.loads(key.stdout)["private"]) == (0, f"{tmp_path}/d\ufffd/k.pem")


def test_values_in_brackets_are_values_of_a_repository_too(tmp_path):
    assert emsctl("repo", "init", tmp_path / "repo", "--make-keys", tmp_path / "keys").returncode == 0
    (tmp_path / "file").write_bytes(b"1")
    done = emsctl("repo", "add", "--hardware-id", "[A,B]", "--hardware-id", "C", tmp_path / "repo", tmp_path / "file", "--name", "a", "--component", "edge",
                  "--version", "1", "--release-counter", 1)
    assert done.returncode == 0, done.stderr
    target = json.loads((tmp_path / "repo/staged/targets.json").read_text())["signed"]["targets"]["a"]
    assert target["custom"]["ems"]["hardware_ids"] == ["[A,B]", "C"]


@pytest.mark.parametrize("wrong", [
    ["refresh"], ["init"], ["cases"], ["--metadata-dir", "d", "refresh"], ["--metadata-url", "u", "refresh"], [], ["--no-such", "refresh"],
    ["--metadata-dir", "d", "--metadata-url", "u", "--target-dir", "t", "--target-base-url", "b", "download"],
])
def test_wrong_words_are_no_failure_of_the_repository(wrong, tmp_path):
    done = emsctl("tuf", *wrong, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr
    assert list(tmp_path.iterdir()) == []


# ---- Refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize("case, code", [
    ("r01-root-not-signed-by-old", "signature"), ("r13-root-too-large", "too-large"), ("p16-spec-version-2", "malformed"), ("p04-duplicate-object-key", "malformed"),
    ("r11-small-order-key", "bad-key"), ("s01-hash-mismatch", "hash"),
])
def test_a_refused_refresh_has_a_class_and_changes_nothing_trusted(case, code, base, tmp_path):
    trusted = tmp_path / "trusted"
    good("--metadata-dir", trusted, "init", base / "root.json")
    good(*places(base, trusted), "refresh")
    before = hashes(trusted)
    bad = write_case(CASES[case], tmp_path / "bad")
    for name in ("timestamp.json", "snapshot.json"):  # As a device that has seen nothing: the case decides.
        (trusted / name).unlink()
    error = refused(*places(bad, trusted), "refresh")
    assert error["code"] == code and ".json: " in error["message"]
    assert {name: h for name, h in hashes(trusted).items() if name in ("root.json", "targets.json")} == {
        name: before[name] for name in ("root.json", "targets.json")}
    assert good(*places(base, trusted), "refresh")["refresh"] == "ok"  # The next cycle starts clean.
    assert hashes(trusted) == before


@pytest.mark.parametrize("case, code", [
    ("f02-image-truncated", "length"), ("f04-image-empty", "length"), ("g09-one-of-two-hashes-wrong", "hash"), ("g08-weak-hash-only", "unsupported-hash"),
])
def test_a_wrong_target_leaves_no_file(case, code, tmp_path):
    bad = write_case(CASES[case], tmp_path / "bad")
    options = places(bad, tmp_path / "trusted", tmp_path / "downloads")
    good("--metadata-dir", tmp_path / "trusted", "init", bad / "root.json")
    assert refused(*options, "--target-name", EDGE, "download")["code"] == code
    assert list((tmp_path / "downloads").iterdir()) == []


def test_targets_are_processed_in_order_until_one_fails(base, tmp_path):
    options = places(base, tmp_path / "trusted", tmp_path / "downloads")
    good("--metadata-dir", tmp_path / "trusted", "init", base / "root.json")
    error = refused(*options, "--target-name", EDGE, "--target-name", "fw/none", "--target-name", BMS, "download")
    assert error["code"] == "not-found" and error["message"].startswith("fw/none: ")
    assert [file.name for file in (tmp_path / "downloads").iterdir()] == [EDGE.replace("/", "%2F")]
    assert refused(*options, "--target-name", "../../etc/passwd", "download")["code"] == "bad-name"


def test_a_root_is_trusted_once_and_must_be_one(base, tmp_path):
    trusted = tmp_path / "trusted"
    (tmp_path / "bad.json").write_text(json.dumps({"signed": {}, "signatures": []}))
    assert refused("--metadata-dir", trusted, "init", tmp_path / "bad.json")["code"] == "malformed"
    assert refused("--metadata-dir", trusted, "init", tmp_path / "none.json")["code"] == "not-found"
    assert refused(*places(base, trusted), "refresh")["code"] == "no-trust-root"
    good("--metadata-dir", trusted, "init", base / "root.json")
    other = write_case(CASES["a12-legacy-keyid-hash-algorithms"], tmp_path / "other")
    before = hashes(trusted)
    assert refused("--metadata-dir", trusted, "init", other / "root.json")["code"] == "already-exists"
    assert hashes(trusted) == before


@pytest.mark.parametrize("device, code", [
    ({"hardware_id": "EMS-EDGE-A", "installed_release_counter": 7}, None), ({"hardware_id": "EMS-EDGE-B"}, "wrong-hardware"),
    ({"hardware_id": "EMS-EDGE-A", "installed_release_counter": 1000}, "rollback"), ({"hardware_id": "EMS-EDGE-A", "security_floor": 1000}, "rollback"),
    ({"hardware_id": "EMS-EDGE-A", "capacity": 10}, "no-space"), ({"hardware": "EMS-EDGE-A"}, "unknown-key"), ({"hardware_id": 7}, "wrong-type"),
    ({"time_floor": "2099-01-01T00:00:00Z"}, "expired"), ({"time_floor": "soon"}, "syntax"), ({"factory_root": "none"}, "not-found"), ([], "wrong-type"),
])
def test_a_device_file_says_what_fits(device, code, tmp_path):
    repo = write_case(CASES["u03-device-accepts"], tmp_path / "repo")
    (tmp_path / "device.json").write_text(json.dumps(device))
    options = places(repo, tmp_path / "trusted", tmp_path / "downloads") + ["--device", tmp_path / "device.json", "--target-name", EDGE, "download"]
    good("--metadata-dir", tmp_path / "trusted", "init", repo / "root.json")
    if code:
        assert refused(*options)["code"] == code
    else:
        target = good(*options)["targets"][0]
        assert target["release_counter"] >= 7 and target["version"]


def test_a_truncated_root_recovers_from_the_factory_root(base, tmp_path):
    trusted = tmp_path / "trusted"
    good("--metadata-dir", trusted, "init", base / "root.json")
    (trusted / "root.json").write_bytes(b"")
    assert refused(*places(base, trusted), "refresh")["code"] == "no-trust-root"
    shutil.copy(base / "root.json", tmp_path / "factory.json")
    (tmp_path / "device.json").write_text(json.dumps({"factory_root": "factory.json"}))
    notes = good(*places(base, trusted), "--device", tmp_path / "device.json", "refresh")["notes"]
    assert [note["file"] for note in notes] == ["root.json"]
    assert (trusted / "root.json").read_bytes() == (base / "root.json").read_bytes()
    assert good(*places(base, trusted), "refresh")["notes"] == []


# ---- Web servers -------------------------------------------------------------------------------


@pytest.fixture
def client(base, tmp_path):
    """Commands of a client that trusts the base case's root, against an address."""
    good("--metadata-dir", tmp_path / "trusted", "init", base / "root.json")
    return lambda url, *more: [*places(url, tmp_path / "trusted", tmp_path / "downloads"), *more]


def test_an_interrupted_download_goes_on_in_the_next_run(base, tmp_path, serve, client):
    server = serve(base)
    target = next((base / "targets/fw/edge").iterdir())
    whole = target.read_bytes()
    path = f"/targets/fw/edge/{target.name}"
    server.instead[path] = lambda request: request.answer(200, whole[:1], {}, length=len(whole))
    options = client(server.url, "--target-name", EDGE, "download")
    error = refused(*options)
    assert error["code"] == "download" and server.url + path in error["message"]
    left = list((tmp_path / "downloads").iterdir())
    assert len(left) == 1 and left[0].name.endswith(".part") and left[0].read_bytes() == whole[:1]
    server.instead.clear()
    server.asked.clear()
    assert good(*options)["targets"][0]["fetched"]
    assert (path, "bytes=1-") in server.asked
    assert [file.name for file in (tmp_path / "downloads").iterdir()] == [EDGE.replace("/", "%2F")]


def test_a_spoilt_partial_file_is_given_up_for_a_new_one(base, tmp_path, serve, client):
    server = serve(base)
    target = next((base / "targets/fw/edge").iterdir())
    whole = target.read_bytes()
    path = f"/targets/fw/edge/{target.name}"
    server.instead[path] = lambda request: request.answer(200, whole[:1], {}, length=len(whole))
    options = client(server.url, "--target-name", EDGE, "download")
    refused(*options)
    part = next((tmp_path / "downloads").iterdir())
    part.write_bytes(b"\0")  # What a power cut may leave.
    server.instead.clear()
    assert good(*options)["targets"][0]["fetched"]
    assert (tmp_path / "downloads" / EDGE.replace("/", "%2F")).read_bytes() == whole


@pytest.mark.parametrize("answer, code", [
    (lambda r: r.answer(500, b"", {}), "download"), (lambda r: r.answer(302, b"", {"Location": "http://localhost:1/x"}), "download"),
    (lambda r: r.answer(404, b"", {}), "download"), (lambda r: r.answer(200, b" " * 16_385, {}), "too-large"), (lambda r: r.answer(200, b"{}", {}), "malformed"),
])
def test_a_server_without_a_timestamp(base, serve, client, answer, code):
    server = serve(base)
    server.instead["/metadata/timestamp.json"] = answer
    error = refused(*client(server.url, "refresh"))
    assert error["code"] == code and "timestamp.json" in error["message"]


def test_plain_http_is_for_this_machine_only(base, client):
    error = refused(*client("http://updates.example.com", "refresh"))
    assert error["code"] == "permission-denied" and "updates.example.com" in error["message"]


def tls(pki: Path, name: str, minimum=ssl.TLSVersion.TLSv1_2, maximum=ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = minimum, maximum
    context.load_cert_chain(pki / f"{name}.crt", pki / f"{name}.key")
    return context


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    assert emsctl("pki", "init", "--dir", folder).returncode == 0
    assert emsctl("pki", "server", "--dir", folder, "--name", "web", "--out", "web").returncode == 0
    assert emsctl("pki", "server", "--dir", folder, "--name", "else", "--dns", "else.example.com", "--ip", "192.0.2.1", "--out", "else").returncode == 0
    return folder


def test_over_https(base, serve, client, pki):
    server = serve(base, tls(pki, "web"))
    assert good(*client(server.url, "--ca", pki / "ca.crt", "--target-name", EDGE, "download"))["targets"][0]["fetched"]


@pytest.mark.parametrize("context, ca", [
    (lambda pki: tls(pki, "web"), False),  # The system does not know the authority.
    (lambda pki: tls(pki, "else"), True),  # The certificate is of another host.
    (lambda pki: tls(pki, "web", ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1), True),
])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_server_that_does_not_show_who_it_is(base, serve, client, pki, context, ca):
    server = serve(base, context(pki))
    error = refused(*client(server.url, *(["--ca", pki / "ca.crt"] if ca else []), "refresh"))
    assert error["code"] == "download" and server.url in error["message"]
    assert server.asked == []


def test_an_unreadable_authority(base, client):
    assert refused(*client("https://updates.example.com", "--ca", "/no/such", "refresh"))["code"] == "io"


# ---- A repository of somebody else -------------------------------------------------------------


def test_a_repository_of_tuf_on_ci(tmp_path, serve):
    third_party = os.environ.get("EMS_THIRD_PARTY")
    if not third_party:
        pytest.skip("EMS_THIRD_PARTY is not set")
    repo = Path(third_party) / "ota/tuf/tuf-conformance/tuf-on-ci-0.11"
    server = serve(repo)
    options = ["--metadata-url", f"{server.url}/metadata/", "--metadata-dir", tmp_path / "trusted", "--target-base-url", f"{server.url}/targets/", "--target-dir",
               tmp_path / "downloads", "--now", (repo / "faketime").read_text().strip().replace(" ", "T").replace("+00:00", "Z")]
    good("--metadata-dir", tmp_path / "trusted", "init", repo / "initial_root.json")
    good(*options, "refresh")
    assert good(*options, "--target-name", (repo / "targetpath").read_text().strip(), "download")["targets"][0]["role"] == "delegatedrole"
