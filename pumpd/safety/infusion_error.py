"""Does a pump give what it says: over- and under-infusion, and flow while it stands still (DOS-04). Pure, exact.

Theory. Two integrals run side by side: what the reported rates should have given (an interval in which the rate changed
counts with the higher of the two for over-infusion, with the lower for under-infusion; a rate that the pump shows
coarsely stands for all that it may be), and the pump's counter. Their differences over the protocol's times are
compared; a sample of both is kept every few seconds, so a time is at least as long as the protocol says and longer by
at most one sample. A counter moves in jumps, so one jump (the pump's own step) is always forgiven: a slow infusion is
judged no sooner than its counter can tell. Whatever makes the two incomparable (silence, another pump, a counter that
was cleared, a rate that is not told) begins anew.
"""

from __future__ import annotations

from pumpd.safety.course_state import Counted, Flow
from pumpd.safety.dose import NL_PER_UL, UL_H_MS_PER_NL, ceil_nl
from pumpd.safety.protocol_policy import ProtocolPolicy
from pumpd.safety.state import Report
from pumpd.units import MS_PER_MIN, exact, plain

SAMPLES = 20  # of the shortest time


def sample_ms(protocol: ProtocolPolicy) -> int:
    """How often both are compared."""
    return max(1, min(protocol.over_ms, protocol.over_ul_h_ms, protocol.under_ms) // SAMPLES)


def kept_ms(protocol: ProtocolPolicy) -> int:
    return max(protocol.over_ms, protocol.over_ul_h_ms, protocol.under_ms)


def programmed_ul_h(infusing: bool | None, rate_ul_h: int | None, shown_step_ul_h: int) -> tuple[int, int] | None:
    """(lowest, highest) rate that should flow by a report; None where it does not tell."""
    if infusing is None or (infusing and rate_ul_h is None):
        return None
    rate = rate_ul_h or 0
    return (max(0, rate - shown_step_ul_h), rate + shown_step_ul_h) if infusing else (0, 0)


def counted_on(flow: Flow, report: Report, protocol: ProtocolPolicy, shown_step_ul_h: int = 0) -> tuple[Counted, ...]:
    """The samples with the newest report; from that report alone where the two cannot be compared."""
    volume, after = report.volume_ul, programmed_ul_h(report.infusing, report.rate_ul_h, shown_step_ul_h)
    if volume is None or after is None:
        return ()
    before = programmed_ul_h(flow.infusing, flow.rate_ul_h, shown_step_ul_h)
    last = flow.counted[-1] if flow.counted else None
    if last is None or before is None or volume < last.count_ul or report.serial != flow.serial:
        return (Counted(report.at_ms, 0, 0, volume),)
    dt_ms = report.at_ms - last.at_ms
    low_nl = last.low_nl + min(before[0], after[0]) * dt_ms // UL_H_MS_PER_NL
    high_nl = last.high_nl + ceil_nl(max(before[1], after[1]), dt_ms)
    samples = (*flow.counted, Counted(report.at_ms, low_nl, high_nl, volume))
    return samples[first_kept(samples, report.at_ms - kept_ms(protocol)) :]


def first_kept(samples: tuple[Counted, ...], from_ms: int) -> int:
    """The newest sample at or before that time, or the oldest of all."""
    start = 0
    while start + 1 < len(samples) and samples[start + 1].at_ms <= from_ms:
        start += 1
    return start


def base(samples: tuple[Counted, ...], span_ms: int) -> Counted | None:
    """The sample that far back, or None where the pump was not watched for so long."""
    now_ms = samples[-1].at_ms
    found = samples[first_kept(samples, now_ms - span_ms)]
    return found if found.at_ms <= now_ms - span_ms else None


def over(samples: tuple[Counted, ...], protocol: ProtocolPolicy, step_nl: int) -> str | None:
    """Over-infusion in words, or None."""
    now = samples[-1]
    percent, flow = base(samples, protocol.over_ms), base(samples, protocol.over_ul_h_ms)
    if percent is not None:
        counted, programmed = counted_nl(percent, now), now.high_nl - percent.high_nl
        if programmed and (counted - step_nl) * 100 > programmed * (100 + protocol.over_percent):
            return words(percent, now, programmed, f"over by more than {protocol.over_percent} %")
    if flow is not None:
        counted, programmed = counted_nl(flow, now), now.high_nl - flow.high_nl
        allowed_nl = ceil_nl(protocol.over_ul_h, now.at_ms - flow.at_ms)
        if programmed and counted - step_nl > programmed + allowed_nl:
            return words(flow, now, programmed, f"over by more than {plain(exact(protocol.over_ul_h, 1000))} mL/h")
    return None


def under(samples: tuple[Counted, ...], protocol: ProtocolPolicy, step_nl: int) -> str | None:
    """Under-infusion in words, or None."""
    now, start = samples[-1], base(samples, protocol.under_ms)
    if start is None:
        return None
    counted, programmed = counted_nl(start, now), now.low_nl - start.low_nl
    if (counted + step_nl) * 100 < programmed * (100 - protocol.under_percent):
        return words(start, now, programmed, f"under by more than {protocol.under_percent} %")
    return None


def free_flow(samples: tuple[Counted, ...], protocol: ProtocolPolicy, step_nl: int) -> str | None:
    """The counter moves on although nothing is programmed to flow; in words, or None.

    A counter that lags behind the pump's mode catches up after the stop: what the last interval of flow has not told
    yet is forgiven.
    """
    now = samples[-1]
    from_ms = now.at_ms - protocol.over_ul_h_ms
    first = next(i for i, s in enumerate(samples) if s.at_ms >= from_ms and s.high_nl == now.high_nl)
    flowed = counted_nl(samples[first], now)
    late_nl = untold_nl(samples[first - 1], samples[first]) if first else 0
    return f"its counter went on by {format_ml(flowed)}" if flowed > step_nl + late_nl else None


def untold_nl(start: Counted, end: Counted) -> int:
    """What should have flowed between two samples and was not counted."""
    return max(0, end.high_nl - start.high_nl - counted_nl(start, end))


def counted_nl(start: Counted, now: Counted) -> int:
    return (now.count_ul - start.count_ul) * NL_PER_UL


def words(start: Counted, now: Counted, programmed_nl: int, how: str) -> str:
    """ "2.1 mL in 15 min, 1.75 mL programmed: over by more than 10 %"."""
    minutes = (now.at_ms - start.at_ms) // MS_PER_MIN
    return f"{format_ml(counted_nl(start, now))} in {minutes} min, {format_ml(programmed_nl)} programmed: {how}"


def format_ml(volume_nl: int) -> str:
    return f"{plain(exact(round(volume_nl / 1000), 1000))} mL"
