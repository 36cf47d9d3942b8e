# SPDX-License-Identifier: Apache-2.0
"""What the programs print and with what they end; health and reflection as any gRPC client sees them."""
import json
import re
import subprocess

import ems
import grpc
import pytest

from support.grpc_client import Contract, channel_to, identity, raw_call
from support.harness import SITE_YAML, build_dir
from support.stores import make_stores
from support.vectors import FILE, agrees

CELLS = "DDA50400FFFC77"  # JBD: read register 04.
VECTORS = json.loads(FILE.read_text())


def run(program: str, *arguments: str, cwd=None) -> subprocess.CompletedProcess:
    return subprocess.run([build_dir() / "bin" / program, *arguments], cwd=cwd, capture_output=True, text=True, timeout=30)


# ---- decode ------------------------------------------------------------------------------------


def test_decode_prints_json():
    done = run("emsctl", "decode", "--protocol", "jbd", "--request", CELLS, "--response", "DD0400080D660D610D680D59FE3C77")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"cell_voltages_v": [3.43, 3.425, 3.432, 3.417]}


@pytest.mark.parametrize("response, code, offset", [
    ("DD0400040DE40CE5FE1B77", "checksum", 8),  # One bit of the payload is wrong.
    ("DD0400080D660D610D680D59FE3C76", "tail", 14),
    ("DC0400080D660D610D680D59FE3C77", "header", 0),
    ("DD0400080D660D61", "truncated", 8),
    ("", "truncated", 0),
    ("DD0", "syntax", None),  # No byte at all.
])
def test_decode_says_what_is_wrong_with_a_frame_and_where(response, code, offset):
    done = run("emsctl", "decode", "--protocol", "jbd", "--request", CELLS, "--response", response)
    assert (done.returncode, done.stdout) == (1, "")
    error = json.loads(done.stderr)  # Exactly one JSON object, nothing else.
    assert set(error) == {"error"} and set(error["error"]) == {"code", "offset", "message"}
    assert error["error"]["code"] == code and error["error"]["message"]
    assert offset is None or error["error"]["offset"] == offset


def test_decode_of_an_unknown_protocol_is_json_too():
    done = run("emsctl", "decode", "--protocol", "nope", "--request", CELLS, "--response", "DD")
    assert done.returncode == 1 and json.loads(done.stderr)["error"]["code"] == "unknown_protocol"


DALY = ["decode", "--protocol", "daly_a5", "--request", "A5409608000000000000000083",  # Vector daly-96: one sensor.
        "--response", "A501960801370000000000007CA5019608020000000000000046"]


def test_decode_takes_what_the_frames_alone_cannot_tell():
    done = run("emsctl", *DALY, "--temperatures", "2", "--cells", "16", "--variant", "frames_from_1", "--address", "0x40")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"temperatures_degc": [15.0, None]}  # The second is missing.


@pytest.mark.parametrize("option, value, code", [
    ("--variant", "no_such", "invalid_argument"), ("--variant", "frames_from_0", "header"), ("--address", "7", "out_of_range"), ("--cells", "200", "out_of_range"),
])
def test_decode_says_which_option_the_protocol_has_not(option, value, code):
    done = run("emsctl", *DALY, option, value)
    assert (done.returncode, done.stdout) == (1, "") and json.loads(done.stderr)["error"]["code"] == code


def test_can_frames_take_the_options_too():
    frames = ["decode", "--protocol", "pylontech-lv-can", "351#1002C012C012C201"]
    done = run("emsctl", *frames, "--variant", "no_such")
    assert (done.returncode, done.stdout) == (1, "") and json.loads(done.stderr)["error"]["code"] == "invalid_argument"
    assert json.loads(run("emsctl", *frames, "--variant", "standard").stdout)["charge_voltage_limit_v"] == 52.8
    assert run("emsctl", *frames, "--request", "DD").returncode == 2


def test_options_go_not_with_vectors_and_are_bytes():
    assert run("emsctl", "decode", "--vectors", "x.json", "--variant", "x").returncode == 2
    for value in ("256", "-1", "x"):
        assert run("emsctl", *DALY, "--address", value).returncode == 2


def test_protocols_lists_them_for_people_and_programs():
    done = run("emsctl", "protocols")
    assert done.returncode == 0 and re.search(r"^jbd +reads, switch +serial, tcp: 9600", done.stdout, re.M)
    assert re.search(r"^pylontech-lv-can +reads, emulates +socketcan, slcan, .*candump: 500000", done.stdout, re.M)
    listed = {entry["name"]: entry for entry in json.loads(run("emsctl", "protocols", "--json").stdout)}
    assert listed["daly_a5"]["variants"][0] == "frames_from_1" and 0x40 in listed["daly_a5"]["addresses"]
    assert run("emsctl", "protocols", "--json", "--markdown").returncode == 2


