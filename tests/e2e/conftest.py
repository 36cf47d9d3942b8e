# SPDX-License-Identifier: Apache-2.0
"""One installation per test, in a short folder (a unix socket's path has less than 108 bytes); logs are shown when a test fails."""
import shutil
import tempfile
from pathlib import Path

import pytest

from support.harness import Installation


@pytest.fixture
def install():
    """Makes installations; ends their processes and removes their files after the test."""
    made = []

    def make(*, accept: bool = True, **options) -> Installation:
        site = Installation(Path(tempfile.mkdtemp(prefix="ems-e2e-", dir="/tmp")), **options)
        made.append(site)
        site.make_pki()
        if accept:
            site.accept_limits()
        return site

    yield make
    for site in made:
        site.__exit__()
        for name in ("agent", "server", "sim"):  # pytest shows this only for a test that failed.
            print(f"--- {site.folder} {name}.log\n{site.log(name)}")
        shutil.rmtree(site.folder, ignore_errors=True)
