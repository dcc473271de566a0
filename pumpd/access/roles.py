"""Roles, what they permit, and how much of a patient's identity they see. The tables stand in config/access.toml."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One thing that somebody may do. Every route and every op of the live protocol names exactly one."""

    VIEW = "view"  # the ward as it is now
    HISTORY = "history"  # trends, past alarms, charts and reports of a patient
    ACKNOWLEDGE = "acknowledge"  # acknowledge and reset alarms
    PAUSE_AUDIO = "pause_audio"
    STOP = "stop"  # stop a pump
    RATE = "rate"  # ask for a rate; confirm a soft limit
    INTERLOCK = "interlock"  # reset a tripped interlock, permit a resume
    CHART = "chart"  # assessments, opioids, doses, checklists
    COURSE = "course"  # open, plan, override, end a course
    BIND = "bind"  # bind or release a patient
    DEVICES = "devices"  # devices, drivers, links, captures, effective limits
    INTEGRATION = "integration"  # peers, queues and dead letters of other systems
    SETTLE = "settle"  # replay or discard a dead letter
    AUDIT = "audit"  # read, search and export the audit
    ACCOUNTS = "accounts"  # accounts, machine tokens, sessions
    METRICS = "metrics"
    NAME_OTHERS = "name_others"  # a system that acts for a person whom it names in `by`


class Role(StrEnum):
    """display: a wall screen; it may VIEW, and STOP, because a stop may not wait for a badge. machine: another
    program, with a token. The others are people."""

    DISPLAY = "display"
    NURSE = "nurse"
    CHARGE = "charge"
    BIOMED = "biomed"
    AUDITOR = "auditor"
    ADMIN = "admin"
    MACHINE = "machine"


class Identity(StrEnum):
    """How much of who lies in a bed leaves the server at all."""

    FULL = "full"
    INITIALS = "initials"
    NONE = "none"
