# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` leaves is an SDK: each example is built against it as a stand-alone project and prints what its folder says."""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.harness import build_dir

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
VERSION = re.search(r"project\(libems VERSION (\d+\.\d+\.\d+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
MAJOR, MINOR = (int(part) for part in VERSION.split(".")[:2])
SYSTEM_LIBRARIES = {"libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6", "ld-linux-x86-64.so.2"}


def run(*command, timeout_s: float = 120, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout_s, **options)


def good(*command, **options) -> str:
    done = run(*command, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory) -> Path:
    """Everything, installed; and then moved, so that every test below sees a tree that is not where it was installed."""
    folder = tmp_path_factory.mktemp("install")
    good("cmake", "--install", build_dir(), "--prefix", folder / "here")
    return (folder / "here").rename(folder / "moved")


def configure(prefix: Path, source: Path, build: Path, *options: str) -> subprocess.CompletedProcess:
    launcher = shutil.which("ccache") or ""
    return run("cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Debug",
               "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", "-DCMAKE_CXX_FLAGS_DEBUG=-O0",
               "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}", *options)


def build(prefix: Path, source: Path, build_folder: Path, *options: str) -> str:
    """Builds a project against the installed tree; returns its compile commands."""
    done = configure(prefix, source, build_folder, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    good("cmake", "--build", build_folder, "-j", "2",
         env={**os.environ, "CCACHE_BASEDIR": str(build_folder.parent), "CCACHE_NOHASHDIR": "1"})
    return "\n".join(entry["command"] for entry in json.loads((build_folder / "compile_commands.json").read_text()))


def project(folder: Path, find: str, *rest: str, **files: str) -> Path:
    folder.mkdir()
    lines = ["cmake_minimum_required(VERSION 3.25)", "project(consumer LANGUAGES C CXX)", f"find_package(libems {find})", *rest]
    (folder / "CMakeLists.txt").write_text("\n".join(lines) + "\n")
    for name, text in files.items():
        (folder / f"{name}.cpp").write_text(text)
    return folder


# ---- the examples ----------------------------------------------------------------------------------

@pytest.mark.parametrize("folder, programs", [
    ("01-hello-battery", {"hello": "expected_output.txt", "hello_c": "expected_output_c.txt"}),
    ("03-custom-transport", {"custom-transport": "expected_output.txt"}),
    ("04-c-loop", {"c-loop": "expected_output.txt"}),
    ("06-c-policies", {"c-policies": "expected_output.txt"}),
    ("08-energy-ledger", {"energy-ledger": "expected_output.txt"}),
    ("09-energy-in-c", {"energy-in-c": "expected_output.txt"}),
    ("10-any-battery", {"any-battery": "expected_output.txt"}),
    ("13-verify-in-c", {"verify-in-c": "expected_output.txt"}),
])
def test_example_builds_alone_and_prints_what_its_folder_says(prefix, tmp_path, folder, programs):
    build(prefix, EXAMPLES / folder, tmp_path / "build")
    for program, expected in programs.items():
        assert good(tmp_path / "build" / program) == (EXAMPLES / folder / expected).read_text()


def test_every_example_in_cpp_or_c_is_in_the_list_above():
    listed = set(re.findall(r'^    \("(\d\d-[\w-]+)", \{', Path(__file__).read_text(), re.M))
    assert {path.parent.name for path in EXAMPLES.glob("*/CMakeLists.txt")} == listed


def test_hello_programs_are_short():
    for name in ("main.cpp", "hello.c", "hello.py", "hello_grpc.py"):
        lines = (EXAMPLES / "01-hello-battery" / name).read_text().splitlines()
        code = [line for line in lines if line.strip() and "SPDX-License-Identifier" not in line]
        assert len(code) <= 15, name


# ---- find_package ----------------------------------------------------------------------------------

def test_core_needs_and_links_nothing_else(prefix, tmp_path):
    build(prefix, EXAMPLES / "03-custom-transport", tmp_path / "build",
          *(f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in ("Threads", "OpenSSL", "SQLiteCpp", "yaml-cpp", "spdlog", "PkgConfig",
                                                                  "Protobuf", "gRPC")))
    dynamic = good("readelf", "-d", tmp_path / "build/custom-transport")
    assert set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)) <= SYSTEM_LIBRARIES


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
@pytest.mark.parametrize("folder, program", [("04-c-loop", "c-loop"), ("06-c-policies", "c-policies"), ("09-energy-in-c", "energy-in-c")])
def test_the_c_loops_allocate_nothing(prefix, tmp_path, folder, program):
    build(prefix, EXAMPLES / folder, tmp_path / "build")
    done = run("valgrind", "--error-exitcode=9", tmp_path / "build" / program)
    assert done.returncode == 0, done.stderr
    assert "total heap usage: 0 allocs" in done.stderr, done.stderr


