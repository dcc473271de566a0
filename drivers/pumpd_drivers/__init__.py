"""Device drivers: one small file per device model, found through the entry-point group pumpd.drivers."""
