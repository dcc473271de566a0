"""HL7 v2 gateway of pumpd: nothing is built yet (its import name is reserved)."""
