# SPDX-License-Identifier: Apache-2.0
"""Battery frames: one to a dict, a column of them to numpy arrays."""
from __future__ import annotations

import json as _json
import typing as _t

from . import _ems
from ._arrow import ArrowField, export
from ._call import call as _call
from ._call import octets as _octets
from .errors import WrongTypeError as _WrongTypeError

if _t.TYPE_CHECKING:
    import numpy
    import numpy.typing as _npt

__all__ = ["DecodedColumns", "SignalColumn", "catalogue", "decode", "decode_column", "protocols"]


def protocols() -> list[str]:
    """Names of the battery protocols that the decoders understand, e.g. ``"jbd"``."""
    return _ems.protocols()


def catalogue() -> list[dict[str, _t.Any]]:
    """Every signal: number, SI name (as in decoded frames), integer name, unit symbol, decimal digits between the two, meaning."""
    return _ems.catalogue()


def decode(
    protocol: str,
    response: bytes | None,
    request: bytes = b"",
    *,
    variant: str = "",
    address: int | None = None,
    cell_count: int = 0,
    temperature_count: int = 0,
) -> dict[str, _t.Any]:
    """Decodes one reply of a battery.

    What the frames alone cannot tell is said by keyword; the protocol's page says what it takes.

    :param protocol: a name of :func:`protocols`, e.g. ``"jbd"``.
    :param response: exactly one frame, as received; ``None`` decodes the request instead.
    :param request: the request it answers, as sent; empty when it is not known.
    :param variant: reading of the protocol, where there are several; empty: the first that ``emsctl protocols`` names.
    :param address: of the battery; ``None``: the usual one.
    :param cell_count: cells in series; 0: not known.
    :param temperature_count: temperature sensors; 0: not known.
    :returns: SI names and values, e.g. ``{"pack_voltage_v": 13.75, "cell_voltages_v": [3.43, ...], "alarms": []}``. A missing key or a
        ``None`` in a list is unknown.
    :raises EmsError: a subclass named after the error code (``ChecksumError``, ``TruncatedError`` ...), with ``offset``,
        the first byte of the reply that is wrong. ``InvalidArgumentError``: the protocol has no such variant, or no addresses;
        ``OutOfRangeError``: an address or a count that it cannot have.
    """
    reply = None if response is None else _octets(response)
    text = _call(_ems.decode, protocol, _octets(request), reply, (variant, address, cell_count, temperature_count))
    values: dict[str, _t.Any] = _json.loads(text)
    return values


class SignalColumn(_t.NamedTuple):
    """One signal over many frames. Scalars: one value a frame; element signals: one row a frame, one column an element."""

    raw: _npt.NDArray[numpy.int64]  #: the exact integer in the catalogue's integer unit (mV, mA ...); 0 where not valid
    valid: _npt.NDArray[numpy.bool_]  #: False: the frame did not give it
    digits: int  #: decimal digits between ``raw`` and SI: 3 for mV and V

    @property
    def value(self) -> _npt.NDArray[numpy.float64]:
        """SI values as float64, NaN where not valid; computed at each access. For bit masks and enumerations use ``raw``."""
        import numpy

        return numpy.where(self.valid, self.raw / 10.0**self.digits, numpy.nan)


class DecodedColumns(_t.Mapping[str, SignalColumn]):
    """What :func:`decode_column` found: a mapping from SI names (``"pack_voltage_v"``) to :class:`SignalColumn`.

    A battery's modules have names of their own: ``"module/3 cell_voltages_v"``.
    """

    def __init__(self, columns: dict[str, SignalColumn], error: _npt.NDArray[numpy.uint16], offset: _npt.NDArray[numpy.uint16]) -> None:
        self._columns = columns
        #: number of the error code of each frame (:func:`ems.errors.code_name`); 0: decoded
        self.error = error
        #: first wrong byte of each frame that has an error; 0 elsewhere
        self.offset = offset

    @property
    def ok(self) -> _npt.NDArray[numpy.bool_]:
        """True for every frame that was decoded."""
        mask: _npt.NDArray[numpy.bool_] = self.error == 0
        return mask

    def __getitem__(self, name: str) -> SignalColumn:
        return self._columns[name]

    def __iter__(self) -> _t.Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """The columns as an Arrow record batch (PyCapsule protocol): integers as they are, SI for signals with decimals, and ``error``."""
        fields: list[ArrowField] = [("error", "S", self.error, None, 0), ("offset", "S", self.offset, None, 0)]
        for name, column in self.items():
            width = 0 if column.raw.ndim == 1 else int(column.raw.shape[1])
            fields.append((name, "g" if column.digits else "l", column.value if column.digits else column.raw, column.valid, width))
        return export(fields, len(self.error))


def decode_column(
    protocol: str,
    frames: _t.Sequence[bytes] | bytes | bytearray | memoryview | _npt.NDArray[numpy.uint8],
    request: bytes = b"",
    *,
    offsets: _npt.NDArray[numpy.int64] | _t.Sequence[int] | None = None,
    variant: str = "",
    address: int | None = None,
    cell_count: int = 0,
    temperature_count: int = 0,
) -> DecodedColumns:
    """Decodes many replies at once, in C++ and without the GIL. A frame that is wrong is an entry of ``error``, not an exception.

    Texts, acknowledgements and what only the vendor defines are left out; :func:`decode` gives them.

    :param protocol: a name of :func:`protocols` that has replies, e.g. ``"jbd"``.
    :param frames: a list of ``bytes``; or uint8 of two dimensions, a frame a row; or, with ``offsets``, one buffer of bytes.
    :param request: the request that every frame answers; empty when it is not known.
    :param offsets: one more than there are frames: frame i is ``frames[offsets[i]:offsets[i + 1]]``.
    :param variant: as :func:`decode` takes it.
    :param address: as :func:`decode` takes it.
    :param cell_count: as :func:`decode` takes it.
    :param temperature_count: as :func:`decode` takes it.
    :raises EmsError: ``UnknownProtocolError``, ``WrongTypeError``, ``OutOfRangeError`` (an offset, a count) ...
    """
    if offsets is not None:
        import numpy

        offsets = numpy.asarray(offsets)
        if offsets.size > 0 and offsets.dtype.kind not in "iu":
            raise _WrongTypeError("offsets: whole numbers are needed")
    options = (variant, address, cell_count, temperature_count)
    error, offset, found = _call(_ems.decode_columns, protocol, _octets(request), frames, offsets, options)
    columns = {}
    for name, module, element, digits, width, raw, valid in found:
        shape = (len(error), width) if element else (len(error),)
        column = SignalColumn(raw.reshape(shape), valid.reshape(shape), digits)
        columns[f"module/{module} {name}" if module else name] = column
    return DecodedColumns(columns, error, offset)
