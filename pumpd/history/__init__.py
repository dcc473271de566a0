"""What a bed's screen draws of the present patient's stay, read from the journal by a process of its own."""

from pumpd.history.service import BedHistory, HistoryError
from pumpd.history.shapes import DosesShape, EventsShape, VitalsShape

__all__ = ["BedHistory", "DosesShape", "EventsShape", "HistoryError", "VitalsShape"]
