"""The composition root: wires journal, beds, devices, screens and the web face, and keeps them running."""

from pumpd.daemon.daemon import Daemon

__all__ = ["Daemon"]
