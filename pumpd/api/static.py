"""The page's files: vendored libraries may be kept, everything else is asked for again (ETag)."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ROOT = Path(__file__).resolve().parent.parent / "dashboard"
VENDOR_AGE = "public, max-age=604800"


class PageFiles(StaticFiles):
    """pumpd/dashboard at "/"."""

    def __init__(self) -> None:
        super().__init__(directory=ROOT, html=True, check_dir=False)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        vendored = Path(full_path).parent.name == "vendor"
        response.headers["cache-control"] = VENDOR_AGE if vendored else "no-cache"
        return response