def test_decode_vectors_answers_every_vector_in_order():
    done = run("emsctl", "decode", "--vectors", str(FILE))
    assert (done.returncode, done.stderr) == (0, "")
    answers = json.loads(done.stdout)
    assert [answer["id"] for answer in answers] == [vector["id"] for vector in VECTORS]
    for answer, vector in zip(answers, VECTORS):
        if "expect_error" in vector:
            assert set(answer) == {"id", "error"} and set(answer["error"]) == {"code", "offset", "message"}
            assert answer["error"]["code"] == vector["expect_error"], vector["id"]
        else:
            assert set(answer) == {"id", "values"}, answer
            expected = {name: value for name, value in vector["expect"].items() if name != "vendor"}
            assert agrees(answer["values"], expected), vector["id"]


def test_decode_vectors_of_a_file_that_is_none():
    done = run("emsctl", "decode", "--vectors", "/nonexistent.json")
    assert (done.returncode, done.stdout) == (1, "") and json.loads(done.stderr)["error"]["code"] == "io"


CAN_FILE = FILE.with_name("bms_can_pylontech.json")
CAN_VECTORS = json.loads(CAN_FILE.read_text())


def test_decode_of_can_frames():
    vector = next(v for v in CAN_VECTORS if v["id"] == "pyl-us5000-v1.3")
    frames = [f"{frame['id']:03X}#{frame['data_hex']}" for frame in vector["frames"]]
    done = run("emsctl", "decode", "--protocol", "pylontech-lv-can", *frames)
    assert (done.returncode, done.stderr) == (0, "")
    assert agrees(json.loads(done.stdout), {name: value for name, value in vector["expect"].items() if name != "vendor"})


@pytest.mark.parametrize("frame, code, offset", [
    ("351#10", "length", 1), ("351#1", "syntax", 5), ("351", "syntax", 3), ("110#00", "header", 0), ("123##1112233", "unimplemented", 0),
])
def test_decode_says_what_is_wrong_with_a_can_frame(frame, code, offset):
    done = run("emsctl", "decode", "--protocol", "pylontech-lv-can", frame)
    assert (done.returncode, done.stdout) == (1, "")
    error = json.loads(done.stderr)["error"]
    assert (error["code"], error["offset"]) == (code, offset)


def test_decode_of_a_recording(tmp_path):
    log = tmp_path / "battery.log"
    log.write_text("(1.000000) can0 355#1A006400\n(2.000000) can0 355#1B006400\n(2.1) bad\n(2.000000) can0 110#00\n(3.000000) can0 351#10\n")
    done = run("emsctl", "decode", "--protocol", "pylontech-lv-can", "--candump", str(log))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"values": {"soc_pct": 27.0, "soh_pct": 100.0},
                                       "frames": {"decoded": 2, "ignored": 1, "refused": 1, "refused_lines": 1}}


def test_decode_of_a_described_battery(tmp_path):
    dbc, mapping = tmp_path / "own.dbc", tmp_path / "own.yaml"
    dbc.write_text('BO_ 256 Pack: 8 Bms\n SG_ Voltage : 0|16@1+ (0.1,0) [0|6553.5] "V" Host\n')
    mapping.write_text("name: own-bms\nsignals:\n  pack_voltage: Pack.Voltage\n")
    files = ["--dbc", str(dbc), "--map", str(mapping)]
    done = run("emsctl", "decode", *files, "100#0002")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"pack_voltage_v": 51.2})
    mapping.write_text("name: own-bms\nsignals:\n  pack_voltage: Pack.Voltag\n")
    done = run("emsctl", "decode", *files, "100#0002")
    assert done.returncode == 1 and done.stderr.startswith("own.yaml:3:17: ") and "(did you mean 'Voltage'?)" in done.stderr
    for wrong in (files[:2], [*files, "--protocol", "jbd"], [*files, "--address", "1"]):
        assert run("emsctl", "decode", *wrong, "100#0002").returncode == 2, wrong


def test_decode_of_the_wrong_kind_is_refused():
    for arguments in (["jbd", "351#00"], ["pylontech-lv-can", "--response", "DD"]):
        done = run("emsctl", "decode", "--protocol", *arguments)
        assert done.returncode == 1 and json.loads(done.stderr)["error"]["code"] == "invalid_argument", arguments
    assert run("emsctl", "decode", "--protocol", "jbd", "--response", "DD", "351#00").returncode == 2


