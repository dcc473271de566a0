"""Simulated devices, one module each, on the bases of `pumpd.sim.devices.base`; `pumpd.sim.catalog` lists them."""
