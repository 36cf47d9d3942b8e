# SPDX-License-Identifier: Apache-2.0
"""emsctl repo and emsctl tuf against securesystemslib: each takes what the other made, and both refuse what somebody else changed."""
import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import ssl
import subprocess
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from securesystemslib import formats

from support.harness import ROOT, build_dir
from support.tuf_repository import PythonRepository, Refused, body_of, key_object, make_key, meta, sign, verify_repository

EDGE, BMS = "edge/edge-2.4.1.img", "bms/fw 1.bin"
CONTENT = {EDGE: b"an image" * 1000, BMS: b"\0" * 77}


def run(*arguments, code: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run([build_dir() / "bin/emsctl", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (arguments, done.stdout, done.stderr)
    return done


class Made:
    """A repository that emsctl makes; its keys were made at run time. Root 1 and two targets are published."""

    def __init__(self, folder: Path):
        self.folder, self.keys = folder / "repo", folder / "keys"

    def make(self):
        self.repo("init", "--make-keys", self.keys)
        self.sign("root")
        self.sign("targets")
        self.publish()
        file = self.folder.parent / "file"
        for name, data in CONTENT.items():
            file.write_bytes(data)
            self.add(file, name)
        self.sign("targets")
        self.publish()

    @property
    def root(self) -> bytes:
        return (self.folder / "metadata/1.root.json").read_bytes()

    def repo(self, command: str, *arguments, code: int = 0) -> subprocess.CompletedProcess:
        return run("repo", command, self.folder, *arguments, code=code)

    def key(self, name: str) -> Path:
        return self.keys / f"{name}.pem"

    def keyid(self, name: str) -> str:
        return next(k for k, v in self.body("1.root.json")["keys"].items() if v == json.loads(Path(f"{self.key(name)}.pub").read_text()))

    def sign(self, role: str, *names: str):
        for name in names or (f"{role}-1", f"{role}-2"):
            self.repo("sign", role, "--key", self.key(name))

    def add(self, file: Path, name: str, counter: int = 1, *more):
        self.repo("add", file, "--name", name, "--hardware-id", "EMS-A", "--component", "edge", "--version", "2.4.1",
                  "--release-counter", counter, *more)

    def publish(self, *keys: str, code: int = 0):
        arguments = [part for name in keys or ("snapshot-1", "timestamp-1") for part in ("--key", self.key(name))]
        return self.repo("publish", *arguments, code=code)

    def new_key(self, name: str) -> Path:
        run("repo", "key", self.key(name))
        return Path(f"{self.key(name)}.pub")

    def body(self, name: str) -> dict:
        return json.loads((self.folder / "metadata" / name).read_text())["signed"]


class Client:
    """emsctl tuf with a store of its own."""

    def __init__(self, folder: Path, root: bytes, source, *options):
        self.store, self.downloads = folder / "store", folder / "downloads"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "root.json").write_bytes(root)
        self.options = ["tuf", *options, "--metadata-dir", self.store, "--metadata-url", f"{source}/metadata",
                        "--target-base-url", f"{source}/targets", "--target-dir", self.downloads]
        run(*self.options, "init", folder / "root.json")

    def refresh(self):
        return run(*self.options, "refresh")

    def download(self, *names: str) -> list[bytes]:
        done = run(*self.options, *(part for name in names for part in ("--target-name", name)), "download")
        return [Path(target["file"]).read_bytes() for target in json.loads(done.stdout)["targets"]]

    def refused(self, *names: str) -> str:
        """The class in which a download fails."""
        done = run(*self.options, *(part for name in names for part in ("--target-name", name)), "download", code=1)
        return json.loads(done.stderr)["error"]["code"]

    def version(self, role: str) -> int:
        return json.loads((self.store / f"{role}.json").read_text())["signed"]["version"]


@pytest.fixture
def web(tmp_path):
    """Serves a folder over TLS; the authority is thrown away after the test. Returns the URL and the authority's file."""
    servers = []

    def start(folder: Path) -> tuple[str, Path]:
        pki = tmp_path / "pki"
        run("pki", "init", "--dir", pki)
        run("pki", "server", "--dir", pki, "--name", "web", "--dns", "localhost", "--ip", "127.0.0.1", "--out", "web")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki / "web.crt", pki / "web.key")

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        servers.append((server, thread))
        return f"https://localhost:{server.server_address[1]}", pki / "ca.crt"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    Made(folder).make()
    return folder


@pytest.fixture
def made(original, tmp_path):
    shutil.copytree(original, tmp_path / "made")
    return Made(tmp_path / "made")


# ---- Each takes what the other made ------------------------------------------------------------


@pytest.mark.parametrize("legacy", [True, False], ids=["ids-of-securesystemslib-0.26", "ids-of-1.x"])
def test_a_repository_made_in_python_is_accepted(tmp_path, legacy):
    repository = PythonRepository(tmp_path / "repo", legacy, CONTENT)
    root = (repository.folder / "metadata/1.root.json").read_bytes()
    assert set(verify_repository(repository.folder, root)) == set(CONTENT)
    client = Client(tmp_path / "client", root, repository.folder)
    assert client.download(EDGE, BMS) == [CONTENT[EDGE], CONTENT[BMS]]


def test_a_repository_made_by_emsctl_is_accepted_by_another_verifier_and_over_https(made, tmp_path, web):
    found = verify_repository(made.folder, made.root)
    assert set(found) == set(CONTENT)
    assert found[EDGE]["custom"]["ems"] | {"published": None} == {
        "hardware_ids": ["EMS-A"], "component": "edge", "version": "2.4.1", "release_counter": 1, "security_floor": 0,
        "payload": "raw", "published": None}
    url, ca = web(made.folder)
    client = Client(tmp_path / "client", made.root, url, "--ca", ca)
    assert client.download(EDGE, BMS) == [CONTENT[EDGE], CONTENT[BMS]]
    assert client.version("targets") == 2


def test_key_ids_are_those_of_securesystemslib(made):
    known = made.body("1.root.json")["keys"]
    assert len(known) == 8
    for keyid, key in known.items():
        assert keyid == hashlib.sha256(formats.encode_canonical(key).encode()).hexdigest()


def test_a_device_takes_what_is_for_it(made, tmp_path):
    for device, code in (({"hardware_id": "EMS-B"}, "wrong-hardware"),
                         ({"hardware_id": "EMS-A", "installed_release_counter": 2}, "rollback")):
        file = tmp_path / "device.json"
        file.write_text(json.dumps(device))
        folder = tmp_path / code
        assert Client(folder, made.root, made.folder, "--device", file).refused(EDGE) == code
    file.write_text(json.dumps({"hardware_id": "EMS-A", "installed_release_counter": 1}))
    assert Client(tmp_path / "right", made.root, made.folder, "--device", file).download(EDGE) == [CONTENT[EDGE]]


def test_a_delegated_role_signs_its_own_paths(made, tmp_path):
    made.repo("delegate", "oem", "--path", "oem/*", "--key", made.new_key("oem-1"), "--key", made.new_key("oem-2"), "--threshold", 2)
    (tmp_path / "file").write_bytes(b"oem")
    made.add(tmp_path / "file", "oem/fw.bin", 1, "--role", "oem")
    made.add(tmp_path / "file", "edge/other.bin", 1, "--role", "oem")  # Not its path: nobody will find it.
    made.sign("targets")
    made.sign("oem", "oem-1", "oem-1")
    assert "oem: signature" in made.publish(code=1).stderr
    made.sign("oem", "oem-2")
    made.publish()
    assert {"oem/fw.bin", EDGE} <= set(verify_repository(made.folder, made.root))
    client = Client(tmp_path / "client", made.root, made.folder)
    assert client.download("oem/fw.bin", EDGE) == [b"oem", CONTENT[EDGE]]
    assert client.refused("edge/other.bin") == "not-found"


def test_a_delegated_role_that_lapsed_stops_nobody_else(made, tmp_path):
    made.repo("delegate", "oem", "--path", "oem/*", "--key", made.new_key("oem-1"))
    (tmp_path / "file").write_bytes(b"oem")
    made.add(tmp_path / "file", "oem/fw.bin", 1, "--role", "oem", "--days", 1)
    made.sign("targets")
    made.sign("oem", "oem-1")
    made.publish()
    now = (datetime.now(timezone.utc) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    made.repo("publish", "--key", made.key("snapshot-1"), "--key", made.key("timestamp-1"), "--online-only", "--now", now)
    assert made.body("timestamp.json")["version"] == 4
    client = Client(tmp_path / "client", made.root, made.folder, "--now", now)
    assert client.download(EDGE) == [CONTENT[EDGE]]
    assert client.refused("oem/fw.bin") == "expired"


# ---- Both refuse what somebody else changed ----------------------------------------------------


def edit(folder: Path, name: str, change):
    """Changes `signed` and leaves the signatures as they are."""
    file = folder / "metadata" / name
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document, indent=1, sort_keys=True))


