"""Simulated patients and devices that speak the real bytes; never imported by the daemon."""

from pumpd.sim.asena import AsenaSim
from pumpd.sim.bed import SimBed, SimDevice
from pumpd.sim.capnostream import CapnostreamSim
from pumpd.sim.catalog import CATALOG, Model
from pumpd.sim.endpoint import Endpoint
from pumpd.sim.endpoint_tcp import TcpEndpoint
from pumpd.sim.endpoint_tty import PtyEndpoint, SerialEndpoint
from pumpd.sim.faults import LineFaults, MonitorFaults, PumpFaults
from pumpd.sim.line import ByteDevice, DeviceLine, SimClock
from pumpd.sim.patient import SimPatient
from pumpd.sim.scenarios import ACTIONS, SCENARIOS, Act, Scenario
from pumpd.sim.single import simulate_device
from pumpd.sim.ward import SimWard

__all__ = [
    "ACTIONS",
    "CATALOG",
    "SCENARIOS",
    "Act",
    "AsenaSim",
    "ByteDevice",
    "CapnostreamSim",
    "DeviceLine",
    "Endpoint",
    "LineFaults",
    "Model",
    "MonitorFaults",
    "PtyEndpoint",
    "PumpFaults",
    "Scenario",
    "SerialEndpoint",
    "SimBed",
    "SimClock",
    "SimDevice",
    "SimPatient",
    "SimWard",
    "TcpEndpoint",
    "simulate_device",
]
