# SPDX-License-Identifier: Apache-2.0
"""Batteries on CAN that a DBC file and a mapping describe: no code is needed."""
from __future__ import annotations

import json as _json
import os
import typing as _t

from . import _ems
from ._call import call as _call
from .can import CanFrame as _CanFrame
from .can import rows_of as _rows_of

__all__ = ["DescribedBattery"]


class DescribedBattery:
    """A battery by its DBC file and a mapping of a few lines: docs/how-to/describe-a-can-battery.md.

    :param dbc: the DBC file.
    :param mapping: the mapping, YAML.
    :raises EmsError: everything that is wrong with the files, a line each with file, line and column; the class is that of the first:
        ``IoError``, ``SyntaxError``, ``NotFoundError``, ``UnimplementedError`` ..., and ``offset`` is its line.
    """

    def __init__(self, dbc: str | os.PathLike[str], mapping: str | os.PathLike[str]) -> None:
        self._native = _call(_ems.DescribedBattery, os.fspath(dbc), os.fspath(mapping))

    @property
    def name(self) -> str:
        """As the mapping calls it."""
        return self._native.name()

    @property
    def title(self) -> str:
        """What it is called for people."""
        return self._native.title()

    @property
    def bit_rate(self) -> int:
        """Of the bus, in bit/s."""
        return self._native.bit_rate()

    def decode(self, frames: _t.Iterable[_t.Union[_CanFrame, tuple[int, bytes]]]) -> dict[str, _t.Any]:
        """Decodes frames in their order, as :func:`ems.decode_can` does.

        :param frames: (identifier, data); frames of other nodes are skipped.
        :returns: SI names and values as :func:`ems.decode` gives them.
        :raises EmsError: as :func:`ems.decode_can`.
        """
        values: dict[str, _t.Any] = _json.loads(_call(self._native.decode, _rows_of(frames)))
        return values

    def decode_recording(self, path: str | os.PathLike[str]) -> dict[str, _t.Any]:
        """Decodes a recording of a bus: what ``candump``, PCAN-View or Battery-Emulator wrote.

        :param path: the file.
        :returns: ``values`` as :meth:`decode` gives them, and ``frames``: how many were decoded, ignored and refused.
        :raises EmsError: ``IoError``, ``SyntaxError``; ``HeaderError`` when no frame is the battery's.
        """
        said: dict[str, _t.Any] = _json.loads(_call(self._native.decode_recording, os.fspath(path)))
        return said