def test_decode_can_vectors_answers_every_vector_in_order():
    done = run("emsctl", "decode", "--vectors", str(CAN_FILE))
    assert (done.returncode, done.stderr) == (0, "")
    answers = json.loads(done.stdout)
    assert [answer["id"] for answer in answers] == [vector["id"] for vector in CAN_VECTORS]
    for answer, vector in zip(answers, CAN_VECTORS):
        if "expect_error" in vector:
            assert answer["error"]["code"] == vector["expect_error"], answer
            continue
        if "expect" in vector:
            assert agrees(answer["values"], vector["expect"]), vector["id"]
            continue
        assert agrees(answer["values"]["frames"], vector["frames"]), (vector["id"], answer)
        if vector["encode"]:
            assert answer["values"]["wire_text"] == vector["wire_text"], vector["id"]


# ---- configuration -----------------------------------------------------------------------------

# (what to replace in a good file, with what; the words that the error must have)
MISTAKES = [
    ("site: demo", "site: Demo", '"Demo" is not a name'),
    ("control:", "contrl:", 'unknown key "contrl"; did you mean "control"?'),
    ("tick_s: 0.1", "tick_s: fast", 'must be a number, not "fast"'),
    ("telemetry_period_s: 1.0", "telemetry_period_s: 0.01", "0.01 is out of range; allowed are 0.1 .. 60 s"),
    ("protocol: jbd", "protocol: jdb",
     f'unknown protocol "jdb"; known are {", ".join(map(json.dumps, [*ems.protocols(), "described"]))}; did you mean "jbd"?'),
    ("pack: sunspec_pcs", "pack: sunspec_psc", 'did you mean "sunspec_pcs"?'),
    ("batteries: [1]", "batteries: [7]", "7"),
]


def broken_site(folder) -> list[tuple[int, int, str]]:
    """Writes a site file with all mistakes; returns line, column and words of each."""
    text = SITE_YAML.format(control="armed", limit_w=8000, cells=16, capacity_ah=100.0, telemetry_period_s=1.0, lease_s=15,
                            server_port=7443, pcs_port=502)
    for old, new, _ in MISTAKES:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "site.yaml").write_text(text)
    found = []
    for _, new, words in MISTAKES:
        at = text.index(new)
        key = new if new.startswith("contrl") else new.partition(": ")[2]  # The key, or the value.
        at += new.index(key) + (key == "[7]")
        found.append((text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), words))
    return found


