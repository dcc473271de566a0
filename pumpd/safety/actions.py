"""What to do about a condition, in a few words for whoever comes: one table for all that is not a rule's own. Pure.

A rule of an alarm profile brings its own words (`action` in its file). Ours, from the working of the parts named.
"""

from __future__ import annotations

from typing import Final

ACTIONS: Final = {
    # the pump
    "over_hard": "See that the pump has stopped; check the programmed rate, the concentration and the patient",
    "over_soft": "Check the rate against the order; confirm it with a reason, or lower it",
    "not_verified": "Enter what is missing, or check the infusion at the pump by hand",
    "stop_not_confirmed": "Clamp the line, stop the pump by hand",
    "stop_by_hand": "Stop the pump by hand, look after breathing, call for help",
    "started_without_resume": "Stop the pump by hand; look at the patient, then ask for a resume with a reason",
    "pump_lost": "Look at the pump: it may still be infusing; check its cable and power",
    "pump_changed": "Check that the change at the pump was meant",
    "command_refused": "Read the pump's own display; set the rate there if it is needed",
    "command_unknown": "Read the rate at the pump before anything else is asked of it",
    # what was given
    "cap_reached": "See that the pump has stopped; look at the patient. Nothing more without a new plan",
    "plan_given": "Stop the pump at the pump, or plan again: it goes on until its cap",
    "cap_near": "The infusion stops by itself at its cap: plan its end",
    "two_channels": "Check that both pumps are meant to run",
    "sum_over_hard": "See that the pumps have stopped; check which of them is meant to run",
    "sum_over_soft": "Check the rates against the order; confirm with a reason at one pump, or lower them",
    "over_infusion": "Look at the patient; check the syringe and the pump, replace the pump if it goes on",
    "under_infusion": "Check the line, the syringe and the pump for what hinders the flow",
    "free_flow": "Clamp the line at once; look at the patient; take the pump out of use",
    # the course
    "started_without": "Supply what is missing, or have the rule set aside by name; else stop the infusion",
    "extra_infusion": "Stop the pump; ask who ordered this infusion, and look at the patient",
    "titration": "Lower the rate again, or have the step set aside by name with a reason",
    "nrs_overdue": "Ask the patient for the pain score and chart it",
    "observation_overdue": "Look at the patient: breathing, sedation, side effects; chart what is found",
    "predicted_high": "Look at the patient for sedation and dissociation; check the plan of the infusion",
    "benzodiazepine": "Watch breathing closely: capnography, sedation score",
    "route_switched": "Check the dose for the other route with the prescriber",
    "above_band": "Look at the patient; check the dose with the prescriber",
    # any device
    "device_refused": "Check that the right device is on this line",
    "device_alarm": "Read the device's own display",
    "monitor_lost": "Look at the patient; check the monitor's power and cable",
    "monitoring_lost": "Watch the patient's breathing, restore a sensor, or stop the infusion",
    "sensor_off": "Put the sensor back on",
    "sources_disagree": "Look at the patient, count the breaths or the pulse; check both sensors",
    "spo2_alone": "Count the breaths; put capnography on",
    "signal_lost": "Look at the patient; check the sensor and its line",
    # pumpd itself
    "journal_failing": "Care goes on; write down by hand what is done, and call the technician",
    "audit_failing": "Care goes on; call the technician",
    "kernel_late": "Look at the patient rather than the screen, and call the technician",
    "kernel_failed": "Look at the patient: the bed was not watched for a moment; call the technician",
    "part_failed": "Call the technician",
    "driver_failed": "Look at the device; call the technician if this comes again",
    "clock_jump": "Times on screens and in records changed by this much: note the right time beside what is written",
    "unwatched": "Go to the patient; open the ward page on a screen that somebody sees",
    "no_sound": "Watch the screens: none makes a sound. Turn the sound on, or keep somebody at the bed",
    "outbox_stuck": "Other systems do not hear of alarms: tell the people they would have called, and the technician",
    "hl7_dead_letters": "Other systems do not know what was refused: see the integration page, and tell the technician",
    "hl7_gateway": "Enter admissions by hand and tell people of alarms yourself; call the technician",
    "hl7_not_listening": "Enter admissions and transfers by hand; call the technician",
    "hl7_owed": "Check who is in the bed and what was charted: a message of another system waits; call the technician",
    "hl7_report_owed": "Print the course's report from its page if it is needed now; call the technician",
}


def action_of(condition: str) -> str:
    """The action of a condition, "" where none is known; `sensor_off:spo2` and `part_failed_screens` have families."""
    found = ACTIONS.get(condition.partition(":")[0])
    if found is None:
        found = next((words for family, words in ACTIONS.items() if condition.startswith(f"{family}_")), "")
    return found
