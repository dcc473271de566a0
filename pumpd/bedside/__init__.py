"""The shell of one bed: device sessions, the kernel's clock and inbox, the commander.

Everything here runs on one event loop and never waits in the way of a stop.
"""

from pumpd.bedside.bed import BedRuntime
from pumpd.bedside.parts import Parts, Stepped
from pumpd.bedside.remote import RemoteSession
from pumpd.bedside.session import DeviceSession

Session = DeviceSession | RemoteSession

__all__ = ["BedRuntime", "DeviceSession", "Parts", "RemoteSession", "Session", "Stepped"]
