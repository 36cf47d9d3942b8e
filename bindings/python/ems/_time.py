# SPDX-License-Identifier: Apache-2.0
"""Moments on their way into C++: microseconds since 1970, UTC."""
from __future__ import annotations

import typing as _t

from .errors import WrongTypeError

if _t.TYPE_CHECKING:
    import datetime

    import numpy

    #: A moment: microseconds since 1970 UTC, a datetime with a zone (pandas' Timestamp is one), a ``datetime64`` in UTC, or ISO 8601 with
    #: a zone (``"2026-07-01T12:00:00Z"``).
    _Moment = _t.Union[int, datetime.datetime, numpy.datetime64, str]

NOT_A_TIME = -(2**63)


def micros(moment: _Moment) -> int:
    """Microseconds since 1970 UTC."""
    if isinstance(moment, bool):
        raise WrongTypeError(f"not a moment: {moment!r}")
    if isinstance(moment, int):
        return moment
    import datetime

    if isinstance(moment, str):
        moment = datetime.datetime.fromisoformat(moment)
    if isinstance(moment, datetime.datetime):
        if moment != moment:
            raise ValueError("NaT is no moment")
        if moment.tzinfo is None:
            raise ValueError("a datetime needs a time zone: say which moment it is")
        return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)
    if getattr(getattr(moment, "dtype", None), "kind", None) != "M":
        raise WrongTypeError(f"not a moment: {moment!r}")
    found = int(moment.astype("datetime64[us]").astype("int64"))
    if found == NOT_A_TIME:
        raise ValueError("NaT is no moment")
    return found
