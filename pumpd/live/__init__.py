"""The ward's current state as snapshot and deltas; one encoder, many screens."""
