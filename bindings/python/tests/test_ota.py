# SPDX-License-Identifier: Apache-2.0
"""Updates from Python: signatures, images, the client over a folder, payloads. What is refused and why is tested in C++."""
import hashlib
import json
import shutil
import struct

import ems
import pytest
from ems import errors, ota
from support.places import ROOT

VECTORS = ROOT / "tests/vectors/ota"
CASES = VECTORS / "tuf/generated"
NOW = "2027-01-01T00:00:00Z"
EDGE = "fw/edge/edge-2.4.1.img"


def case(name):
    return next(c for c in json.loads((CASES / "index.json").read_text()) if c["id"] == name)


def publish(folder, urls):
    """A case's repository as a folder."""
    for url, blob in urls.items():
        file = folder / url
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CASES / blob, file)


@pytest.fixture
def repository(tmp_path):
    publish(tmp_path / "repository", case("a01-base")["urls"])
    return tmp_path / "repository"


def client_of(repository, store, **settings):
    return ota.Client(store, repository / "metadata", repository / "targets", **settings)


@pytest.fixture
def client(repository, tmp_path):
    made = client_of(repository, tmp_path / "trusted")
    made.init((CASES / case("a01-base")["trusted_root"]).read_bytes())
    made.refresh(NOW)
    return made


# ---- signatures and images -----------------------------------------------------------------------


def rfc8032():
    """The first test of RFC 8032, section 7.1: an empty message."""
    key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                              "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
    return key, b"", signature


def test_a_signature_is_verified_strictly():
    key, message, signature = rfc8032()
    assert ota.verify_ed25519(key, message, signature) is None
    with pytest.raises(errors.SignatureError):
        ota.verify_ed25519(key, b"x", signature)
    with pytest.raises(errors.SignatureError):
        ota.verify_ed25519(key, message, signature[:-1])
    one = bytes([1]) + bytes(31)  # Of order 1: OpenSSL takes this signature of anything.
    with pytest.raises(errors.BadKeyError):
        ota.verify_ed25519(one, b"anything", one + bytes(32))
    with pytest.raises(errors.BadKeyError):  # An erased page.
        ota.verify_ed25519(bytes(32), b"anything", bytes(64))


def signed_by_nobody():
    """An image that is whole by its hash, with the signature of another message."""
    key, _, signature = rfc8032()

    def values(magic, *entries):
        body = b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in entries)
        return struct.pack("<HH", magic, len(body) + 4) + body

    protected = values(0x6908, (0x50, struct.pack("<I", 7)))
    signed = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 32, len(protected), 16, 0, 2, 4, 1, 9, 0) + bytes(16) + protected
    name = hashlib.sha256(bytes.fromhex("302a300506032b6570032100") + key).digest()
    return key, signed + values(0x6907, (0x10, hashlib.sha256(signed).digest()), (0x01, name), (0x24, signature))


def test_an_image_is_refused_with_its_class():
    key, image = signed_by_nobody()
    with pytest.raises(errors.SignatureError, match="not signed by the key that it names"):
        ota.verify_image(image, [key])
    with pytest.raises(errors.SignatureError, match="nobody here trusts"):
        ota.verify_image(image, [])
    with pytest.raises(errors.NoSpaceError):
        ota.verify_image(image, [key], slot_size=len(image) - 1)
    with pytest.raises(errors.HashError):
        ota.verify_image(image[:40] + b"x" + image[41:], [key])
    with pytest.raises(errors.MalformedError):
        ota.verify_image(bytes(200), [key])
    with pytest.raises(errors.TruncatedError):
        ota.verify_image(image[:-1], [key], slot_size=4096)
    for wrong in ({"keys": [b"short"]}, {"keys": [key], "vendor_id": b"short"}, {"keys": [key], "class_id": b"short"}):
        with pytest.raises(errors.LengthError):
            ota.verify_image(image, **wrong)


def test_an_image_that_another_tool_signed_is_taken():
    signing = pytest.importorskip("nacl.signing")
    secret = signing.SigningKey.generate()
    key = bytes(secret.verify_key)
    _, image = signed_by_nobody()
    signed, digest = image[:-(4 + 36 + 36 + 68)], image[-(36 + 36 + 68) + 4:-(36 + 68)]
    assert hashlib.sha256(signed).digest() == digest
    name = hashlib.sha256(bytes.fromhex("302a300506032b6570032100") + key).digest()
    image = image[:-(36 + 68) + 4] + name + image[-68:-64] + secret.sign(digest).signature
    found = ota.verify_image(image, [key], slot_size=4096 + len(image))
    assert found == ota.Image((2, 4, 1, 9), 7, 32, 16, len(image), digest)
    with pytest.raises(errors.RollbackError):
        ota.verify_image(image, [key], counter_floor=8)
    with pytest.raises(errors.WrongHardwareError):
        ota.verify_image(image, [key], vendor_id=bytes(16))


