# SPDX-License-Identifier: Apache-2.0
"""A TUF repository made and verified in Python on securesystemslib, which libems shares no code with."""
import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

from securesystemslib import formats, keys

ROLES = ("root", "targets", "snapshot", "timestamp")


def date_text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def make_key(legacy: bool = False) -> dict:
    """A key of securesystemslib 0.26 (its id covers four members), or with the id of 1.x (three)."""
    key = keys.generate_ed25519_key()
    if not legacy:
        del key["keyid_hash_algorithms"]
        key["keyid"] = hashlib.sha256(formats.encode_canonical(key_object(key)).encode()).hexdigest()
    return key


def key_object(key: dict) -> dict:
    return {**{name: key[name] for name in key if name in ("keytype", "scheme", "keyid_hash_algorithms")},
            "keyval": {"public": key["keyval"]["public"]}}


def sign(body: dict, signers: list[dict]) -> bytes:
    message = formats.encode_canonical(body).encode()
    return json.dumps({"signatures": [keys.create_signature(key, message) for key in signers], "signed": body}, indent=1).encode()


def body_of(kind: str, version: int, days: int = 30, **members) -> dict:
    expires = date_text(datetime.now(timezone.utc) + timedelta(days=days))
    return {"_type": kind, "spec_version": "1.0.31", "version": version, "expires": expires, **members}


def meta(file: bytes, version: int) -> dict:
    return {"version": version, "length": len(file), "hashes": {"sha256": hashlib.sha256(file).hexdigest()}}


class PythonRepository:
    """root 2 of 3, targets 2 of 3, snapshot, timestamp, and a delegated role `bms` for bms/*, in `folder`."""

    def __init__(self, folder: Path, legacy: bool, targets: dict[str, bytes]):
        self.folder = folder
        self.keys = {role: [make_key(legacy) for _ in range(3 if role in ROLES[:2] else 1)] for role in (*ROLES, "bms")}
        for name in ("metadata", "targets"):
            (folder / name).mkdir(parents=True)
        known = {key["keyid"]: key_object(key) for role in ROLES for key in self.keys[role]}
        roles = {role: {"keyids": [key["keyid"] for key in self.keys[role]], "threshold": 2 if role in ROLES[:2] else 1} for role in ROLES}
        self.put("1.root.json", sign(body_of("root", 1, keys=known, roles=roles, consistent_snapshot=True), self.keys["root"][:2]))
        bms = self.keys["bms"][0]
        delegations = {"keys": {bms["keyid"]: key_object(bms)}, "roles": [
            {"name": "bms", "keyids": [bms["keyid"]], "threshold": 1, "paths": ["bms/*"], "terminating": True}]}
        files = {}
        for role, more in (("targets", {"delegations": delegations}), ("bms", {})):
            own = {name: data for name, data in targets.items() if name.startswith("bms/") == (role == "bms")}
            body = body_of("targets", 1, targets={name: self.add(name, data) for name, data in own.items()}, **more)
            files[f"{role}.json"] = sign(body, self.keys[role][:2])
            self.put(f"1.{role}.json", files[f"{role}.json"])
        snapshot = sign(body_of("snapshot", 1, meta={name: meta(file, 1) for name, file in files.items()}), self.keys["snapshot"])
        self.put("1.snapshot.json", snapshot)
        self.put("timestamp.json", sign(body_of("timestamp", 1, meta={"snapshot.json": meta(snapshot, 1)}), self.keys["timestamp"]))

    def put(self, name: str, data: bytes):
        (self.folder / "metadata" / name).write_bytes(data)

    def add(self, name: str, data: bytes) -> dict:
        digest = hashlib.sha256(data).hexdigest()
        file = self.folder / "targets" / Path(name).parent / f"{digest}.{Path(name).name}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return {"length": len(data), "hashes": {"sha256": digest}, "custom": {"note": "nöt for libems\n"}}


class Refused(Exception):
    pass


def need(condition, why: str):
    if not condition:
        raise Refused(why)


def check_signatures(file: bytes, role: dict, known: dict):
    """A threshold of signatures by distinct keys of the role."""
    envelope = json.loads(file)
    message = formats.encode_canonical(envelope["signed"]).encode()
    good = set()
    for signature in envelope["signatures"]:
        if signature["keyid"] in role["keyids"]:
            key = known[signature["keyid"]]
            if keys.verify_signature({**key, "keyid": signature["keyid"]}, signature, message):
                good.add(key["keyval"]["public"])
    need(role["threshold"] >= 1 and len(good) >= role["threshold"], "signatures")


def check_meta(file: bytes, entry: dict):
    need(len(file) == entry["length"] and hashlib.sha256(file).hexdigest() == entry["hashes"]["sha256"], "hash")


def verify_repository(folder: Path, root: bytes, now: datetime | None = None) -> dict:
    """Every file from `root` on as specification 5.3 to 5.7 says: signatures, thresholds, versions, hashes, expiry.
    @return the targets of all roles, {path: entry}; their files were read and compared."""
    now = date_text(now or datetime.now(timezone.utc))
    read = lambda name: (folder / "metadata" / name).read_bytes()
    trusted = json.loads(root)["signed"]
    check_signatures(root, trusted["roles"]["root"], trusted["keys"])
    while (folder / "metadata" / f"{trusted['version'] + 1}.root.json").exists():
        file = read(f"{trusted['version'] + 1}.root.json")
        new = json.loads(file)["signed"]
        check_signatures(file, trusted["roles"]["root"], trusted["keys"])
        check_signatures(file, new["roles"]["root"], new["keys"])
        need(new["version"] == trusted["version"] + 1, "root version")
        trusted = new
    need(trusted["consistent_snapshot"] is True and now < trusted["expires"], "root expired")

    def checked(file: bytes, kind: str, version: int | None, role: dict, known: dict) -> dict:
        check_signatures(file, role, known)
        body = json.loads(file)["signed"]
        need(body["_type"] == kind and now < body["expires"], f"{kind} expired")
        need(version in (None, body["version"]), f"{kind} version")
        return body

    timestamp = checked(read("timestamp.json"), "timestamp", None, trusted["roles"]["timestamp"], trusted["keys"])
    need(list(timestamp["meta"]) == ["snapshot.json"], "timestamp meta")
    entry = timestamp["meta"]["snapshot.json"]
    file = read(f"{entry['version']}.snapshot.json")
    check_meta(file, entry)
    snapshot = checked(file, "snapshot", entry["version"], trusted["roles"]["snapshot"], trusted["keys"])
    found, waiting = {}, [("targets", trusted["roles"]["targets"], trusted["keys"])]
    for name, role, known in waiting:
        entry = snapshot["meta"][f"{name}.json"]
        file = read(f"{entry['version']}.{name}.json")
        check_meta(file, entry)
        body = checked(file, "targets", entry["version"], role, known)
        found |= {path: target for path, target in body["targets"].items() if path not in found}
        delegations = body.get("delegations", {"roles": [], "keys": {}})
        waiting += [(role["name"], role, delegations["keys"]) for role in delegations["roles"]]
    for path, target in found.items():
        file = folder / "targets" / Path(path).parent / f"{target['hashes']['sha256']}.{Path(path).name}"
        check_meta(file.read_bytes(), target)
    return found
