"""Synthetic recordings at 1 Hz of pumpd's own simulated patient, the seeds fixed: what real monitors do to a rule set.

Nothing here is a patient's: the physiology is pumpd.sim.patient's, the monitor's habits (held values, cuffs, blips)
are the ones that clinical literature describes. `python -m tests.evaluate.library FOLDER` writes them as CSV.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from pumpd.sim.patient import SimPatient

Cells = dict[str, str]
Habit = Callable[[int, SimPatient, Cells], None]
COLUMNS = ("t_s", "rr", "spo2", "etco2", "pulse", "no_breath_s")

ARREST_S = 600  # breathing stops
HELD_S = 25  # for that long the monitor goes on showing the last breath
SLOW_S = (600, 1200)  # bradypnoea begins; the nurse has stimulated
CUFF_S = (900, 940)  # the cuff of the same arm is inflated
BLIPS_S = tuple((start, start + length) for start, length in ((300, 5), (900, 14), (1500, 9), (2400, 14), (3000, 12)))


def play(seconds: int, seed: int, habit: Habit) -> list[str]:
    """CSV lines: the patient as a monitor shows it, changed by `habit` before each row is written."""
    patient = SimPatient(seed=seed)
    lines = [",".join(COLUMNS)]
    quiet_s = 0
    for t in range(seconds):
        breaths = patient.breaths
        patient.step(1.0)
        quiet_s = 0 if patient.breaths > breaths else quiet_s + 1
        cells = {
            "t_s": str(t),
            "rr": f"{patient.rr:.0f}",
            "spo2": f"{patient.spo2:.0f}",
            "etco2": f"{patient.etco2 if patient.rr else 0:.0f}",
            "pulse": f"{patient.pulse:.0f}",
            "no_breath_s": str(min(quiet_s, 255)),
        }
        habit(t, patient, cells)
        lines.append(",".join(cells[name] for name in COLUMNS))
    return lines


def clean(t: int, patient: SimPatient, cells: Cells) -> None:
    """A monitor with no habits and a patient who sleeps."""


def held_arrest(t: int, patient: SimPatient, cells: Cells) -> None:
    """Breathing stops; RR 8 and EtCO2 25 stay on the screen for 25 s; SpO2 falls only a minute later."""
    if t == ARREST_S:
        patient.give_opioid(5.0, onset_s=0.1)
    if ARREST_S <= t < ARREST_S + HELD_S:
        cells |= {"rr": "8", "etco2": "25"}


def slow_on_oxygen(t: int, patient: SimPatient, cells: Cells) -> None:
    """Four breaths a minute for ten minutes; nasal oxygen keeps SpO2 at 99 % the whole time."""
    if SLOW_S[0] <= t < SLOW_S[1]:
        cells |= {"rr": "4", "spo2": "99", "etco2": "52", "no_breath_s": str(t % 15)}
    else:
        cells["spo2"] = "99"


def cuff(t: int, patient: SimPatient, cells: Cells) -> None:
    """For 40 s the oximeter has no pulse to measure."""
    if CUFF_S[0] <= t < CUFF_S[1]:
        cells |= {"spo2": "", "pulse": ""}


def blips(t: int, patient: SimPatient, cells: Cells) -> None:
    """A displaced cannula now and then: EtCO2 8 for up to 14 s."""
    if any(start <= t < end for start, end in BLIPS_S):
        cells["etco2"] = "8"


LIBRARY: dict[str, tuple[int, int, Habit]] = {
    "clean-hour": (3600, 1, clean),
    "arrest-with-held-values": (900, 2, held_arrest),
    "bradypnoea-on-oxygen": (1500, 3, slow_on_oxygen),
    "cuff-inflation": (1800, 4, cuff),
    "etco2-blips": (3600, 5, blips),
}


def lines_of(name: str) -> list[str]:
    """The CSV lines of one recording of the library."""
    return play(*LIBRARY[name])


def write(folder: Path, *names: str) -> Path:
    """The named recordings, or all, as files NAME.csv in `folder`, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or LIBRARY:
        (folder / f"{name}.csv").write_text("\n".join(lines_of(name)) + "\n", encoding="utf-8")
    return folder


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
