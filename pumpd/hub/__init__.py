"""`pumpd hub`: reads the wards of a hospital from MQTT, shows them, and keeps their history in PostgreSQL.

`ward_model`, `hospital` and `shapes` are pure: what is shown follows from the messages and the reader's clock alone, so
that several hubs show the same. Nothing here is on the way of an alarm: every ward has its own page and its own sound.
"""
