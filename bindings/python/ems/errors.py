# SPDX-License-Identifier: Apache-2.0
"""Exceptions, made from the same table as the C++ and gRPC names (errc.def). Each also derives from the builtin it resembles."""
from __future__ import annotations

import builtins as _builtins

from . import _ems


class EmsError(Exception):
    """Any error of libems. ``code`` is its name in errc.def; ``offset`` says where, as each function explains."""

    code = "internal"

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


def _make() -> dict[str, type[EmsError]]:
    classes: dict[str, type[EmsError]] = {}
    for code, builtin, meaning in _ems.errc_table():
        name = "".join(part.capitalize() for part in code.split("_"))
        name += "" if name.endswith("Error") else "Error"
        base = getattr(_builtins, builtin)
        classes[code] = type(name, (EmsError, base), {"code": code, "__doc__": meaning, "__module__": __name__})
    return classes


_CLASSES = _make()
globals().update({cls.__name__: cls for cls in _CLASSES.values()})
__all__ = ["EmsError", "error_class", *(cls.__name__ for cls in _CLASSES.values())]


def error_class(code: str) -> type[EmsError]:
    """The exception class of an error code."""
    return _CLASSES.get(code, EmsError)
