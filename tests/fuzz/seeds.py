# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of every fuzz target: seeds.py FOLDER

FOLDER/<parser>/ gets the files of corpus/<parser>/ (NAME.hex as the bytes it spells, `#` begins a comment) and what is made
here from the vectors, packs and examples; FOLDER/<parser>.list names them, in order, for libFuzzer's -seed_inputs.
"""
from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VECTORS = ROOT / "tests/vectors"


def unhex(text: str) -> bytes:
    return bytes.fromhex("".join(line.split("#")[0] for line in text.splitlines()))


def exchanges(file: str) -> list[tuple[str, bytes, bytes]]:
    """(id, request, reply) of the vectors that have bytes."""
    return [(v["id"], bytes.fromhex(v.get("request_hex") or ""), bytes.fromhex(v.get("response_hex") or ""))
            for v in json.loads((VECTORS / file).read_text())]


def heard(frames: list[dict]) -> bytes:
    """Frames as can_codec_fuzz.hpp takes them, a quarter of a second apart."""
    out = b""
    for frame in frames:
        data = bytes.fromhex(frame["data_hex"])
        out += bytes([8]) + (frame["id"] | bool(frame["ext"]) << 31).to_bytes(4, "big") + bytes([len(data)]) + data
    return out


def poll_codec(file: str) -> dict[str, bytes]:
    """Exchanges for the targets of poll_codec_fuzz.hpp: options, size of the request, request, reply."""
    return {name: bytes([0, len(request)]) + request + reply for name, request, reply in exchanges(file)}


def ascii_codec(file: str) -> dict[str, bytes]:
    """For the targets of ascii_codec_fuzz.hpp: besides the exchanges, what the replies hold."""
    frames = {name: reply.decode("ascii") for name, _, reply in exchanges(file) if reply.startswith(b"~")}
    return poll_codec(file) | {f"{name}-content": b"\x80" + bytes.fromhex(frame[13:-5]) for name, frame in frames.items()}


def can_lv() -> dict[str, bytes]:
    """For fuzz_can_lv: the dialect, options, frames."""
    dialects = ["pylontech", "victron", "sma", "deye", "discover", "luxpower", "sofar", "sol_ark"]  # As can_lv::Dialect counts.
    return {v["id"]: b"listen\n" + bytes([number, 0]) + heard(v["frames"])
            for number, name in enumerate(dialects) for v in json.loads((VECTORS / f"bms_can_{name}.json").read_text())
            if v["protocol"].endswith(("lv-can", "can-bms"))}


def can_links() -> dict[str, dict[str, bytes]]:
    """Links and logs of a CAN bus: what the wire says; datagrams with their size before them."""
    out: dict[str, dict[str, bytes]] = {"slcan": {}, "socketcand": {}, "cannelloni": {}, "can_log": {}}
    for vector in json.loads((VECTORS / "can_links.json").read_text()):
        target = {"pcan-trc": "can_log", "be-log": "can_log"}.get(vector["protocol"], vector["protocol"])
        texts = [vector.get("wire_text", ""), *vector.get("wire_chunks", []), *vector.get("reject", []),
                 *(text for _, text in vector.get("dialogue", []))]
        data = "".join(texts).encode()
        if target == "cannelloni":
            datagrams = [bytes.fromhex(text) for text in [vector.get("wire_hex", ""), *vector.get("reject", [])] if text]
            data = b"".join(len(datagram).to_bytes(2, "big") + datagram for datagram in datagrams)
        out[target][vector["id"]] = data
    return out


def ota_json() -> dict[str, bytes]:
    folder = VECTORS / "ota/tuf/generated"
    canonical = json.loads((folder / "canonical_json_vectors.json").read_text())
    cases = json.loads((folder / "index.json").read_text())
    files = {case["id"]: case["urls"].get("metadata/timestamp.json") for case in cases if case["id"][0] == "p"}
    return ({vector["name"]: vector["json_text"].encode() for vector in canonical["vectors"]}
            | {f"reject-{number}": text.encode() for number, text in enumerate(canonical["must_reject"])}
            | {"root": (folder / cases[0]["trusted_root"]).read_bytes()}
            | {name: (folder / file).read_bytes() for name, file in files.items() if isinstance(file, str)})


def made() -> dict[str, dict[str, bytes]]:
    """parser -> name of the seed -> its bytes."""
    jbd = exchanges("bms_serial_jbd.json")
    can = json.loads((VECTORS / "bms_can_pylontech.json").read_text())
    site = ROOT / "examples/site"
    out: dict[str, dict[str, bytes]] = {
        "jbd": {name: bytes([len(request)]) + request + reply for name, request, reply in jbd},
        "can_lv": can_lv(),
        "candump": {v["id"]: v["wire_text"].encode() for v in can if "wire_text" in v},
        **can_links(),
        "sim": {"jbd-requests": b"battery\n" + b"".join(request for _, request, _ in jbd)},
        "block": {path.stem: path.read_bytes() for path in sorted(VECTORS.glob("telemetry_block_v*.bin"))},
        "ota_json": ota_json(),
        "pack": {path.stem: path.read_bytes() for path in sorted((ROOT / "libems/packs").glob("*.yaml"))},
        "pylontech_rs485": ascii_codec("bms_serial_pylontech.json"),
        "config": {kind: kind.encode() + b"\n" + (site / f"{kind}.yaml").read_bytes() for kind in ("site", "limits", "server")},
    }
    for path in sorted(VECTORS.glob("bms_serial_*.json")):
        protocol = path.stem.removeprefix("bms_serial_")
        target = HERE / f"fuzz_{protocol}.cpp"
        text = target.read_text() if target.exists() else ""
        if "ascii_codec_fuzz.hpp" in text:
            out[protocol] = ascii_codec(path.name)
        elif "poll_codec_fuzz.hpp" in text:
            out[protocol] = poll_codec(path.name)
    for path in sorted(VECTORS.glob("bms_can_*.json")):
        protocol = path.stem.removeprefix("bms_can_")
        if (HERE / f"fuzz_{protocol}.cpp").exists():
            vectors = json.loads(path.read_text())
            out[protocol] = {v["id"]: b"\0" + heard(v["frames"]) for v in vectors if "frames" in v}
    return out


def write(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    seeds = made()
    for path in sorted(HERE.glob("corpus/*/*")):
        data = unhex(path.read_text()) if path.suffix == ".hex" else path.read_bytes()
        if path.stem in seeds.setdefault(path.parent.name, {}):
            raise SystemExit(f"{path}: a seed of that name is made from the vectors")
        seeds[path.parent.name][path.stem] = data
    for parser in sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.cpp")):
        if not seeds.get(parser):
            raise SystemExit(f"fuzz_{parser} has no seed")
        (folder / parser).mkdir(parents=True)
        for name, data in sorted(seeds[parser].items()):
            (folder / parser / name).write_bytes(data)
        files = [str(folder / parser / name) for name in sorted(seeds[parser])]
        (folder / f"{parser}.list").write_text(",".join(files))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    write(Path(sys.argv[1]))
