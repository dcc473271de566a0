"""Our own checker: what HL7 v2 and the IHE device profiles ask of a message, field by field. Pure.

The second judge, hl7apy, knows the tables of HL7 and nothing of IHE; it is asked in a process of its own (judge.py).
"""

from __future__ import annotations

from pumpd.gateways import Finding
from pumpd_hl7.message import Message, Unreadable
from pumpd_hl7.rules.admission import admission_rules
from pumpd_hl7.rules.alarm import alarm_rules, fate_rules
from pumpd_hl7.rules.event import event_rules
from pumpd_hl7.rules.finding import Findings
from pumpd_hl7.rules.header import header_rules
from pumpd_hl7.rules.orders import administration_rules, document_rules, infusion_rules
from pumpd_hl7.rules.patient import patient_rules
from pumpd_hl7.rules.rows import row_rules

_NOBODY = frozenset(("ACK", "ORA", "RRG"))
"""Types that need no PID."""


def check(message: Message) -> list[Finding]:
    """Everything that is wrong, errors before warnings, each in the order of the message."""
    return sorted(_findings(message), key=lambda finding: finding.severity)


def unreadable(found: Unreadable) -> Finding:
    """Why bytes are no message at all."""
    return Finding(found.segment, 1, found.field, "unreadable", found.reason, "error")


def _findings(message: Message) -> Findings:
    code, trigger = message.kind
    yield from header_rules(message)
    yield from patient_rules(message, needed=code not in _NOBODY)
    if code == "ORU":
        yield from row_rules(message, alarm=trigger == "R40")
    match code, trigger:
        case "ORU", "R40":
            yield from alarm_rules(message)
        case "ORU", "R42":
            yield from event_rules(message)
        case "ORA", "R41":
            yield from fate_rules(message)
        case "ADT", _:
            yield from admission_rules(message)
        case "RAS", "O17":
            yield from administration_rules(message)
        case "RGV", "O15":
            yield from infusion_rules(message)
        case "MDM", "T02":
            yield from document_rules(message)
