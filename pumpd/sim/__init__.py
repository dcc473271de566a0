"""Simulated patients and devices that speak the real bytes; never imported by the daemon."""