def test_config_check_names_all_errors_at_once_and_the_agent_says_the_same(tmp_path):
    expected = broken_site(tmp_path)
    done = run("emsctl", "config", "check", "site.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert len(lines) == len(expected), done.stderr
    for line, (row, column, words) in zip(lines, expected):
        assert line.startswith(f"site.yaml:{row}:{column}: ") and words in line, (line, row, column, words)
    agent = run("ems-agent", "--config", "site.yaml", cwd=tmp_path)
    assert (agent.returncode, agent.stdout, agent.stderr) == (2, "", done.stderr)
    assert not (tmp_path / "telemetry.db").exists() and not (tmp_path / "agent.sock").exists()  # Nothing half-done.


@pytest.mark.parametrize("text, words", [("site: demo\n  bad: [\n", "site.yaml:2:"), ("", "site.yaml"), ("[]\n", "site.yaml:1:1")])
def test_config_check_of_what_is_no_site_file(tmp_path, text, words):
    (tmp_path / "site.yaml").write_text(text)
    done = run("emsctl", "config", "check", "site.yaml", cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith(words), done.stderr
    assert run("ems-agent", "--config", "site.yaml", cwd=tmp_path).returncode == 2


def test_config_check_of_a_good_file_declares_its_times(install):
    site = install()
    done = site.ctl("config", "check", "site.yaml")
    assert done.stderr == "" and "site.yaml: valid" in done.stdout
    assert "declared reaction time: 3.2 s" in done.stdout
    assert re.search(r"inverter/1; a stop waits at most 0\.\d+ s", done.stdout), done.stdout
    assert "limits accepted by Ada Example" in done.stdout


def test_an_armed_site_whose_stop_may_come_too_late_is_refused(install):
    site = install()
    text = (site.folder / "site.yaml").read_text()
    slow = text.replace("    efficiency_pct:", "    reply_timeout_s: 0.6\n    efficiency_pct:")
    site.write("site.yaml", slow)
    for program, arguments, code in (("emsctl", ("config", "check", "site.yaml"), 1), ("ems-agent", ("--config", "site.yaml"), 2)):
        done = run(program, *arguments, cwd=site.folder)
        assert done.returncode == code and "a stop may wait" in done.stderr, (program, done)


# ---- words that are wrong ----------------------------------------------------------------------


@pytest.mark.parametrize("arguments, word", [(("frobnicate",), '"frobnicate"'), (("config", "frob"), '"frob"'), ((), "subcommand"),
                                             (("status", "extra"), "extra"), (("decode",), "--protocol"),
                                             (("estop",), "--name"), (("sim", "--fault"), "--fault")])
def test_wrong_words_end_with_2_and_name_the_word(arguments, word):
    done = run("emsctl", *arguments)
    assert (done.returncode, done.stdout) == (2, "") and word in done.stderr, done.stderr


def test_programs_say_their_version_and_their_help():
    for program in ("emsctl", "ems-agent", "ems-server"):
        assert re.fullmatch(r"\d+\.\d+\.\d+\n", run(program, "--version").stdout)
        done = run(program, "--help")
        assert done.returncode == 0 and "Usage" in done.stdout
        assert run(program, "--nope").returncode == 2


@pytest.mark.parametrize("command", [("status",), ("status", "--json"), ("watch",), ("why",), ("estop", "--name", "Ada"),
                                     ("setpoint", "--power-w", "1", "--lease-s", "1", "--name", "Ada")])
def test_no_agent_is_said_in_words(tmp_path, command):
    done = run("emsctl", *command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1 and "no agent answers at agent.sock" in done.stderr
    assert "is ems-agent running" in done.stderr


def test_status_for_people_and_programs_say_the_same(install):
    site = install()
    site.start_sim("--load-step-w", "0")
    site.start_agent()
    values = site.status()["assets"]["battery/1"]["values"]
    text = site.ctl("status").stdout
    assert re.search(rf"full_capacity_ah +{values['full_capacity_ah']}\n", text)
    assert re.search(rf"device_model +{values['device_model']}\n", text)
    watched = site.ctl("watch", "--count", "2", "--interval-s", "0.2").stdout.splitlines()
    assert len(watched) == 3 and watched[0].startswith("UTC")


# ---- health and reflection ---------------------------------------------------------------------


def varint_field(number: int, payload: bytes) -> bytes:
    """One length-delimited field of a message, by hand: shorter than 128 bytes."""
    return bytes([number << 3 | 2, len(payload)]) + payload


SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}
REFLECTION = "grpc.reflection.v1alpha.ServerReflection"


def services_by_reflection(channel: grpc.Channel) -> bytes:
    """ServerReflectionRequest{list_services: "*"}, as bytes."""
    stream = channel.stream_stream(f"/{REFLECTION}/ServerReflectionInfo", request_serializer=bytes, response_deserializer=bytes)
    return next(stream(iter([varint_field(7, b"*")]), timeout=10))


def test_the_server_answers_health_and_reflection_over_mtls(install):
    site = install()
    site.start_server()
    channel = identity(site, "user")
    assert raw_call(channel, "/grpc.health.v1.Health/Check", b"") == SERVING
    with pytest.raises(grpc.RpcError) as caught:
        raw_call(channel, "/grpc.health.v1.Health/Check", varint_field(1, b"no.such.Service"))
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    listed = services_by_reflection(channel)
    for service in (b"ems.v1.FleetService", b"ems.v1.UplinkService", b"grpc.health.v1.Health", REFLECTION.encode()):
        assert service in listed
    assert b"ems.v1.SiteService" not in listed  # That is the agent's.
    with pytest.raises(grpc.RpcError):  # Health is not a way around mTLS.
        raw_call(channel_to(site.server_port, site.folder / "pki/ca.crt"), "/grpc.health.v1.Health/Check", b"")


def test_the_agent_answers_health_and_reflection_on_its_socket(install):
    site = install()
    site.start_sim()
    site.start_agent()
    with grpc.insecure_channel(f"unix:{site.folder}/agent.sock") as channel:
        assert raw_call(channel, "/grpc.health.v1.Health/Check", b"") == SERVING
        listed = services_by_reflection(channel)
        assert b"ems.v1.SiteService" in listed and b"ems.v1.FleetService" not in listed
        status = Contract().call(channel, "ems.v1.SiteService", "GetStatus").status
        assert (status.site, status.agent) == ("demo", "gateway-1")


# ---- store -------------------------------------------------------------------------------------


def test_store_snapshot_copies_a_store_once(tmp_path):
    make_stores(tmp_path, 100)
    done = run("emsctl", "store", "snapshot", "edge.db", "--to", "copy.db", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"copy.db: {(tmp_path / 'copy.db').stat().st_size} bytes\n"
    again = run("emsctl", "store", "snapshot", "edge.db", "--to", "copy.db", cwd=tmp_path)
    assert again.returncode == 1 and "already_exists" in again.stderr
    none = run("emsctl", "store", "snapshot", "none.db", "--to", "other.db", cwd=tmp_path)
    assert none.returncode == 1 and "not_found" in none.stderr and not (tmp_path / "other.db").exists()
