# SPDX-License-Identifier: Apache-2.0
from typing import Any

from matplotlib.figure import Figure

class Axes:
    figure: Figure
    def __getattr__(self, name: str) -> Any: ...
