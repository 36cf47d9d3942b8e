# SPDX-License-Identifier: Apache-2.0
"""CAN: frames of a battery to a dict, a candump log to numpy and pandas."""
from __future__ import annotations

import json as _json
import os
import typing as _t

from . import _ems
from ._call import call as _call
from ._call import octets as _octets

if _t.TYPE_CHECKING:
    import numpy
    import pandas
    import numpy.typing as _npt

__all__ = ["CanFrame", "CanLog", "decode_can", "read_candump"]

_EXTENDED_FROM = 0x800
_NAMES = ["time", "id", "extended", "remote", "size", "data", "interface"]
#: io::CanLogRow
_LAYOUT = [
    ("time", "M8[us]"), ("id", "u4"), ("extended", "?"), ("remote", "?"), ("size", "u1"), ("reserved", "u1"), ("data", "u1", 8),
    ("interface", "S16"),
]


class CanFrame(_t.NamedTuple):
    """One classic CAN data frame."""

    id: int  #: identifier, 11 bit, extended 29 bit
    data: bytes  #: 0 to 8 bytes
    extended: bool = False  #: a 29-bit identifier


class CanLog(_t.NamedTuple):
    """A log of a CAN bus."""

    #: one row a frame: ``time`` (``datetime64[us]``, NaT where the log states none), ``id``, ``extended``, ``remote``, ``size``,
    #: ``data`` (8 bytes, zero behind ``size``), ``interface``
    frames: _npt.NDArray[_t.Any]  #: a structured array: time, id, extended, remote, size, data, interface
    refused: _npt.NDArray[numpy.int64]  #: numbers, from 1, of the lines that hold no classic CAN frame

    def to_frames(self) -> list[CanFrame]:
        """The data frames, in order, for :func:`ems.decode_can`."""
        rows = self.frames[self.frames["remote"] == 0]
        columns = (rows[name].tolist() for name in ("id", "data", "size", "extended"))
        return [CanFrame(number, bytes(data[:size]), bool(extended)) for number, data, size, extended in zip(*columns)]

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame: a row a frame, ``data`` as ``bytes`` of its length. Needs pandas."""
        import pandas

        rows = self.frames
        data = [bytes(row[:size]) for row, size in zip(rows["data"].tolist(), rows["size"].tolist())]
        return pandas.DataFrame({
            "time": rows["time"], "interface": rows["interface"].astype(str), "id": rows["id"],
            "extended": rows["extended"].astype(bool), "remote": rows["remote"].astype(bool), "data": data,
        })


def read_candump(path: str | os.PathLike[str]) -> CanLog:
    """Reads a log that ``candump -L`` (or ``candump`` on the console) wrote, without the GIL.

    :param path: the file.
    :raises EmsError: ``IoError``; ``SyntaxError`` when no line of it holds a frame, with the first line as ``offset``.
    """
    rows, refused = _call(_ems.read_can_log, str(path))
    frames = rows.view(_LAYOUT)[_NAMES]
    return CanLog(frames, refused)


def rows_of(frames: _t.Iterable[_t.Union[CanFrame, tuple[int, bytes]]]) -> list[tuple[int, bytes, bool]]:
    rows = []
    for frame in frames:
        number, data, *rest = frame
        extended = bool(rest[0]) if rest else number >= _EXTENDED_FROM
        rows.append((number, _octets(data), extended))
    return rows


def decode_can(
    protocol: str,
    frames: _t.Iterable[_t.Union[CanFrame, tuple[int, bytes]]],
    *,
    variant: str = "",
    address: int | None = None,
    cell_count: int = 0,
    temperature_count: int = 0,
) -> dict[str, _t.Any]:
    """Decodes the frames of one battery on a CAN bus, in their order. Where frames repeat, the newest value stands.

    :param protocol: a name of :func:`protocols` that speaks CAN, e.g. ``"pylontech-lv-can"``.
    :param frames: (identifier, data); an identifier above 0x7FF is a 29-bit one. Frames of other nodes are skipped.
    :param variant: as :func:`ems.decode` takes it.
    :param address: as :func:`ems.decode` takes it.
    :param cell_count: as :func:`ems.decode` takes it.
    :param temperature_count: as :func:`ems.decode` takes it.
    :returns: SI names and values as :func:`ems.decode` gives them.
    :raises EmsError: ``HeaderError`` when no frame is of this protocol, ``LengthError``, ``OutOfRangeError`` ... of the first frame that is
        refused, with ``offset``, its first wrong byte. ``InvalidArgumentError``, ``OutOfRangeError``: a keyword that the protocol
        cannot have.
    """
    rows = rows_of(frames)
    values: dict[str, _t.Any] = _json.loads(_call(_ems.decode_can, protocol, rows, (variant, address, cell_count, temperature_count)))
    return values
