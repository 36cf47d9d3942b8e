# SPDX-License-Identifier: Apache-2.0
"""The Debian packages, made from what is built: names, fields, places, scripts. In a clean root: scripts/package --check."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.harness import ROOT, build_dir

NAMES = {"libems0", "libems-dev", "python3-libems", "ems-agent", "ems-server", "emsctl"}
# Where a package may put files.
PLACES = {
    "libems0": r"usr/lib/([\w-]+/)?libems\.so\.\d+(\.\d+\.\d+)?",
    "libems-dev": r"usr/(include/(ems/.*|ems\.h)|lib/([\w-]+/)?(lib\w+\.(a|so)|cmake/libems/.*|pkgconfig/.*)|share/libems/.*)",
    "python3-libems": r"usr/lib/python3/dist-packages/ems/.*",
    "ems-agent": r"usr/(bin/ems-agent|lib/systemd/system/ems-agent\.service|share/(man/man8|bash-completion/completions)/ems-agent.*)",
    "ems-server": r"usr/(bin/ems-server|lib/systemd/system/ems-server\.service|share/(man/man8|bash-completion/completions)/ems-server.*)",
    "emsctl": r"usr/(bin/emsctl|share/(man/man1|bash-completion/completions)/emsctl.*)",
}
PLACES = {name: rf"({place}|usr/share/doc/{name}/.*)" for name, place in PLACES.items()}


def run(*words, **options) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> dict[str, Path]:
    """Name -> an unpacked package, its control files in DEBIAN/. Packed by cpack from the build under test."""
    if not shutil.which("dpkg-shlibdeps"):
        pytest.skip("needs dpkg-dev")
    folder = tmp_path_factory.mktemp("packages")
    run("cpack", "--config", build_dir() / "CPackConfig.cmake", "-B", folder, cwd=folder, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})
    out = {}
    for deb in folder.glob("*.deb"):
        name = run("dpkg-deb", "-f", deb, "Package").strip()
        assert "Package:" in run("dpkg-deb", "--info", deb)
        run("dpkg-deb", "-R", deb, folder / name)
        out[name] = folder / name
    return out


def fields(package: Path) -> dict[str, str]:
    text = (package / "DEBIAN/control").read_text()
    return dict(re.findall(r"^([\w-]+): (.*)$", text, re.M)) | {"text": text}


def files(package: Path) -> list[str]:
    return sorted(str(path.relative_to(package)) for path in package.rglob("*")
                  if (path.is_file() or path.is_symlink()) and path.relative_to(package).parts[0] != "DEBIAN")


def test_there_are_the_six_packages(packages):
    assert set(packages) == NAMES


def test_control_fields(packages):
    version = re.search(r'kVersion = "([\d.]+)"', (ROOT / "libems/include/ems/core/version.hpp").read_text()).group(1)
    for name, package in packages.items():
        control = fields(package)
        assert control["Version"] == f"{version}-1" and control["Source"] == "libems", name
        assert control["Architecture"] == run("dpkg", "--print-architecture").strip()
        assert control["Description"].startswith("Battery energy storage, "), name  # Its own first line.
        assert (package / f"usr/share/doc/{name}/copyright").is_file()
    depends = {name: fields(package).get("Depends", "") for name, package in packages.items()}
    assert f"libems0 (= {version}-1)" in depends["libems-dev"]
    assert "python3-numpy" in depends["python3-libems"] and "grpc" not in depends["python3-libems"]
    for name in ("ems-agent", "ems-server"):
        assert "adduser" in depends[name] and "libgrpc++" in depends[name], depends[name]
    for word in ("grpc", "protobuf", "sqlite", "ssl"):
        assert word not in depends["libems0"]


def test_every_file_has_its_place_and_no_file_is_in_two_packages(packages):
    seen: dict[str, str] = {}
    for name, package in packages.items():
        listed = files(package)
        assert [file for file in listed if not re.fullmatch(PLACES[name], file)] == [], name
        for file in listed:
            assert file not in seen, f"{file}: in {seen[file]} and {name}"
            seen[file] = name
    for file in ("usr/bin/emsctl", "usr/bin/ems-agent", "usr/bin/ems-server", "usr/share/man/man1/emsctl.1.gz", "usr/include/ems/ems.h"):
        assert file in seen


def test_nothing_knows_where_it_was_built(packages):
    for name, package in packages.items():
        for file in files(package):
            path = package / file
            if path.is_symlink() or path.suffix == ".a":  # An archive of a debug build names its folder; releases have none.
                continue
            content = path.read_bytes()
            for place in (str(ROOT), str(build_dir())):
                assert place.encode() not in content, f"{name}: {file} names {place}"
            if content.startswith(b"\x7fELF"):
                dynamic = run("readelf", "-d", path)
                assert "RPATH" not in dynamic and "RUNPATH" not in dynamic, file
                assert ".debug_info" not in run("readelf", "-S", "-W", path), f"{file} is not stripped"


def test_modes(packages):
    for name, package in packages.items():
        for file in files(package):
            path = package / file
            if path.is_symlink():
                continue
            expected = 0o755 if file.startswith("usr/bin/") else 0o644
            assert path.stat().st_mode & 0o777 == expected, f"{name}: {file}: {path.stat().st_mode:o}"


def test_scripts_are_sound_and_a_service_is_not_enabled_by_itself(packages):
    for name, package in packages.items():
        for script in ("preinst", "postinst", "prerm", "postrm"):
            path = package / "DEBIAN" / script
            if path.exists():
                run("sh", "-n", path)
                assert "set -e" in path.read_text() and "@" not in re.sub(r'"\$@"', "", path.read_text()), f"{name}: {script}"
    for name in ("ems-agent", "ems-server"):
        postinst = (packages[name] / "DEBIAN/postinst").read_text()
        assert "adduser --quiet --system" in postinst and f"was-enabled {name}.service" in postinst
        postrm = (packages[name] / "DEBIAN/postrm").read_text()
        removal, _, purge = postrm.partition('if [ "$1" = purge ]; then')
        assert f"find /var/lib/{name}/ -mindepth 1 -delete" in purge and "-delete" not in removal  # State goes on purge only.
    assert "ldconfig" in (packages["libems0"] / "DEBIAN/postinst").read_text()
    assert "libems 0 libems0" in (packages["libems0"] / "DEBIAN/shlibs").read_text()
    assert not any((package / "DEBIAN/conffiles").exists() for package in packages.values())  # /etc/ems is the administrator's.


def test_packaged_examples_are_valid_and_name_the_places_that_the_unit_makes(packages):
    emsctl = build_dir() / "bin/emsctl"
    site = packages["ems-agent"] / "usr/share/doc/ems-agent/examples/site.yaml"
    assert "control: monitor only" in run(emsctl, "config", "check", site)
    server = packages["ems-server"] / "usr/share/doc/ems-server/examples/server.yaml"
    run(emsctl, "config", "check", "--type", "server", server)
    unit = (packages["ems-agent"] / "usr/lib/systemd/system/ems-agent.service").read_text()
    for key, prefix in (("StateDirectory", "/var/lib/"), ("RuntimeDirectory", "/run/")):
        assert prefix + re.search(rf"^{key}=(.*)$", unit, re.M).group(1) + "/" in site.read_text()
    assert "/var/lib/" + re.search(r"^StateDirectory=(.*)$", unit.replace("agent", "server"), re.M).group(1) in server.read_text()


@pytest.mark.parametrize("name", ["ems-agent", "ems-server"])
def test_units_are_what_systemd_takes_and_hardened(packages, name, tmp_path):
    unit = packages[name] / f"usr/lib/systemd/system/{name}.service"
    text = unit.read_text()
    assert f"ExecStart=/usr/bin/{name} --config /etc/ems/" in text and "ConditionPathExists=/etc/ems/" in text
    for line in ("Type=notify", "Restart=always", "User=ems", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=",
                 "RestartPreventExitStatus=2", "SystemCallFilter=@system-service"):
        assert f"\n{line}\n" in text, line
    assert re.search(r"^WatchdogSec=\d+$", text, re.M) and re.search(r"^MemoryMax=", text, re.M)
    if not shutil.which("systemd-analyze"):
        pytest.skip("the rest needs systemd-analyze")
    here = tmp_path / unit.name  # The programs are not installed on the machine of the test.
    here.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.M).replace("Documentation=man:", "Documentation=https://"))
    done = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    report = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", here)  # 2.0 of 10.
    assert "OK" in report.splitlines()[-1], report
