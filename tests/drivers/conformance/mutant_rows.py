"""The mistakes, each with the check of the kit that must see it."""

from __future__ import annotations

from tests.drivers.conformance.mutants import Mutant

_FIRST_OUTCOME = """
    def receive(self, data, now):
        from pumpd.device import CommandOutcome
        outs, told = [], False
        for out in super().receive(data, now):
            if not (isinstance(out, CommandOutcome) and told):
                outs.append(out)
            told = told or isinstance(out, CommandOutcome)
        return outs
"""
_DEAF_SECOND = """
    made = 0

    def __init__(self, settings):
        super().__init__(settings)
        type(self).made += 1
        self.deaf = type(self).made > 1

    def receive(self, data, now):
        return [] if self.deaf else super().receive(data, now)
"""
_ALWAYS_SILENT = """
    def tick(self, now):
        from pumpd.device import Silent
        outs = super().tick(now)
        return [*outs, Silent("again")] if self._silent else outs

    def next_deadline(self):
        due = super().next_deadline()
        return self._quiet_at + 60_000 if due is None else due
"""

MUTANTS = (
    Mutant("no_io_no_clock", "one", "import re\n", "import re\nimport time\n"),
    Mutant("no_io_no_clock", "drip", "import re\n", "import re\n\nfrom pumpd.sim import panel\n"),
    Mutant(
        "same_bytes_same_facts",
        "one",
        body="""
    made = 0

    def hear(self, frame, now):
        type(self).made += 1
        return [*super().hear(frame, now), *self.said.unmapped(f"{self.made}")]
""",
    ),
    Mutant(
        "polls_as_the_ward_file_says",
        "drip",
        body="    def __init__(self, settings):\n        super().__init__(settings)\n        self.poll_ms = 1000\n",
    ),
    Mutant("golden_frames", "one", "int(text) * 1000", "int(text) * 1001"),
    Mutant("golden_frames", "drip", "thousandths(volume)", "thousandths(rate)"),
    Mutant("provenance", "one", "< SRC", "< seen", captures=True),
    Mutant("provenance", "one", "SPO2=--- PR=--- AL=10 E2", "SPO2=097 PR=072 AL=10 0D", captures=True),
    Mutant("declared", "one", 'signals=("spo2", "pulse")', 'signals=("spo2",)'),
    Mutant("declared", "drip", 'sources=("Acme Drip integrator\'s guide, rev. B",), ', ""),
    Mutant(
        "any_chunking",
        "one",
        body="    def receive(self, data, now):\n        self._framer = self.framer()\n"
        "        return super().receive(data, now)\n",
    ),
    Mutant(
        "one_byte_at_a_time",
        "drip",
        body="    def receive(self, data, now):\n        self._framer = self.framer()\n"
        "        return super().receive(data, now)\n",
    ),
    Mutant("sends_what_captures_show", "drip", "> GEN <STOP>88FB\n", "", captures=True),
    Mutant("sends_what_captures_show", "drip", "> GEN <STAT>5F3E\n", "", captures=True),
    Mutant("unknown_alarms", "one", "for b in BITS if b & flags", "for b in ALARMS if b & flags"),
    Mutant("flipped_bits", "one", " or sum8(found[1]) != int(found[6], 16)", ""),
    Mutant("flipped_bits", "drip", " == data, limit", " != b'', limit"),
    Mutant(
        "cut_frames",
        "one",
        body="""
    def hear(self, frame, now):
        found = re.search(rb"SPO2=(\\d+) PR=(\\d+)", frame)
        return [Vitals((reading("spo2", found[1]), reading("pulse", found[2])))] if found else super().hear(frame, now)
""",
    ),
    Mutant(
        "noise_between",
        "one",
        body="""
    wait = 0

    def receive(self, data, now):
        out = []
        for fact in super().receive(data, now):
            if isinstance(fact, Garbled):
                self.wait = 20
            self.wait -= 1
            out += [fact] if self.wait < 0 or isinstance(fact, Garbled) else []
        return out
""",
    ),
    Mutant(
        "megabyte_of_garbage",
        "drip",
        body="    kept = b''\n\n    def receive(self, data, now):\n"
        "        self.kept += data\n        return super().receive(data, now)\n",
    ),
    Mutant("oversize_frames", "one", "limit=80", "limit=1_000_000_000"),
    Mutant(
        "garbage_is_counted",
        "one",
        body="    def receive(self, data, now):\n"
        "        return [out for out in super().receive(data, now) if not isinstance(out, Garbled)]\n",
    ),
    Mutant(
        "messages_lost",
        "one",
        body="""
    last = 0

    def receive(self, data, now):
        if now - self.last > 1500 and self.last:
            return []
        self.last = now
        return super().receive(data, now)
""",
    ),
    Mutant(
        "bytes_lost",
        "one",
        body="""
    def hear(self, frame, now):
        found = re.search(rb"SPO2=(\\d+).*PR=(\\d+)", frame)
        both = found and (reading("spo2", found[1]), reading("pulse", found[2]))
        return [Vitals(both, integrity=Integrity.SUM8)] if found else []
""",
    ),
    Mutant("silence", "one", body="    def tick(self, now):\n        super().tick(now)\n        return []\n"),
    Mutant("silence", "one", body=_ALWAYS_SILENT),
    Mutant("never_there", "one", body=_ALWAYS_SILENT),
    Mutant(
        "one_message_lost",
        "one",
        body="    def heard(self, now):\n        super().heard(now)\n        self._quiet_at = now + 1200\n",
    ),
    Mutant("time_moves", "drip", body="    def next_deadline(self):\n        return 0\n"),
    Mutant(
        "power_cycles",
        "drip",
        "thousandths(volume)",
        "keep_highest(volume)",
        body="""    pass


highest = 0


def keep_highest(text):
    global highest
    highest = max(highest, thousandths(text))
    return highest
""",
    ),
    Mutant(
        "frozen_values",
        "one",
        body="""
    last = b""

    def hear(self, frame, now):
        if frame == self.last:
            return []
        self.last = frame
        return super().hear(frame, now)
""",
    ),
    Mutant(
        "hours_leave_nothing",
        "one",
        body="    log = ()\n\n    def hear(self, frame, now):\n"
        "        self.log = (*self.log, [frame] * 40)\n        return super().hear(frame, now)\n",
    ),
    Mutant(
        "says_who_it_is_once",
        "one",
        'who = self.said.identity("One", found[2].decode())',
        'from pumpd.device import Identity; who = [Identity("One", found[2].decode())]',
    ),
    Mutant("who_it_is", "one", "found[2].decode()", '"A1234"'),
    Mutant("values_equal_the_display", "one", 'reading("pulse", found[4])', 'reading("pulse", found[3])'),
    Mutant("no_value_is_never_a_number", "one", "Reading(signal, None, Quality.INVALID)", "Reading(signal, 0)"),
    Mutant(
        "late_replies",
        "drip",
        body="""
    def receive(self, data, now):
        from msgspec.structs import replace
        outs = super().receive(data, now)
        return [replace(out, requested_ms=now) if isinstance(out, PumpStatus) else out for out in outs]
""",
    ),
    Mutant("facts_equal_the_display", "drip", "MODES[mode], thousandths(rate)", "MODES[mode], 12_000"),
    Mutant("alarms_come_and_go", "drip", 'if alarm == "00"', 'if alarm in ("00", "OC")'),
    Mutant(
        "alarms_come_and_go",
        "drip",
        body="""
    def receive(self, data, now):
        from pumpd.device import DeviceAlarms
        return [out for out in super().receive(data, now) if not isinstance(out, DeviceAlarms) or out.alarms]
""",
    ),
    Mutant(
        "probing_commands_nothing",
        "drip",
        body="    def __init__(self, settings):\n"
        "        super().__init__(settings)\n        self._wants_control = True\n",
    ),
    Mutant(
        "no_commands_where_none_exist",
        "drip",
        "can_stop=True, can_set_rate=True",
        "can_stop=False, can_set_rate=False",
    ),
    Mutant(
        "stop_waits_for_nothing",
        "drip",
        body="""
    def _stop(self, order, now):
        from pumpd.device.halfduplex import Order
        self.line.enqueue(Order("STOP", "STOP", order.order_id))
        return self._next(now)
""",
    ),
    Mutant(
        "stop_that_fails_is_seen",
        "drip",
        body="""
    stopped = False

    def command(self, order, now):
        from pumpd.device import StopOrder
        self.stopped = self.stopped or isinstance(order, StopOrder)
        return super().command(order, now)

    def status_of(self, parts, now):
        from msgspec.structs import replace
        status, *rest = super().status_of(parts, now)
        return [replace(status, infusing=status.infusing and not self.stopped), *rest]
""",
    ),
    Mutant(
        "stop_before_the_first_reply",
        "drip",
        body="    def command(self, order, now):\n        return super().command(order, now) if self.serial else []\n",
    ),
    Mutant(
        "no_command_twice",
        "drip",
        body="""
    def unanswered(self, name, now):
        from pumpd.device.halfduplex import Order
        if name == "RATE":
            self.line.enqueue(Order("RATE", "RATE 5.0", "again"))
        return super().unanswered(name, now)
""",
    ),
    Mutant(
        "status_on_order",
        "drip",
        "poll_ms=1000, quiet_ms=2000",
        "poll_ms=9000, quiet_ms=18000",
        body="""
    def command(self, order, now):
        from pumpd.device import ReadStatus
        return [] if isinstance(order, ReadStatus) else super().command(order, now)
""",
    ),
    Mutant(
        "dead_pump_ends_every_order",
        "drip",
        body="""
    def tick(self, now):
        from pumpd.device import CommandOutcome
        return [out for out in super().tick(now) if not isinstance(out, CommandOutcome)]
""",
    ),
    Mutant("flood_of_orders", "drip", body=_FIRST_OUTCOME),
    Mutant("rates_within_the_ceiling", "drip", body="    def why_not(self, order):\n        return None\n"),
    Mutant("rates_within_the_ceiling", "drip", "{rate_ul_h % 1000 // 100}", "0"),
    Mutant("control_is_told", "drip", "control=state)", "control=None)"),
    Mutant("lease_is_kept_and_lost", "drip", "lease_ms = 5000", "lease_ms, refresh_ms = 5000, 9000"),
    Mutant("lease_is_kept_and_lost", "drip", "lease_ms = 5000", "lease_ms = 50_000_000"),
    Mutant("refused_control_is_told", "drip", "else ControlState.REFUSED", "else ControlState.GRANTED"),
    Mutant("control_is_handed_back", "drip", '"HOST", "HOST OFF"', '"HOST", "HOST ON"'),
    Mutant("another_serial_is_refused", "drip", body="    def mismatch(self):\n        return None\n"),
    Mutant("on_a_pty", "one", body=_DEAF_SECOND),
    Mutant("on_tcp", "drip", body=_DEAF_SECOND),
)