# ---- the client ----------------------------------------------------------------------------------


def test_a_target_is_found_and_fetched(client, tmp_path):
    target = client.find(EDGE)
    assert target.path == EDGE and target.component is None and target.version == "2.4.1"
    client.download(target, tmp_path / "edge.img")
    content = (tmp_path / "edge.img").read_bytes()
    assert len(content) == target.length and hashlib.sha256(content).digest() == target.sha256
    assert client.read(target) == content
    assert EDGE in repr(target)
    with pytest.raises(errors.NotFoundError):
        client.find("fw/edge/none.img")
    with pytest.raises(errors.BadNameError):
        client.find("../edge.img")


def test_what_is_wrong_has_a_class_and_names_the_file(client, repository):
    (repository / "metadata/timestamp.json").write_text("{}")
    client.take_events()
    with pytest.raises(errors.MalformedError, match="^timestamp.json: "):
        client.refresh(NOW)
    event, = client.take_events()
    assert (event.code, event.file) == ("malformed", "timestamp.json")
    assert client.take_events() == []
    publish(repository, case("a01-base")["urls"])
    client.refresh(NOW)
    with pytest.raises(errors.ExpiredError):
        client.refresh("2099-01-01T00:00:00Z")


def test_bytes_that_were_changed_never_appear(client, repository, tmp_path):
    target = client.find(EDGE)
    file = next((repository / "targets/fw/edge").iterdir())
    file.write_bytes(b"x" + file.read_bytes()[1:])
    with pytest.raises(errors.HashError):
        client.download(target, tmp_path / "edge.img")
    assert not (tmp_path / "edge.img").exists()
    with pytest.raises(errors.HashError):
        client.read(target)


def test_the_device_is_what_updates_are_for(client, repository, tmp_path):
    root = (CASES / case("a01-base")["trusted_root"]).read_bytes()
    counter = client.find(EDGE).release_counter
    hardware = client.find(EDGE).hardware_ids[0]
    for number, (device, wrong) in enumerate([
            (ota.Device(hardware_id=hardware, release_counter=counter), None),
            (ota.Device(hardware_id="another"), errors.WrongHardwareError),
            (ota.Device(release_counter=counter + 1), errors.RollbackError),
            (ota.Device(security_floor=counter + 1), errors.RollbackError),
            (ota.Device(capacity=1), errors.NoSpaceError)]):
        other = client_of(repository, tmp_path / f"trusted-{number}", device=device)
        other.init(root)
        other.refresh(NOW)
        if wrong is None:
            assert other.find(EDGE).path == EDGE
        else:
            with pytest.raises(wrong):
                other.find(EDGE)


def test_a_store_and_a_root_are_what_they_must_be(client, repository, tmp_path):
    with pytest.raises(errors.StoreError):  # In use.
        client_of(repository, tmp_path / "trusted")
    other = client_of(repository, tmp_path / "other")
    with pytest.raises(errors.NoTrustRootError):
        other.refresh(NOW)
    with pytest.raises(errors.MalformedError):
        other.init(b"no root")
    with pytest.raises(errors.PermissionDeniedError):
        ota.Client(tmp_path / "third", "http://updates.example.com/metadata")


# ---- payloads ------------------------------------------------------------------------------------


