# SPDX-License-Identifier: Apache-2.0
"""The package as a whole: types, stubs, docstrings, generated files, what an import costs."""
import inspect
import os
import re
import subprocess
from pathlib import Path

import pytest
from support.places import BUILD as _BUILD
from support.places import ROOT

import ems

BUILD = _BUILD.resolve()
PACKAGE = ROOT / "bindings/python/ems"
ALLOWLIST = ROOT / "bindings/python/tests/stubtest_allowlist.txt"
TESTS = Path(__file__).resolve().parent
ENVIRONMENT = {
    **os.environ, "PYTHONPATH": str(BUILD / "python"), "MYPYPATH": f"{TESTS / 'stubs'}:{BUILD / 'python'}", "EMS_BUILD_DIR": str(BUILD)}
#: What a name says in words when it is a quantity.
UNIT = re.compile(r"_(v|a|w|va|var|wh|ah|degc|pct|s|hz|h)$")


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, **more)


def test_mypy_is_strict_and_content(tmp_path):
    examples = sorted(str(path) for path in (ROOT / "examples").rglob("*.py") if "import ems" in path.read_text())
    assert len(examples) >= 2
    cache = tmp_path / "cache"
    done = run("/usr/bin/python3", "-m", "mypy", "--strict", "--cache-dir", str(cache), "-p", "ems", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run("/usr/bin/python3", "-m", "mypy", "--strict", "--scripts-are-modules", "--cache-dir", str(cache), *examples, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_say_what_is_there(tmp_path):
    done = run("/usr/bin/python3", "-m", "mypy.stubtest", "ems", "--mypy-config-file", str(TESTS / "mypy.ini"),
               "--allowlist", str(ALLOWLIST), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_allowlist_is_only_of_pybind11():
    for line in ALLOWLIST.read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"ems\._ems\.\w+", line), line
        if not line.startswith("#"):
            assert type(getattr(ems._ems, line.rsplit(".", 1)[1])).__name__ == "pybind11_type"


def public():
    """Every public name of the package with its object."""
    for name in ems.__all__:
        yield f"ems.{name}", getattr(ems, name)
    for _, module in ems.REFERENCE:
        for name in module.__all__:
            thing = getattr(module, name)
            if not inspect.isclass(thing) and not inspect.isroutine(thing):
                continue  # An alias of types; a comment explains it.
            yield f"{module.__name__}.{name}", thing
            if not inspect.isclass(thing):
                continue
            for member, value in vars(thing).items():
                if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, (property, classmethod))):
                    yield f"{module.__name__}.{name}.{member}", value


@pytest.mark.parametrize("name, thing", list(public()), ids=[name for name, _ in public()])
def test_every_public_name_says_what_it_is(name, thing):
    function = getattr(thing, "fget", None) or getattr(thing, "__func__", None) or thing
    doc = inspect.getdoc(function) or ""
    assert len(doc) > 15 and (doc[0].isupper() or doc.startswith("°")), name
    if inspect.isfunction(function):
        for parameter in list(inspect.signature(function).parameters):
            if parameter in ("self", "cls", "requested_schema", "path", "points") or ":meth:`columns`" in doc:
                continue
            assert f":param {parameter}:" in doc, f"{name}: {parameter} is not explained"


QUANTITY = re.compile(r"^    (\w+): [^#\n]*#: (.*)$|^ +:param (\w+): (.*)$", re.M)


def test_every_quantity_says_its_unit():
    """A field or parameter whose name ends in a unit is explained with that unit."""
    symbols = {"v": "V", "a": "A", "w": "W", "va": "VA", "var": "var", "degc": "°C", "pct": "%", "s": "s", "h": "h", "ah": "Ah"}
    seen = 0
    for path in PACKAGE.glob("*.py"):
        for field, text, parameter, words in QUANTITY.findall(path.read_text()):
            match = UNIT.search(field or parameter)
            if not match or match.group(1) not in symbols:
                continue
            seen += 1
            symbol = re.escape(symbols[match.group(1)])
            assert re.search(rf"(^|[^\w]){symbol}([^\w]|$)", text or words), f"{path.name}: {field or parameter}: {text or words}"
    assert seen > 40


def test_generated_files_are_current():
    done = run("/usr/bin/python3", str(ROOT / "bindings/python/generate.py"), "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_import_brings_nothing_heavy():
    code = "import sys, ems; print(','.join(m for m in ('grpc', 'google.protobuf', 'numpy', 'pandas', 'matplotlib') if m in sys.modules))"
    done = run("/usr/bin/python3", "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_how_long_an_import_takes(capsys):
    """Printed, not decided: the aim is 60 ms."""
    times = []
    for _ in range(3):
        done = run("/usr/bin/python3", "-X", "importtime", "-c", "import ems")
        times.append(int(re.search(r"\|\s+(\d+) \| ems$", done.stderr, re.M).group(1)) / 1000)
    with capsys.disabled():
        print(f" [import ems: {min(times):.1f} ms]", end="")


def test_the_native_module_links_no_protobuf():
    (module,) = (BUILD / "python/ems").glob("_ems*.so")
    needed = run("readelf", "-d", str(module)).stdout
    assert "NEEDED" in needed and "protobuf" not in needed and "grpc" not in needed


def test_every_file_of_the_package_is_in_the_build():
    for path in [*PACKAGE.glob("*.py"), *PACKAGE.glob("*.pyi"), PACKAGE / "py.typed"]:
        assert (BUILD / "python/ems" / path.name).read_bytes() == path.read_bytes(), path.name

