"""Evaluations as one self-contained HTML page with inline SVG: no script, nothing fetched, light and dark."""

from pumpd.evaluation.picture.page import page

__all__ = ["page"]
