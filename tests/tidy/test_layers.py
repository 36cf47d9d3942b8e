# SPDX-License-Identifier: Apache-2.0
"""Layers by includes, by link graph and by the symbols of the freestanding build. Each check has a negative case."""
import os
import re
import subprocess
from pathlib import Path

import pytest

import layers

BUILD = Path(os.environ.get("EMS_BUILD_DIR", layers.ROOT / "build/dev"))


def test_no_file_reaches_past_its_layer():
    found = [f for p in layers.source_files() for f in layers.findings(str(p.relative_to(layers.ROOT)), p.read_text())]
    assert found == []


@pytest.mark.parametrize("path, text, part", [
    ("libems/src/safety/x.cpp", '#include "ems/decision/engine.hpp"', "must not include"),
    ("libems/src/decision/x.cpp", '#include "ems/safety/kernel.hpp"', "must not include"),
    ("libems/src/core/x.cpp", "#include <vector>", "not freestanding"),
    ("libems/src/protocol/x.cpp", "#include <chrono>", "not freestanding"),
    ("libems/src/io/x.cpp", '#include "ems/v1/uplink.pb.h"', "only rpc"),
    ("libems/src/telemetry/x.cpp", "double x = 1;", "floats"),
    ("libems/src/sim/x.cpp", "#include <thread>", "L1h"),
    ("libems/src/newthing/x.cpp", "", "not in the layer table"),
])
def test_the_include_check_can_fail(path, text, part):
    assert any(part in f for f in layers.findings(path, text))


def test_the_include_check_lets_good_code_pass():
    good = '#include <span>\n#include "ems/model/point.hpp"\n// a double in a comment, "float" in a string\n'
    assert layers.findings("libems/src/safety/x.cpp", good) == []


def link_graph() -> dict[str, set[str]]:
    """ems_module(...) lines of libems/CMakeLists.txt: module -> modules it links."""
    text = (layers.LIB / "CMakeLists.txt").read_text()
    graph = {}
    for name, rest in re.findall(r"^\s*ems_module\((\w+)([^)]*)\)", text, re.M):
        graph[name] = set(re.findall(r"ems::(\w+)", rest)) - {"asio"}  # ems::asio is a package, not a module.
    return graph


def test_link_graph_follows_the_table():
    graph = link_graph()
    assert set(graph) == set(layers.ALLOWED)
    for module, targets in graph.items():
        extra = targets - layers.ALLOWED[module]
        assert not extra, f"{module} links {sorted(extra)}"


@pytest.fixture(scope="module")
def freestanding_symbols() -> str:
    archive = BUILD / "libems" / "libems_freestanding.a"
    if not archive.exists():
        pytest.fail(f"{archive} is missing: build first, or set EMS_BUILD_DIR")
    return subprocess.run(["nm", "-C", "-u", str(archive)], check=True, capture_output=True, text=True).stdout


FORBIDDEN = re.compile(r"operator new|operator delete|\bmalloc\b|\bfree\b|__cxa_(throw|begin_catch|allocate)|typeinfo for"
                       r"|__dynamic_cast|std::terminate|pthread_|clock_gettime|\bprintf\b|\bfopen\b")


def test_freestanding_build_needs_no_heap_throw_or_io(freestanding_symbols):
    assert FORBIDDEN.findall(freestanding_symbols) == []
    assert "U " in freestanding_symbols  # nm really printed undefined symbols


def test_the_symbol_check_can_fail():
    assert FORBIDDEN.search("                 U operator new(unsigned long)")
    assert FORBIDDEN.search("                 U __cxa_throw")


def test_bindings_firmware_and_apps_keep_to_their_layer():
    files = layers.edge_files()
    assert {str(p.relative_to(layers.ROOT)).split("/")[0] for p in files} == {"bindings", "firmware", "apps"}
    assert [f for p in files for f in layers.edge_findings(str(p.relative_to(layers.ROOT)), p.read_text())] == []


@pytest.mark.parametrize("path, include", [
    ("bindings/c/src/x.cpp", '"ems/io/hex.hpp"'),
    ("bindings/c/src/x.cpp", '"ems/runtime/site.hpp"'),
    ("bindings/c/src/x.cpp", "<thread>"),
    ("bindings/python/src/x.cpp", '"ems/rpc/site_client.hpp"'),
    ("bindings/python/src/x.cpp", "<grpcpp/grpcpp.h>"),
    ("firmware/app/x.cpp", '"ems/sim/plant.hpp"'),
    ("firmware/app/x.cpp", "<vector>"),
    ("firmware/app/x.cpp", '"boards/mps2-an385/chip.hpp"'),
    ("apps/cli/x.cpp", "<yaml-cpp/yaml.h>"),
    ("apps/cli/x.cpp", '"ems/v1/site.pb.h"'),
    ("apps/agent/x.cpp", '"rpc/convert.hpp"'),
])
def test_the_edge_check_can_fail(path, include):
    assert layers.edge_findings(path, f"#include {include}\n")


def test_the_edge_check_lets_good_code_pass():
    assert layers.edge_findings("apps/cli/x.cpp", '#include <CLI/CLI.hpp>\n#include "ems/rpc/site_client.hpp"\n') == []
    assert layers.edge_findings("firmware/app/x.cpp", '#include <span>\n#include "ems/safety/kernel.hpp"\n') == []
    assert layers.edge_findings("bindings/c/src/x.cpp", '#include <ems/capi/codec.h>\n#include "ems/runtime/control_loop.hpp"\n') == []
