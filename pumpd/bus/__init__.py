"""The ward on MQTT: what leaves it, under which topics, and the rule by which a reader believes it.

`topics`, `payload`, `making`, `history` are pure; `wire` is the one file that knows the client library; `bus` is the
task that the daemon runs. There is no topic by which a pump could be commanded, and nothing here says who a patient is.
"""