def flip_signatures(document):
    for signature in document["signatures"]:
        signature["sig"] = ("0" if signature["sig"][0] != "0" else "1") + signature["sig"][1:]


TAMPERED = {
    "timestamp": ("timestamp.json", lambda d: d["signed"].update(version=9), "signature"),
    "timestamp-signatures": ("timestamp.json", flip_signatures, "signature"),
    "snapshot": ("2.snapshot.json", lambda d: d["signed"].update(expires="2039-01-01T00:00:00Z"), "hash"),
    "targets": ("2.targets.json", lambda d: d["signed"]["targets"][EDGE]["custom"]["ems"].update(release_counter=9), "hash"),
    "expired": ("timestamp.json", lambda d: d["signed"].update(expires="2020-01-01T00:00:00Z"), "signature"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_metadata_is_refused_by_both(made, tmp_path, what):
    name, change, code = TAMPERED[what]
    verify_repository(made.folder, made.root)
    edit(made.folder, name, change)
    with pytest.raises(Refused):
        verify_repository(made.folder, made.root)
    refused = Client(tmp_path / "client", made.root, made.folder).refused(EDGE)
    assert refused in (code, "length")  # A changed file has another length as well.


def test_a_tampered_target_is_refused_by_both(made, tmp_path):
    file = next((made.folder / "targets/edge").iterdir())
    file.write_bytes(b"X" + file.read_bytes()[1:])
    with pytest.raises(Refused, match="hash"):
        verify_repository(made.folder, made.root)
    client = Client(tmp_path / "client", made.root, made.folder)
    assert client.refused(EDGE) == "hash"
    assert not any(client.downloads.glob("*.img"))


def test_a_root_that_its_predecessor_did_not_sign_is_refused_by_both(made, tmp_path):
    thief = [make_key() for _ in range(2)]
    role = {"keyids": [key["keyid"] for key in thief], "threshold": 2}
    body = body_of("root", 2, consistent_snapshot=True, keys={key["keyid"]: key_object(key) for key in thief},
                   roles=dict.fromkeys(("root", "targets", "snapshot", "timestamp"), role))
    (made.folder / "metadata/2.root.json").write_bytes(sign(body, thief))
    with pytest.raises(Refused, match="signatures"):
        verify_repository(made.folder, made.root)
    client = Client(tmp_path / "client", made.root, made.folder)
    assert client.refused(EDGE) == "signature"
    assert client.version("root") == 1


def test_expired_metadata_is_refused_by_both_and_not_published(made, tmp_path):
    late = datetime.now(timezone.utc) + timedelta(days=8)
    with pytest.raises(Refused, match="timestamp expired"):
        verify_repository(made.folder, made.root, late)
    now = late.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert Client(tmp_path / "client", made.root, made.folder, "--now", now).refused(EDGE) == "expired"
    made.repo("publish", "--key", made.key("timestamp-1"), "--online-only", "--now", now)  # The calendar's weekly line.
    verify_repository(made.folder, made.root, late)
    done = made.repo("publish", "--key", made.key("timestamp-1"), "--online-only", "--now", "2039-01-01T00:00:00Z", code=1)
    assert "root: expired" in done.stderr


# ---- Keys come and go --------------------------------------------------------------------------


def test_a_client_of_root_1_follows_to_root_3(made, tmp_path):
    client = Client(tmp_path / "client", made.root, made.folder)
    client.refresh()
    # Root 2: other people for root, another machine for timestamp, whose old key is at hand.
    made.repo("rotate", "--add", f"root={made.new_key('root-4')}", "--remove", f"root={made.keyid('root-1')}",
              "--add", f"timestamp={made.new_key('timestamp-2')}", "--remove", f"timestamp={made.keyid('timestamp-1')}")
    made.sign("root", "root-1", "root-2")
    assert "root: signature" in made.publish(code=1).stderr  # Of the new ones only root-2.
    made.sign("root", "root-4")
    made.publish("snapshot-1", "timestamp-1", "timestamp-2")
    # Root 3: the keys of targets are replaced, two were stolen.
    made.repo("rotate", "--add", f"targets={made.new_key('targets-4')}", "--remove", f"targets={made.keyid('targets-1')}",
              "--add", f"targets={made.new_key('targets-5')}", "--remove", f"targets={made.keyid('targets-2')}")
    made.sign("root", "root-2", "root-4")
    assert "targets: signature" in made.publish("snapshot-1", "timestamp-2", code=1).stderr
    made.repo("renew", "targets")
    made.sign("targets", "targets-4", "targets-5")
    made.publish("snapshot-1", "timestamp-2")
    assert set(verify_repository(made.folder, made.root)) == set(CONTENT)
    for each in (client, Client(tmp_path / "new", made.root, made.folder)):
        assert each.download(EDGE) == [CONTENT[EDGE]]
        assert (each.version("root"), each.version("targets")) == (3, 3)


def test_stolen_keys_alone_publish_nothing(made, tmp_path):
    (tmp_path / "evil").write_bytes(b"evil")
    made.add(tmp_path / "evil", EDGE, 99)
    made.sign("targets", "targets-1", "targets-1")
    before = sorted(file.name for file in (made.folder / "metadata").iterdir())
    assert "targets: signature" in made.publish(code=1).stderr
    assert sorted(file.name for file in (made.folder / "metadata").iterdir()) == before
    assert "permission_denied" in made.repo("sign", "targets", "--key", made.key("root-1"), code=1).stderr
    # A thief has the web server, one key of targets and both online keys, and needs no emsctl.
    theft = tmp_path / "theft"
    shutil.copytree(made.folder, theft)
    forged = (theft / "staged/targets.json").read_bytes()
    (theft / "metadata/3.targets.json").write_bytes(forged)
    online = {role: seed_key(made, f"{role}-1") for role in ("snapshot", "timestamp")}
    snapshot = sign(body_of("snapshot", 3, meta={"targets.json": meta(forged, 3)}), [online["snapshot"]])
    (theft / "metadata/3.snapshot.json").write_bytes(snapshot)
    timestamp = sign(body_of("timestamp", 3, meta={"snapshot.json": meta(snapshot, 3)}), [online["timestamp"]])
    (theft / "metadata/timestamp.json").write_bytes(timestamp)
    with pytest.raises(Refused, match="signatures"):
        verify_repository(theft, made.root)
    client = Client(tmp_path / "client", made.root, theft)
    assert client.refused(EDGE) == "signature"
    assert not client.downloads.exists() or not any(client.downloads.iterdir())


def test_a_key_taken_away_signs_nothing_any_more(made, tmp_path):
    made.repo("rotate", "--add", f"root={made.new_key('root-4')}", "--remove", f"root={made.keyid('root-1')}")
    made.sign("root", "root-1", "root-2", "root-4")
    made.publish()
    client = Client(tmp_path / "client", made.root, made.folder)
    client.refresh()
    # Its thief and a second one who was talked into it sign root 3.
    body = made.body("2.root.json") | {"version": 3}
    signers = [seed_key(made, name) for name in ("root-1", "root-2")]
    (made.folder / "metadata/3.root.json").write_bytes(sign(body, signers))
    with pytest.raises(Refused, match="signatures"):
        verify_repository(made.folder, made.root)
    assert client.refused(EDGE) == "signature"
    assert client.version("root") == 2
    made.repo("rotate")
    assert "root: permission_denied" in made.repo("sign", "root", "--key", made.key("root-1"), code=1).stderr


def seed_key(made: Made, name: str) -> dict:
    """A private key of emsctl as securesystemslib has it: the seed ends PKCS#8 (RFC 8410, section 7)."""
    der = ssl.PEM_cert_to_DER_cert(made.key(name).read_text().replace("PRIVATE KEY", "CERTIFICATE"))
    public = json.loads(Path(f"{made.key(name)}.pub").read_text())
    return {**public, "keyid": made.keyid(name), "keyval": {**public["keyval"], "private": der[-32:].hex()}}


# ---- Publishing --------------------------------------------------------------------------------


def test_whoever_reads_meanwhile_sees_a_whole_state(made, tmp_path):
    """A reader takes timestamp.json and then what it names, as often as it can, while others publish and change a key."""
    done, seen, wrong = threading.Event(), set(), []

    def read():
        while not done.is_set():
            try:
                verify_repository(made.folder, made.root)
                seen.add(made.body("timestamp.json")["version"])
            except Exception as error:  # Whatever it is, the state was not whole.
                wrong.append(repr(error))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for counter in (2, 3):
            (tmp_path / "file").write_bytes(b"%d" % counter)
            made.add(tmp_path / "file", EDGE, counter)
            made.sign("targets")
            made.publish()
        made.repo("rotate", "--add", f"timestamp={made.new_key('timestamp-2')}", "--remove", f"timestamp={made.keyid('timestamp-1')}")
        made.sign("root")
        made.publish("snapshot-1", "timestamp-1", "timestamp-2")
    finally:
        done.set()
        reader.join()
    assert not wrong, wrong
    print(f"timestamps seen: {sorted(seen)}")
    assert made.body("timestamp.json")["version"] == 5


def test_what_is_wrong_is_told_and_changes_nothing(made, tmp_path):
    made.key("targets-1").chmod(0o640)
    (tmp_path / "file").write_bytes(b"1")
    made.add(tmp_path / "file", "a")
    done = made.repo("sign", "targets", "--key", made.key("targets-1"), code=1)
    assert done.stderr == (f"emsctl: repo sign {made.folder}: {made.key('targets-1')}: permission_denied: "
                           "group or others have access to the key: chmod 600\n")
    assert "permission_denied" in made.publish("snapshot-1", "timestamp-1", "root-1", code=1).stderr
    assert "already_exists" in run("repo", "key", made.key("root-1"), code=1).stderr
    assert "already_exists" in made.repo("init", "--make-keys", tmp_path / "others", code=1).stderr
    described = ["--hardware-id", "A", "--component", "edge", "--version", "1", "--release-counter", 1]
    assert "bad_name" in made.repo("add", tmp_path / "file", "--name", "../a", *described, code=1).stderr
    assert "invalid_argument" in made.repo("add", tmp_path / "file", "--name", "b", *described, "--security-floor", 2, code=1).stderr
    assert "not_found" in run("repo", "show", tmp_path / "nothing", code=1).stderr
    made.repo("rotate", "--add", "root", code=2)
    made.repo("rotate", "--threshold", "root=two", code=2)
    assert "invalid_argument" in run("repo", "init", tmp_path / "other", code=1).stderr
    shown = json.loads(made.repo("show").stdout)
    assert [state["role"] for state in shown["published"]] == ["root", "targets", "snapshot", "timestamp"]
    assert [(state["role"], state["complete"]) for state in shown["staged"]] == [("targets", False)]


# ---- What the pages say ------------------------------------------------------------------------


def shell(script: str, cwd: Path) -> str:
    environment = {**os.environ, "PATH": f"{build_dir() / 'bin'}:/usr/bin:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-euc", script], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout


def blocks(page: str) -> str:
    return "".join(re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs/how-to" / page).read_text(), re.M | re.S))


def test_every_command_of_the_two_pages_works(tmp_path):
    shell(blocks("run-a-repository.md"), tmp_path)
    found = verify_repository(tmp_path / "repo", (tmp_path / "repo/metadata/1.root.json").read_bytes())
    assert list(found) == [EDGE]
    known = json.loads((tmp_path / "repo/metadata/1.root.json").read_text())["signed"]["keys"]
    carol = next(keyid for keyid, key in known.items() if key == json.loads((tmp_path / "carol.pem.pub").read_text()))
    shell("emsctl repo key dave.pem\n" + blocks("key-ceremony.md").replace("KEYID_OF_CAROL", carol), tmp_path)
    assert (tmp_path / "repo/metadata/2.root.json").exists()
    verify_repository(tmp_path / "repo", (tmp_path / "repo/metadata/1.root.json").read_bytes())


def test_the_example_prints_what_it_says(tmp_path):
    example = ROOT / "examples/11-signed-updates"
    assert shell(str(example / "updates.sh"), tmp_path) == (example / "expected_output.txt").read_text()
