# SPDX-License-Identifier: Apache-2.0
"""The one way into C++: a native error becomes the exception of the same name."""
from __future__ import annotations

import typing as _t

from . import _ems
from .errors import WrongTypeError, error_class

_T = _t.TypeVar("_T")


def call(function: _t.Callable[..., _T], *arguments: object) -> _T:
    """Calls into C++ and turns its named error into the exception of the same name."""
    try:
        return function(*arguments)
    except _ems.NativeError as error:
        code, offset, message = error.args
        raise error_class(code)(message, offset) from None


def octets(data: object) -> bytes:
    """What was received, as bytes. A number, which bytes() would take for so many zeros, is refused."""
    if isinstance(data, int):
        raise WrongTypeError(f"bytes are needed, not a number: {data}")
    return bytes(data)  # type: ignore[call-overload, no-any-return]