def test_the_c_library_needs_only_libc_and_is_there_static_too(prefix, tmp_path):
    def needed(path: Path) -> set[str]:
        return set(re.findall(r"\(NEEDED\).*\[(.*)\]", good("readelf", "-d", path)))

    hello = EXAMPLES / "01-hello-battery"
    source = project(tmp_path / "source", "CONFIG REQUIRED COMPONENTS c", f"add_executable(hello {hello / 'hello.c'})",
                     "target_link_libraries(hello PRIVATE ems::c_static)")
    build(prefix, source, tmp_path / "build")
    assert good(tmp_path / "build/hello") == (hello / "expected_output_c.txt").read_text()
    assert needed(tmp_path / "build/hello") == {"libc.so.6"}
    assert needed(next(prefix.glob("**/libems.so.?"))) <= {"libc.so.6", "ld-linux-x86-64.so.2"}


def test_consumers_get_asio_s_definitions_and_none_of_our_flags(prefix, tmp_path):
    # Everything at once: a program of the topmost component links, so every LINK_ONLY dependency is found.
    source = project(tmp_path / "source", "CONFIG REQUIRED COMPONENTS rpc", "add_executable(consumer main.cpp)",
                     "target_link_libraries(consumer PRIVATE ems::rpc)", main="""
#include <asio/io_context.hpp>
#include <cstdio>

#include "ems/rpc/site_client.hpp"

int main() {
  asio::io_context context;
  context.run();
  const auto client = ems::rpc::SiteClient::open("no-such.sock", ems::milliseconds(100));
  const auto status = (*client)->status();
  std::puts(status ? "an answer" : to_string(status.error().code).data());
}
""")
    commands = build(prefix, source, tmp_path / "build")
    assert good(tmp_path / "build/consumer") == "unavailable\n"
    assert "-DASIO_STANDALONE" in commands and "-DASIO_DISABLE_STD_ALIGNED_ALLOC" in commands
    assert not re.search(r"-Wconversion|-fvisibility|-ffile-prefix-map|EMS_", commands)


@pytest.mark.parametrize("find, found, text", [
    (f"{MAJOR}.{MINOR} CONFIG REQUIRED", True, ""),
    (f"{VERSION} CONFIG REQUIRED COMPONENTS core", True, ""),
    (f"{MAJOR}.{MINOR - 1} CONFIG REQUIRED", False, f"version: {VERSION}"),
    (f"{MAJOR}.{MINOR + 1} CONFIG REQUIRED", False, f"version: {VERSION}"),
    ("CONFIG REQUIRED COMPONENTS warp", False, "no component 'warp' in this installation; it has: core io runtime rpc c"),
    ("CONFIG REQUIRED COMPONENTS core OPTIONAL_COMPONENTS warp", True, ""),
])
def test_versions_and_components_that_do_not_fit_are_refused(prefix, tmp_path, find, found, text):
    done = configure(prefix, project(tmp_path / "source", find, "message(STATUS core=$<TARGET_EXISTS:ems::core>)"), tmp_path / "build")
    assert (done.returncode == 0) == found, done.stderr
    assert text in " ".join(done.stderr.split())


def test_a_dependency_that_is_not_there_is_named(prefix, tmp_path, monkeypatch):
    source = project(tmp_path / "source", "CONFIG REQUIRED COMPONENTS io")
    refused = configure(prefix, source, tmp_path / "no-spdlog", "-DCMAKE_DISABLE_FIND_PACKAGE_spdlog=ON")
    assert refused.returncode != 0 and "spdlog" in refused.stderr
    monkeypatch.setenv("PKG_CONFIG_LIBDIR", str(tmp_path))
    refused = configure(prefix, source, tmp_path / "no-libmodbus")
    assert refused.returncode != 0 and "component 'io' needs libmodbus" in " ".join(refused.stderr.split())

    optional = project(tmp_path / "optional", "CONFIG QUIET COMPONENTS io", 'message(STATUS "found: ${libems_FOUND}")')
    done = configure(prefix, optional, tmp_path / "optional-build")
    assert (done.returncode, re.findall("found: (.*)", done.stdout)) == (0, ["0"]), done.stderr


def test_an_optional_component_whose_dependency_is_not_there_is_left_out_and_the_rest_is_found(prefix, tmp_path):
    said = [f'message(STATUS "{name}: ${{libems_{name}_FOUND}}")' for name in ("core", "io", "runtime", "rpc")]
    source = project(tmp_path / "source", "CONFIG REQUIRED COMPONENTS core OPTIONAL_COMPONENTS rpc", *said)
    for package, found in (("gRPC", {"core", "io", "runtime"}), ("spdlog", {"core"})):
        done = configure(prefix, source, tmp_path / package, f"-DCMAKE_DISABLE_FIND_PACKAGE_{package}=ON")
        assert set(re.findall(r"-- (\w+): TRUE$", done.stdout, re.M)) == found and done.returncode == 0, done
    needed = project(tmp_path / "needed", "CONFIG REQUIRED COMPONENTS runtime OPTIONAL_COMPONENTS rpc")
    refused = configure(prefix, needed, tmp_path / "refused", "-DCMAKE_DISABLE_FIND_PACKAGE_spdlog=ON")
    assert refused.returncode != 0 and "component 'io' needs spdlog" in " ".join(refused.stderr.split())


