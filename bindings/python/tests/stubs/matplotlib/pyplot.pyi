# SPDX-License-Identifier: Apache-2.0
from typing import Any

def subplots(rows: int = ..., columns: int = ..., **more: Any) -> tuple[Any, Any]: ...
