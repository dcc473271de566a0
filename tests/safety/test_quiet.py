"""The glance that passes over a quiet bed's rules: it may never pass over a value that a rule would catch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.config.defaults import default_dir
from pumpd.config.profile import load_profile
from pumpd.device.signals import SIGNALS
from pumpd.safety.policy import AlarmProfile, Breathing
from pumpd.safety.respiration import is_quiet
from pumpd.safety.rules import plan_of, quiet_spans, rule_holds, watch_of
from tests.safety.breath import BREATHING, WELL, breath_bed
from tests.safety.build import HIGH, PROFILE, rule, term

SHIPPED = [load_profile(path) for path in sorted((default_dir() / "alarms").glob("*.toml"))]
PROFILES: list[AlarmProfile] = [PROFILE, *(p for p in SHIPPED if isinstance(p, AlarmProfile))]
NAMES = [name for name, signal in SIGNALS.items() if not signal.wave]
values = st.dictionaries(
    st.sampled_from(NAMES),
    st.one_of(st.integers(-5, 160).map(lambda n: n * 1000), st.integers(-5_000, 160_000)),
    max_size=8,
)


@pytest.mark.req("RSP-04", "RSP-02")
@given(st.sampled_from(PROFILES), st.sampled_from([BREATHING, Breathing()]), values)
def test_while_it_is_quiet_no_rule_and_no_criterion_is_true(
    profile: AlarmProfile, breathing: Breathing, live: dict[str, int]
) -> None:
    watch = watch_of(profile, breathing)
    if is_quiet(live, watch):
        every = [lead[3] for lead in (*plan_of(profile).leads, *watch.criteria)]
        assert [one.rule.id for one in every if rule_holds(one, live, frozenset(live))] == []


@pytest.mark.req("RSP-04")
def test_a_signal_whose_every_value_leads_a_rule_is_never_quiet() -> None:
    rules = (rule("any", HIGH, [term("spo2", ">=", 0)], 0), rule("low", HIGH, [term("rr", "<", 8)], 0))
    leads = tuple(plan_of(AlarmProfile("all", rules, (), 1, 1, 1, 1)).leads)
    assert quiet_spans(leads) == (("spo2", 1, 0), ("rr", 8_000, 150_000))


@pytest.mark.req("RSP-04")
def test_a_bed_that_was_quiet_for_an_hour_alarms_with_the_first_true_rule() -> None:
    bed = breath_bed()
    bed.breathe(3_600, **WELL)
    assert bed.state.rules == {}
    bed.vitals(**{**WELL, "no_breath": 1}, after=1_000)
    assert bed.is_active("apnoea")
