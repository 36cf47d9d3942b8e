# SPDX-License-Identifier: Apache-2.0
from os import PathLike

class Figure:
    def savefig(self, fname: str | PathLike[str], *, dpi: int = ...) -> None: ...
