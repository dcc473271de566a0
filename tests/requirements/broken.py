# ruff: noqa: E501 - one bug is one line
"""For each requirement on alarms, breathing, the interlock and data quality, and those on doses, the course, opioids,
the drug library and the record that a patient's safety hangs on most: a way to break it, and who notices.

A row is red when its test does not fail with the source so changed. The model check (tests/model) has bugs of its own;
these are about single requirements, and their witnesses are plain tests.
"""

from __future__ import annotations

from tests.requirements.fresh import Broken

SAFETY = "pumpd.safety."
UNIT = "tests/safety/test_"


def row(requirement: str, module: str, old: str, new: str, test: str) -> Broken:
    return Broken(
        requirement, module if "." in module else SAFETY + module, old, new, test if "/" in test else UNIT + test
    )


# fmt: off
BROKEN = (
    # alarms
    row("ALA-01", "alarm_table", "    d.alarm_n += 1\n", "", "alarms.py::test_an_instance_has_its_own_id_that_is_never_used_again"),
    row("ALA-01", "alarm_table", "        onset_ms=d.now,\n", "        onset_ms=0,\n", "alarms.py::test_an_instance_has_its_own_id_that_is_never_used_again"),
    row("ALA-02", "alarm_table", "(AlarmState.ACTIVE, Trigger.FALL_LATCHING): (AlarmState.LATCHED, Phase.LATCH)", "(AlarmState.ACTIVE, Trigger.FALL_LATCHING): (AlarmState.ENDED, Phase.END)", "alarms.py::test_high_latches_and_medium_does_not"),
    row("ALA-02", "alarm_table", "    latches = alarm.priority in d.policy.profile.latch\n", "    latches = True\n", "alarms.py::test_high_latches_and_medium_does_not"),
    row("ALA-03", "alarm_table", "(AlarmState.ACTIVE, Trigger.ACK): (AlarmState.ACKNOWLEDGED, Phase.ACKNOWLEDGE)", "(AlarmState.ACTIVE, Trigger.ACK): (AlarmState.ENDED, Phase.END)", "alarms.py::test_an_acknowledgement_does_not_end_the_condition"),
    row("ALA-03", "alarm_table", "    return alarm.acknowledged.at_ms + realarm_ms(profile, alarm.priority)", "    return alarm.acknowledged.at_ms + realarm_ms(profile, alarm.priority) + 1000", "alarms.py::test_an_acknowledged_alarm_sounds_again_after_the_profiles_time"),
    row("ALA-03", "answers", '    return [] if by.strip() else ["a named user is required"]', "    return []", "alarms.py::test_an_acknowledgement_needs_a_name_and_for_other_a_note"),
    row("ALA-04", "kernel", "        end_audio_pause(d)\n", "        pass\n", "audio_pause.py::test_a_pause_ends_to_the_millisecond_without_anybody_doing_anything"),
    row("ALA-04", "people", "    if not 1 <= event.seconds <= longest_s:", "    if not 1 <= event.seconds:", "alarms.py::test_an_audio_pause_lasts_one_to_a_hundred_and_twenty_seconds"),
    row("ALA-04", "alarm_table", "    breaks = (before, trigger) in BREAKS_AUDIO_PAUSE and d.audio_until_ms is not None", "    breaks = False", "alarms.py::test_a_new_alarm_breaks_an_audio_pause"),
    row("ALA-05", "ladder", "    return since_ms + profile.escalation[level].after_ms", "    return since_ms + 2 * profile.escalation[level].after_ms", "escalation.py::test_an_unseen_high_alarm_goes_to_the_bedside_the_charge_nurse_and_the_ward_at_its_times"),
    row("ALA-05", "ladder", "UNSEEN = frozenset({AlarmState.ACTIVE, AlarmState.LATCHED})", "UNSEEN = frozenset({AlarmState.ACTIVE})", "escalation.py::test_a_latched_high_that_nobody_has_seen_climbs_on_without_starting_anew"),
    row("ALA-06", "handlers", "    d.rules = {rule: state for rule, state in d.rules.items() if state.active}\n", "    d.rules = {rule: state for rule, state in d.rules.items() if state.active}\n    d.alarms.clear()\n", "kernel.py::test_a_restart_keeps_alarms_acknowledgements_pause_trip_and_patient_and_widens_the_dose"),
    row("ALA-07", "pumpd.live.ward", "            self._send_alarm(bed, alarm, phase)\n\n    def lost", "            pass\n\n    def lost", "tests/live/test_hub_alarms.py::test_an_alarm_is_there_without_any_tick_and_without_credit"),
    row("ALA-08", "pumpd.daemon.self_watch", '"unwatched", nobody, unseen and since_ms is not None)', '"unwatched", nobody, False)', "tests/daemon/test_self_watch.py::test_a_high_alarm_at_a_bed_that_nobody_watches_is_told_of_that_bed_after_its_time"),
    row("ALA-08", "handlers", "        d.faults[event.code] = event.detail\n", "        pass\n", "alarms.py::test_pumpds_own_fault_is_a_technical_alarm_until_it_is_over"),
    # doses
    row("CEI-09", "caps", "span for span in found if span.given[1] + flight >= span.cap_ng", "span for span in found if span.given[1] >= span.cap_ng", "caps.py::test_the_cap_trips_between_two_polls_when_time_alone_reaches_it"),
    row("CEI-09", "caps", "span.given[1] + flight >= span.cap_ng), None)", "span.given[1] + flight > span.cap_ng), None)", "caps.py::test_exactly_at_the_cap_is_reached"),
    row("CEI-09", "given", "    hand = by_hand_ng(d, from_ms)\n", "    hand = 0\n", "caps.py::test_doses_by_hand_count_while_the_infusion_runs_in_the_course_and_in_the_window"),
    row("CEI-09", "requests", " + caps.forbids(d, pump, rate)", "", "caps.py::test_a_resume_and_a_rate_are_refused_while_the_cap_forbids_them"),
    row("CEI-11", "channels", "    return sum_ng_h(d, pumps) > limit_ng_h(limit.ug_kg_h, weight_g)\n", "    return sum_ng_h(d, pumps) >= limit_ng_h(limit.ug_kg_h, weight_g)\n", "channels.py::test_exactly_at_the_hard_ceiling_together_is_not_above_it"),
    row("CEI-11", "requests", "    if len(d.policy.pumps) > 1 and (others := channels.others(d, pump)):", "    if False and (others := channels.others(d, pump)):", "channels.py::test_a_rate_request_counts_what_runs_at_the_other_pump"),
    row("DOS-04", "infusion_error", "if programmed and (counted - step_nl) * 100 > programmed", "if programmed and counted * 100 > 2 * programmed", "infusion_error.py::test_more_than_ten_per_cent_over_for_fifteen_minutes_is_an_alarm"),
    row("DOS-04", "infusion_error", "    return f\"its counter went on by {format_ml(flowed)}\" if flowed > step_nl + late_nl else None", "    return None", "infusion_error.py::test_a_counter_that_climbs_while_the_pump_stands_still_is_free_flow_at_once"),
    # the course
    row("CRS-02", "planning", "    found += cap_reasons(d, plan)\n", "", "infusion_plan.py::test_a_plan_is_refused_with_every_reason"),
    row("CRS-02", "planning", "    found += binding(d, rule_failings(d, protocol, plan, current)).values()\n", "", "infusion_plan.py::test_a_plan_is_refused_with_every_reason"),
    row("CRS-03", "start_checks", "    if len(starts) < protocol.max_infusions:", "    if len(starts) <= protocol.max_infusions:", "extra_infusion.py::test_a_fourth_infusion_is_refused_high_and_stopped"),
    row("CRS-03", "start", '    return "; ".join(extra.values()) if is_governed(pump) and last_heard_running(p) else None', "    return None", "extra_infusion.py::test_a_fourth_infusion_is_refused_high_and_stopped"),
    row("CRS-03", "course", "    d.course = replace(without_start(d.course), set_aside=())", "    d.course = replace(without_start(d.course), set_aside=(), starts_ms=())", "extra_infusion.py::test_ending_the_course_does_not_begin_the_count_anew"),
    row("CRS-03", "start_checks", "starts if starts and d.now - starts[0] < protocol.course_ms else ()", "starts", "extra_infusion.py::test_the_count_begins_anew_when_the_time_since_the_first_start_is_over"),
    row("CRS-04", "start", "    found = {} if infusion.plan is not None else {PLAN: NO_PLAN}", "    found: dict[str, str] = {}", "started_without.py::test_a_start_without_anything_lists_all_of_it_in_one_medium_alarm"),
    row("CRS-04", "start", "    return found | care_failings(d, protocol)", "    return found", "started_without.py::test_a_start_without_anything_lists_all_of_it_in_one_medium_alarm"),
    row("CRS-05", "titration", "step_ng_h > limit_ng_h(protocol.step.ug_kg_h, weight):", "step_ng_h >= limit_ng_h(protocol.step.ug_kg_h, weight):", "titration.py::test_a_step_at_the_limit_is_allowed_and_one_above_it_is_told"),
    row("CRS-05", "titration", "since_ms < protocol.step_interval_ms:", "since_ms < protocol.step_interval_ms // 2:", "titration.py::test_an_increase_before_the_interval_is_over_is_told"),
    row("CRS-05", "requests", "    protocol = titration.request_reasons(d, pump, p, rate)", "    protocol: list[str] = []", "titration.py::test_a_requested_rise_is_refused_with_every_reason"),
    row("CRS-05", "titration", "rate_ul_h <= now_ul_h:", "rate_ul_h == now_ul_h:", "titration.py::test_a_lower_rate_may_always_be_asked_for"),
    row("CRS-08", "set_aside", "    if known in protocol.overridable:", "    if True:", "set_aside.py::test_a_rule_that_the_protocol_does_not_name_cannot_be_set_aside"),
    row("CRS-08", "set_aside", "    reasons = unnamed(event.by) + unexplained(event.reason) + rule", "    reasons = rule", "set_aside.py::test_setting_aside_needs_a_name_and_a_reason_and_a_patient"),
    # opioids
    row("MME-04", "pumpd.clinical.mme", "                self.gaps.append(Gap(code, route, self._no_factor(code, route), tuple(sorted(amount.entries))))", "                pass", "tests/clinical/test_mme_gaps.py::test_a_route_or_an_opioid_without_a_factor_is_missing_by_name"),
    row("MME-04", "pumpd.clinical.mme", "            self.gaps.append(Gap(name, route, why, tuple(sorted(amount.entries))))", "            pass", "tests/clinical/test_mme_gaps.py::test_an_opioid_that_nobody_knows_makes_the_total_incomplete_and_says_which"),
    row("MME-04", "pumpd.clinical.mme", "    gaps = collected.gaps + _not_charted(now_ms, since_ms)", "    gaps = collected.gaps", "tests/clinical/test_mme_gaps.py::test_a_day_that_is_not_charted_whole_makes_the_total_incomplete"),
    row("MME-04", "pumpd.live.clinical_shape", "    if view.incomplete:", "    if False:", "tests/live/test_course_shape.py::test_a_total_that_lacks_something_is_at_least_and_one_that_is_known_is_one_number"),
    # drug library and units
    row("LIB-02", "pumpd.config.library_checks", "    elif record.sha256 != found:", "    elif False:", "tests/config/test_library.py::test_a_tampered_library_is_refused_with_file_line_and_both_digests"),
    row("LIB-02", "pumpd.config.library_digest", "for line in raw.removesuffix(b\"\\n\").split(b\"\\n\") if not _LINE.match(line)]", "for line in raw.removesuffix(b\"\\n\").split(b\"\\n\") if not _LINE.match(line) and line[:1] != b\"#\"]", "tests/config/test_library.py::test_any_changed_character_changes_the_digest_and_the_digest_line_alone_does_not"),
    row("UNIT-04", "pumpd.api.rates", "    if not body.confirm_unit:", "    if False:", "tests/api/test_units.py::test_a_probable_mix_up_is_a_question_and_reaches_no_bed"),
    row("UNIT-04", "pumpd.clinical.rate_units", "self.near(ratio * factor) for factor in self.factors)", "self.near(ratio * factor) for factor in self.factors[:2])", "tests/clinical/test_rate_units.py::test_factors_of_24_60_and_1000_are_questioned"),
    # the record
    row("REP-06", "pumpd/journal/migrations/versions/r0002_kept.py", '    "decisions": "n",\n', "", "tests/journal/test_kept.py::test_no_row_of_the_record_can_be_changed_or_removed"),
    row("REP-06", "pumpd/journal/migrations/versions/r0002_kept.py", '        found.append(_refuse(table, "insert", taken))\n', "", "tests/journal/test_kept.py::test_a_row_cannot_be_written_over_another_one"),
    row("REP-06", "pumpd.journal.guards", "    return {f\"kept_{table}_{act}\": table for table, act in wanted}", "    return {}", "tests/journal/test_kept.py::test_verify_names_a_guard_that_somebody_took_away"),
    row("REP-07", "pumpd.journal.letting_go", "        divided = [span for span in whole if span.divided_by(row.seq)]", "        divided: list[Span] = []", "tests/journal/test_record_stays.py::test_nothing_goes_that_is_still_needed[a course that runs]"),
    row("REP-07", "pumpd.journal.letting_go", "if heartbeat is None or not await witnessed(connection, before_us, WITNESSES):", "if heartbeat is None:", "tests/journal/test_record_stays.py::test_a_clock_set_to_another_year_lets_nothing_go"),
    # interlock
    row("INT-01", "interlock", "    (_S.TRIPPED, Move.ACK): _S.STOP_ACKED,", "    (_S.TRIPPED, Move.ACK): _S.STOP_VERIFIED,", "interlock.py::test_an_ack_alone_verifies_nothing"),
    row("INT-01", "interlock", " or status.requested_ms <= lock.acked_ms:", ":", "interlock.py::test_only_a_status_requested_after_the_ack_that_says_not_infusing_verifies"),
    row("INT-02", "interlock", "    return replace(lock, stop_due_ms=due_ms, orders=", "    return replace(lock, stop_due_ms=None, orders=", "interlock.py::test_the_stop_is_repeated_with_new_orders_until_verified"),
    row("INT-02", "interlock", "    (_S.TRIPPED, Move.TIMEOUT): _S.STOP_UNCONFIRMED,\n", "", "interlock.py::test_stop_not_confirmed_is_high_at_five_seconds_and_says_what_to_do_by_hand"),
    row("INT-03", "interlock", "resume=Resume.NEEDED if needs_resume(pump) else Resume.NOT_NEEDED", "resume=Resume.NOT_NEEDED", "resume.py::test_a_reset_permits_nobody_a_start_without_a_resume_is_stopped_at_once"),
    row("INT-03", "requests", 'reasons = [] if state is InterlockState.STOP_VERIFIED else ["the stop is not verified"]', "reasons = []", "interlock.py::test_a_reset_is_refused_until_verified"),
    row("INT-04", "requests", "    if any(c.outcome in (None, Outcome.UNKNOWN) for c in p.commands):", "    if False:", "requests.py::test_no_rate_is_permitted_while_nobody_knows_what_became_of_the_last_one"),
    row("INT-04", "pump", "report.requested_ms is not None and report.requested_ms > command.done_ms", "True", "interlock.py::test_a_status_requested_before_the_outcome_resolves_nothing"),
    row("INT-05", "pump", "    changed = spontaneous(p, report) or p.changed\n", "    changed = p.changed\n", "interlock.py::test_a_change_at_the_panel_is_an_advisory_until_acknowledged"),
    row("INT-06", "pumpd_drivers.alaris_asena", '        return [Send(wire.frame(wire.DISABLE)), *self._lease.give_back("clean exit")]', "        return []", "tests/drivers/test_asena_control.py::test_a_clean_exit_hands_control_back_and_does_nothing_else"),
    row("INT-07", "breathing", "    if d.stop_rule is not None and follows_breathing(d, pump)", "    if False and follows_breathing(d, pump)", "interlock.py::test_breathing_trips_pumps_that_infuse_or_may_and_not_one_that_stands_still"),
    row("INT-07", "breathing", "    return with_opioids and pump.drug is not None and pump.drug.opioid", "    return False", "site_settings.py::test_a_respiratory_interlock_stops_ketamine_and_opioids_where_the_site_says_so"),
    row("INT-08", "bed_alarms", "    if is_unwatched(d) and drug_runs(d):", "    if False:", "interlock.py::test_breathing_unwatched_while_ketamine_runs_is_high_after_thirty_seconds"),
    row("INT-08", "breathing", "    if d.policy.monitoring_lost is not MonitoringLost.STOP or not", "    if True or not", "site_settings.py::test_breathing_lost_while_ketamine_runs_is_high_and_stops_it_where_the_site_says_so"),
    # respiration
    row("RSP-01", "rules", "        high = limit - 1\n", "        high = limit\n", "respiration.py::test_each_comparison_means_exactly_itself_at_the_edge"),
    row("RSP-01", "rules", "        low = limit + 1\n", "        low = limit\n", "respiration.py::test_each_comparison_means_exactly_itself_at_the_edge"),
    row("RSP-02", "doubtful", "return RuleState(since_ms, None, old.active or now - since_ms >= delay_ms)", "return RuleState(since_ms, None, old.active or now - since_ms > delay_ms)", "respiration.py::test_each_rule_fires_at_its_edge_after_its_delay_and_not_before"),
    row("RSP-02", "config/alarms/adult.toml", 'all = ["no_breath_s >= 30"]', 'all = ["no_breath_s >= 31"]', "tests/config/test_profile.py::test_the_default_profile_is_the_required_one"),
    row("RSP-02", "config/alarms/adult.toml", 'all = ["spo2 < 85"]', 'all = ["spo2 <= 85"]', "tests/config/test_profile.py::test_the_default_profile_is_the_required_one"),
    row("RSP-03", "samples", "        if value is not None and span[0] <= value <= span[1]:", "        if value and span[0] <= value <= span[1]:", "respiration.py::test_rr_zero_is_a_value_where_the_device_gives_no_flag"),
    row("RSP-03", "pumpd_drivers.capnostream20_wire", "m <= highest and value != NO_VALUE", "m <= highest and value not in (0, NO_VALUE)", "tests/drivers/test_capnostream_data.py::test_respiration_rate_zero_is_a_value_and_ff_is_none"),
    row("RSP-04", "respiration", "        if best is None or RANK[rule.priority] > RANK[best.priority]:", "        if best is None or RANK[rule.priority] < RANK[best.priority]:", "respiration.py::test_a_condition_escalates_when_its_critical_rule_fires"),
    row("RSP-04", "respiration", '    return [rule for rule in d.policy.profile.rules if (state := d.rules.get(rule.id)) is not None and state.active]', '    told = {rule.condition for rule in d.policy.profile.rules if rule.priority != "high"}\n    return [r for r in d.policy.profile.rules if r.id in d.rules and d.rules[r.id].active and r.condition in told]', "respiration.py::test_switching_a_warning_off_never_switches_its_critical_off"),
    row("RSP-05", "samples", 'HOLDABLE = ("rr", "etco2")', 'HOLDABLE = ("etco2",)', "held.py::test_a_displayed_rate_and_etco2_have_no_digit_while_the_monitor_says_that_there_is_no_breath"),
    row("RSP-05", "samples", "    if count_ms < limit_ms:\n", "    if True:\n", "held.py::test_the_counter_contradicts_a_rate_when_by_that_rate_another_breath_is_due"),
    row("RSP-06", "samples", "min(change * 1000 // milli_per_s, d.policy.breathing.jump_max_ms)", "change * 1000 // milli_per_s", "jumps.py::test_an_alarm_waits_for_the_time_that_the_change_would_take_and_never_more_than_10_s"),
    row("RSP-06", "doubtful", "or not_breathing(d, live) or abnormal_co2(d, live):", "or False:", "jumps.py::test_nothing_is_doubted_while_there_is_no_breath_or_etco2_is_abnormal"),
    row("RSP-06", "samples", "            samples[name] = replace(new, quality=Quality.QUESTIONABLE)\n", "            pass\n", "jumps.py::test_a_jump_is_questionable_with_its_reason_until_there_was_time_to_get_there"),
    row("RSP-07", "quality", "    blocked: set[str] = set()\n    for monitor in d.policy.monitors:", "    blocked: set[str] = set()\n    for monitor in reversed(d.policy.monitors):", "sources.py::test_what_is_judged_is_what_is_shown"),
    row("RSP-07", "advisories", "    return (first, value, other, against) if abs(against - value) > amount.milli else None", "    return None", "sources.py::test_sources_that_disagree_for_long_enough_are_an_advisory_that_names_both_and_their_values"),
    row("RSP-08", "advisories", "    if given is None or not given.on or sees_co2(d):", "    if True:", "oxygen.py::test_on_oxygen_with_an_oximeter_only_there_is_a_standing_advisory"),
    row("RSP-08", "advisories", "not given.on or sees_co2(d):", "not given.on:", "oxygen.py::test_live_capnography_answers_it"),
    row("RSP-09", "episodes", "episodes=d.breath.episodes + begins,", "episodes=d.breath.episodes,", "prodigy.py::test_three_minutes_of_one_sign_are_an_episode_and_a_second_less_is_none"),
    row("RSP-09", "episodes", "        begins = goes_on and not going\n", "        begins = fulfilled(runs)\n", "prodigy.py::test_signs_that_overlap_are_one_episode_and_the_next_after_a_normal_time_is_another"),
    row("RSP-10", "pumpd.config.response", "self.rule.delay_ms + self.period_ms + self.signal_delay_ms", "self.rule.delay_ms + self.signal_delay_ms", "tests/cli/test_check.py::test_every_rule_of_every_bed_adds_up_and_names_its_monitor"),
    # quality
    row("QUA-01", "samples", "        if value is not None and span[0] <= value <= span[1]:", "        if value is not None:", "quality.py::test_a_value_outside_the_sensors_range_is_withdrawn"),
    row("QUA-01", "samples", "    return Sample(None, quality, now, None if old is None else old.good_ms, off_ms)", "    return Sample(old and old.value_milli, Quality.OK, now, now, off_ms)", "quality.py::test_a_sensor_that_says_off_shows_no_digit_at_once_and_alarms_after_a_moment"),
    row("QUA-02", "quality", "    d.devices[name] = replace(device, lost=True)\n", "    return\n", "believed.py::test_a_silent_pump_loses_its_rate_and_says_that_it_may_still_infuse"),
    row("QUA-02", "freshness", "times.vitals_live_reports * monitor.period_ms", "0", "slow_monitors.py::test_a_rule_fires_after_its_own_delay_from_reports_that_are_further_apart_than_the_wards_live_time"),
    row("QUA-02", "freshness", "times.vitals_live_reports * monitor.period_ms", "60 * monitor.period_ms", "slow_monitors.py::test_breathing_that_a_slow_monitor_no_longer_reports_is_unwatched_when_its_values_no_longer_count"),
    row("QUA-02", "freshness", "times.vitals_withdraw_reports * monitor.period_ms", "0", "slow_monitors.py::test_one_lost_signal_and_a_sensor_that_is_off_are_told_at_the_monitors_own_pace"),
    row("QUA-02", "quality", "    if lost:\n", "    if False:\n", "quality.py::test_one_lost_signal_is_named_while_the_others_go_on"),
    row("QUA-03", "rules", "        if value is None:\n            truth = None", "        if value is None:\n            return False", "respiration.py::test_losing_the_source_never_ends_a_physiological_alarm"),
    row("QUA-04", "pumpd_drivers.alaris_asena_wire", '    if b"|%04X" % crc_hqx(data, 0xFFFF) != inside[-5:]:', "    if False:", "tests/drivers/test_asena_replies.py::test_one_flipped_bit_never_makes_a_false_reading"),
    row("QUA-05", "quality", "    return mismatch(policy.serial, policy.model, device) is not None", "    return False", "believed.py::test_a_pump_with_another_serial_number_is_refused_and_gets_no_commands"),
    row("QUA-06", "people", "        close_all(d)\n", "", "believed.py::test_another_patient_closes_alarms_dose_and_override_of_the_old_one"),
    row("QUA-06", "people", "        close_patient(d)\n    d.patient = event.patient\n", "        pass\n    d.patient = event.patient\n", "dose.py::test_the_dose_belongs_to_the_patient"),
)
# fmt: on
