# SPDX-License-Identifier: Apache-2.0
"""Columns as an Arrow record batch: the two capsules of the Arrow PyCapsule protocol."""
from __future__ import annotations

import typing as _t

from . import _ems
from ._call import call as _call

if _t.TYPE_CHECKING:
    import numpy.typing as _npt

#: (name, Arrow format, values, valid or None, elements of a fixed-size list or 0)
ArrowField = _t.Tuple[str, str, "_npt.NDArray[_t.Any]", "_npt.NDArray[_t.Any] | None", int]


def export(fields: list[ArrowField], rows: int) -> tuple[object, object]:
    """(schema, array) capsules. Values are shared, not copied; they live until the consumer releases them."""
    import numpy

    def flat(array: _npt.NDArray[_t.Any] | None) -> _npt.NDArray[_t.Any] | None:
        return None if array is None else numpy.ascontiguousarray(array)

    return _call(_ems.arrow_batch, [(name, form, flat(values), flat(valid), width) for name, form, values, valid, width in fields], rows)
