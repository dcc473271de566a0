"""The pumps of a bed as they were at an earlier step, from what the record of decisions says of them. Pure.

What only the live bed knew at that moment (who overrides, a dose per weight) is left out: it is not known any more.
"""

from __future__ import annotations

from dataclasses import replace

from pumpd.device.facts import Quality
from pumpd.safety.decisions import Decision, FlowChanged, InterlockChanged, InterlockState
from pumpd.safety.view import BedView, DoseView, PumpView


class PastPumps:
    """Told decision by decision, in order; of a pump of which nothing was told nothing is said."""

    def __init__(self) -> None:
        self._flows: dict[str, tuple[int, FlowChanged]] = {}
        self._causes: dict[str, str | None] = {}

    def note(self, now_ms: int, decision: Decision) -> None:
        """What was decided at this kernel time."""
        if isinstance(decision, FlowChanged):
            self._flows[decision.pump] = now_ms, decision
        elif isinstance(decision, InterlockChanged):
            armed = decision.state is InterlockState.ARMED
            self._causes[decision.pump] = None if armed else decision.cause or None

    def view(self, now: BedView) -> BedView:
        """The bed with the pumps of that moment. now: at present, of which only what the pumps are is taken over."""
        pumps = (self._pump(pump, *self._flows[pump.id]) for pump in now.pumps if pump.id in self._flows)
        return replace(now, pumps=tuple(pumps), values={})

    def _pump(self, now: PumpView, at_ms: int, flow: FlowChanged) -> PumpView:
        known = flow.infusing is not None and flow.rate_ul_h is not None
        given = None if flow.low_ng is None or flow.high_ng is None else DoseView(flow.low_ng, flow.high_ng)
        return replace(
            now,
            drug=flow.drug,
            drug_label=now.drug_label if flow.drug == now.drug else None,
            concentration_ug_ml=flow.conc_ug_ml,
            infusing=flow.infusing,
            rate_ul_h=flow.rate_ul_h,
            rate_quality=Quality.OK if known else Quality.STALE,
            dose_mg_kg_h=None,
            at_ms=at_ms,
            delivered=given,
            interlock_cause=self._causes.get(now.id),
            override_by=None,
        )