# ---- pkg-config ------------------------------------------------------------------------------------

def pkg_config(prefix: Path, *arguments: str) -> list[str]:
    folder = next(prefix.glob("**/pkgconfig"))
    return good("pkg-config", *arguments, env={**os.environ, "PKG_CONFIG_PATH": str(folder), "PKG_CONFIG_LIBDIR": str(folder)}).split()


def test_pkg_config_of_the_static_core_is_enough_for_one_compiler_line(prefix, tmp_path):
    (tmp_path / "main.cpp").write_text("""
#include <cstdio>
#include "ems/core/version.hpp"
#include "ems/decision/decision.hpp"
#include "ems/sim/plant.hpp"
#include "ems/telemetry/block.hpp"
int main() {
  ems::sim::Plant plant({}, 1);
  plant.step(ems::seconds(1));
  ems::decision::Config config;
  std::printf("%s %d\\n", ems::kVersion.data(), ems::decision::validate(config).has_value() && plant.now() > ems::Instant{});
}
""")
    flags = pkg_config(prefix, "--cflags", "--libs", "libems-core")
    good("c++", "-std=c++20", tmp_path / "main.cpp", "-o", tmp_path / "main", *flags)
    version = pkg_config(prefix, "--modversion", "libems-core")[0]
    assert good(tmp_path / "main") == f"{version} 1\n"


def test_pkg_config_of_the_c_library_and_plain_cc_make_a_program(prefix, tmp_path):
    hello = EXAMPLES / "01-hello-battery"
    good("cc", hello / "hello.c", "-o", tmp_path / "hello", *pkg_config(prefix, "--cflags", "--libs", "ems"))
    said = good(tmp_path / "hello", env={**os.environ, "LD_LIBRARY_PATH": pkg_config(prefix, "--variable=libdir", "ems")[0]})
    assert said == (hello / "expected_output_c.txt").read_text()


# ---- Python ----------------------------------------------------------------------------------------

def test_hello_in_python_runs_on_the_installed_package(prefix, tmp_path):
    package = next(prefix.glob("**/dist-packages"))
    hello = EXAMPLES / "01-hello-battery/hello.py"
    said = good(sys.executable, "-c", f"import ems, runpy; print(ems.__file__); runpy.run_path({str(hello)!r})", cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}).split("\n", 1)
    assert Path(said[0]).parent == package / "ems"
    assert said[1] in (ROOT / "README.md").read_text() and "15.6 V" in said[1]


# ---- the tree --------------------------------------------------------------------------------------

def test_every_public_header_and_table_is_installed(prefix):
    include = ROOT / "libems/include"
    missing = [str(path.relative_to(include)) for path in include.rglob("*")
               if path.is_file() and not (prefix / "include" / path.relative_to(include)).exists()]
    assert missing == []


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_public_headers_bring_what_they_need(prefix, tmp_path, order):
    """All of them in one file, and in the other order: who leans on an earlier header has it behind himself once."""
    headers = sorted(str(path.relative_to(prefix / "include")) for path in prefix.glob("include/**/*.hpp"))
    assert headers
    lines = headers if order == "forward" else headers[::-1]
    (tmp_path / "all.cpp").write_text("".join(f'#include "{name}"\n' for name in lines))
    good("c++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-DASIO_STANDALONE", f"-I{prefix / 'include'}",
         tmp_path / "all.cpp")


def test_the_wire_contract_is_installed_for_clients_in_other_languages(prefix):
    installed = prefix / "share/libems/proto"
    assert {path.name for path in installed.rglob("*.proto")} == {path.name for path in (ROOT / "libems/proto").rglob("*.proto")}
    assert (installed / "ems.v1.descriptors.pb").read_bytes() == (build_dir() / "gen/ems.v1.descriptors.pb").read_bytes()


def test_no_installed_file_names_the_source_or_the_build_or_where_it_was_installed(prefix):
    def naming(folder: Path) -> list[str]:
        return [str(path.relative_to(prefix)) for path in sorted(prefix.rglob("*"))
                if path.is_file() and str(folder).encode() in path.read_bytes()]

    assert naming(ROOT) == [] and naming(build_dir().resolve()) == []
    assert [name for name in naming(prefix.parent / "here") if not name.endswith(".service")] == []  # systemd wants absolute paths.


def test_every_installed_file_belongs_to_a_package(tmp_path):
    """An install() rule without COMPONENT would leave its files in no Debian package."""
    good("cmake", "--install", build_dir(), "--prefix", tmp_path / "rest", "--component", "Unspecified")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
