# SPDX-License-Identifier: Apache-2.0
# What ems uses of pandas: Debian's has no types. Only for the type check of this repository.
from typing import Any

from numpy.typing import NDArray

class DatetimeIndex:
    def __init__(self, data: NDArray[Any], *, name: str, tz: str) -> None: ...

class DataFrame:
    def __init__(self, data: dict[str, Any], index: DatetimeIndex | None = None, copy: bool | None = None) -> None: ...