def publish_limits(folder, version, content, keys):
    """The next version of a repository in which one key signs everything; its one target is a payload of kind limits."""
    tuf = pytest.importorskip("support.tuf_repository")
    key = keys.setdefault("key", None) or keys.update(key=tuf.make_key()) or keys["key"]
    for name in ("metadata", "targets/limits"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    (folder / f"targets/limits/{digest}.limits.yaml").write_bytes(content)
    target = {"length": len(content), "hashes": {"sha256": digest}, "custom": {"ems": {
        "hardware_ids": ["any"], "component": "limits", "version": f"1.{version}", "release_counter": version, "payload": "raw"}}}
    roles = {role: {"keyids": [key["keyid"]], "threshold": 1} for role in tuf.ROLES}
    root = tuf.sign(tuf.body_of("root", 1, keys={key["keyid"]: tuf.key_object(key)}, roles=roles, consistent_snapshot=True), [key])
    targets = tuf.sign(tuf.body_of("targets", version, targets={"limits/limits.yaml": target}), [key])
    snapshot = tuf.sign(tuf.body_of("snapshot", version, meta={"targets.json": tuf.meta(targets, version)}), [key])
    timestamp = tuf.sign(tuf.body_of("timestamp", version, meta={"snapshot.json": tuf.meta(snapshot, version)}), [key])
    for name, file in (("1.root", root), (f"{version}.targets", targets), (f"{version}.snapshot", snapshot), ("timestamp", timestamp)):
        (folder / f"metadata/{name}.json").write_bytes(file)
    return root


LIMITS = "limits/limits.yaml"


class Site:
    """A device that takes limits from a repository."""

    def __init__(self, folder):
        self.repository, self.keys, self.running = folder / "repository", {}, "built in"
        root = publish_limits(self.repository, 1, b"one", self.keys)
        self.client = client_of(self.repository, folder / "trusted")
        self.client.init(root)
        self.client.refresh()
        self.payloads = ota.PayloadStore(folder / "payloads")

    def apply(self, payload, content):
        if content.startswith(b"bad"):
            raise ValueError("line 1: no number")
        self.running = content.decode()

    def update(self, version=None, content=None):
        if content is not None:
            publish_limits(self.repository, version, content, self.keys)
        self.client.refresh()
        return self.payloads.install_from(self.client, LIMITS, "limits", self.apply)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "site")


def test_a_payload_is_installed_and_the_version_before_kept(site):
    assert site.payloads.current("limits") is None and site.payloads.previous("limits") is None
    with pytest.raises(errors.NotFoundError):
        site.payloads.load("limits", site.apply)
    one = site.update()
    assert one == ota.Payload("1.1", hashlib.sha256(b"one").digest(), 3, 1) == site.payloads.current("limits")
    assert site.running == "one" and site.payloads.read("limits") == b"one"
    site.update(2, b"two")
    assert site.running == "two" and site.payloads.previous("limits") == one
    site.running = "restarted"
    assert site.payloads.load("limits", site.apply).version == "1.2" and site.running == "two"
    site.payloads.roll_back("limits", "the site tripped")
    assert site.payloads.current("limits") == one and site.payloads.previous("limits") is None
    assert site.payloads.load("limits", site.apply) == one and site.running == "one"
    with pytest.raises(errors.FailedPreconditionError):
        site.update()
    failure, = site.payloads.failures("limits")
    assert failure == ota.Failure(hashlib.sha256(b"two").digest(), "the site tripped")
    site.payloads.release("limits", failure.sha256)
    assert site.payloads.failures("limits") == [] and site.update().version == "1.2"
    with pytest.raises(errors.NotFoundError):
        site.payloads.release("limits", failure.sha256)


def test_what_a_loader_raises_is_raised_and_told(site):
    site.update()
    with pytest.raises(ValueError, match="^line 1: no number$"):
        site.update(2, b"bad")
    assert site.running == "one" and site.payloads.current("limits").version == "1.1"
    assert site.payloads.failures("limits")[0].reason == "line 1: no number"
    with pytest.raises(errors.FailedPreconditionError):
        site.update()


def test_only_what_metadata_vouches_for_is_installed(site, client, tmp_path):
    target = site.client.find(LIMITS)
    with pytest.raises(errors.WrongHardwareError):
        site.payloads.install("model", target, b"one", site.apply)
    with pytest.raises(errors.HashError):
        site.payloads.install("limits", target, b"One", site.apply)
    with pytest.raises(errors.LengthError):
        site.payloads.install("limits", target, b"on", site.apply)
    with pytest.raises(errors.WrongHardwareError):  # A target that says no kind.
        site.payloads.install_from(client, EDGE, "limits", site.apply)
    with pytest.raises(errors.TooLargeError):
        ota.PayloadStore(tmp_path / "small", size_max=2).install_from(site.client, LIMITS, "limits", site.apply)
    assert site.running == "built in"


def test_only_a_payload_that_the_device_can_install_is_found(site, tmp_path):
    other = client_of(site.repository, tmp_path / "trusted", device=ota.Device(security_floor=0, payloads=("mcuboot",)))
    other.init((site.repository / "metadata/1.root.json").read_bytes())
    other.refresh()
    with pytest.raises(errors.WrongHardwareError):
        other.find(LIMITS)


def test_a_loader_that_uses_its_store_is_refused(site):
    with pytest.raises(errors.AbortedError):
        site.payloads.install_from(site.client, LIMITS, "limits", lambda payload, content: site.payloads.read("limits"))
    assert ems.ota.PayloadStore is ota.PayloadStore
