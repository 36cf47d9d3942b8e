# SPDX-License-Identifier: Apache-2.0
"""The golden blocks, read by the format page alone: the page, the files and the codec agree."""
from __future__ import annotations

import re
import struct
import sys
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from block_format import main, rows  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / "tests/vectors"
# Also in tests/unit/telemetry/block_test.cpp: CRC-32 of times, and of states (0 absent, else 1 + quality) and values (absent: 0),
# each an int64, little-endian.
CRC = {"minute": 0x586FFDC8, "hard": 0x645FA16D}


def test_the_small_block_says_its_three_rows() -> None:
    bad, uncertain, substituted, good = range(4)
    assert list(rows((VECTORS / "telemetry_block_v2.bin").read_bytes())) == [
        (1_700_000_000_000_000, [(53_200, good), (-12_500, good), (3_325, good)]),
        (1_700_000_001_000_000, [(53_190, good), None, (3_324, uncertain)]),
        (1_699_999_999_000_000, [(53_190, good), (-12_400, substituted), (-2**63, good)]),
    ]


@pytest.mark.parametrize("name", CRC)
def test_the_large_blocks_say_what_went_in(name: str) -> None:
    crc = 0
    for time, values in rows((VECTORS / f"telemetry_block_v2_{name}.bin").read_bytes()):
        told = [number for value in values for number in ((0, 0) if value is None else (value[1] + 1, value[0]))]
        crc = zlib.crc32(struct.pack(f"<{1 + len(told)}q", time, *told), crc)
    assert crc == CRC[name], hex(crc)


def test_the_example_of_the_page_is_the_small_block(capsys, monkeypatch) -> None:
    page = (ROOT / "docs/reference/block-format.md").read_text()
    example = re.search(r"## Worked example.*?```text\n(.*?)```", page, re.DOTALL).group(1)
    monkeypatch.setattr(sys, "argv", ["", str(VECTORS / "telemetry_block_v2.bin")])
    main()
    said = capsys.readouterr().out.splitlines()
    assert [re.sub(r"\s+", " ", line).strip() for line in example.splitlines()] == [re.sub(r"\s+", " ", line).strip() for line in said]
