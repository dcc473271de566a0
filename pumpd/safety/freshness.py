"""How long what a monitor said may be believed, and shown: it follows how often the monitor reports (QUA-02). Pure.

A monitor that reports every second has missed five reports after vitals_live_ms and fifteen after vitals_withdraw_ms.
One that reports every five seconds would have its values flap to grey between two reports, and one that reports every
minute would never be believed at all; so a value stays live until two reports are missing, and is withdrawn after the
third (the numbers are the ward's). What comes more often than that is never believed any longer for it.
"""

from __future__ import annotations

from pumpd.safety.policy import MonitorPolicy, Times


def live_ms(times: Times, monitor: MonitorPolicy) -> int:
    """A value of this monitor is live, and judged, while it is younger."""
    return max(times.vitals_live_ms, times.vitals_live_reports * monitor.period_ms)


def withdraw_ms(times: Times, monitor: MonitorPolicy) -> int:
    """A value of this monitor that is older is withdrawn, with a technical alarm; never before it is stale."""
    return max(times.vitals_withdraw_ms, times.vitals_withdraw_reports * monitor.period_ms)
