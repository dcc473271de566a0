"""The drug library: what it may say, and that only one which was released as it stands is used."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from pumpd.config.library_checks import content_problems, content_warnings, seal_problems
from pumpd.config.library_digest import content_digest, digest_lines, is_digest, sealed
from pumpd.config.library_file import LibraryFile
from pumpd.config.load import load_ward
from pumpd.config.read import Parsed, read_record
from pumpd.safety.limits import Cap, DoseCaps, Limit
from pumpd.safety.policy import DrugPolicy
from tests.config.conftest import Break
from tests.library import NAME, library_text, write_library

LIBRARY = "drug library 2026.2, palliative-adult"
HARD = 'hard_max = "1.0 mg/kg/h"'
CAP = '    [care_area.entry.dose_cap]\n    per_infusion = "0.5 mg/kg"'


def parsed(path: Path) -> Parsed[LibraryFile]:
    read = read_record(path, LibraryFile)
    assert isinstance(read, Parsed), [str(problem) for problem in read]
    return read


def structure(folder: Path, *changes: tuple[str, str]) -> str:
    """What is wrong with the structure of the library after these changes."""
    read = read_record(write_library(folder, *changes), LibraryFile)
    assert isinstance(read, list), "the library has the right structure"
    return "\n".join(map(str, read))


def content(folder: Path, *changes: tuple[str, str]) -> list[str]:
    return [f"{p.key}: {p.message}" for p in content_problems(parsed(write_library(folder, *changes)))]


def drug(ward_file: Break) -> DrugPolicy:
    ward = load_ward(ward_file())
    assert not isinstance(ward, list), [str(problem) for problem in ward]
    policy = ward.beds[0].policy.pumps[0].drug
    assert policy is not None
    return policy


@pytest.mark.req("LIB-01")
def test_the_shipped_library_is_released_whole_and_names_what_the_protocol_names() -> None:
    library = parsed(default_dir() / NAME)
    assert (content_problems(library), seal_problems(library), content_warnings(library)) == ([], [], [])
    classes = {drug.code: drug.class_ for drug in library.record.drug}
    assert classes["ketamine"] == "ketamine"
    assert {c for c, kind in classes.items() if kind == "opioid"} >= {
        "morphine",
        "hydromorphone",
        "fentanyl",
        "oxycodone",
    }
    assert {c for c, kind in classes.items() if kind == "benzodiazepine"} == {"midazolam", "lorazepam"}
    assert classes["haloperidol"] == "antipsychotic"
    labels = {drug.label for drug in library.record.drug}
    assert labels >= {"ketAMINE", "HYDROmorphone", "fentaNYL", "oxyCODONE", "LORazepam"}


@pytest.mark.req("LIB-01")
def test_every_number_of_the_shipped_library_stands_beside_a_source() -> None:
    for area in parsed(default_dir() / NAME).record.care_area:
        for entry in area.entry:
            assert entry.concentration_source
            tables = (entry.continuous, entry.bolus, entry.dose_cap, entry.pump)
            assert all(table.source for table in tables if table is not None)


@pytest.mark.req("LIB-02")
def test_the_digest_is_what_grep_and_sha256sum_say(tmp_path: Path) -> None:
    path = write_library(tmp_path, (HARD, 'hard_max = "0.9 mg/kg/h"'))
    said = subprocess.run(
        ["/bin/sh", "-c", f"grep -v '^sha256 *=' {path} | sha256sum"], capture_output=True, check=True
    )
    digest = said.stdout.split()[0].decode()
    assert digest == content_digest(path.read_bytes()) == parsed(path).record.sha256
    assert is_digest(digest)


@pytest.mark.req("LIB-02")
def test_any_changed_character_changes_the_digest_and_the_digest_line_alone_does_not() -> None:
    text = library_text()
    digest = content_digest(text.encode())
    for at in range(0, len(text), 97):
        changed = text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :]
        if digest_lines(changed.encode()) == digest_lines(text.encode()) and text[at] != "\n":
            line = text[:at].count("\n") + 1
            assert (content_digest(changed.encode()) == digest) is (line in digest_lines(text.encode()))
    assert content_digest(re.sub("(?m)^sha256 = .*$", 'sha256 = ""', text).encode()) == digest
    assert content_digest(b"a\nb") == hashlib.sha256(b"a\nb\n").hexdigest()


def test_a_text_without_or_with_two_digest_lines_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="exactly one line"):
        sealed("schema = 1\n")
    with pytest.raises(ValueError, match="exactly one line"):
        sealed('sha256 = ""\nsha256 = ""\n')


@pytest.mark.req("LIB-02")
def test_a_tampered_library_is_refused_with_file_line_and_both_digests(ward_file: Break) -> None:
    ward = ward_file()
    path = write_library(ward.parent, (HARD, 'hard_max = "2.0 mg/kg/h"'), seal=False)
    text = path.read_text(encoding="utf-8")
    problems = load_ward(ward)
    assert isinstance(problems, list)
    [problem] = problems
    assert (problem.file, problem.key) == (str(path), "sha256")
    assert text.splitlines()[problem.line - 1].startswith("sha256 = ")
    released = parsed(default_dir() / NAME).record.sha256
    assert f"expected {released}, found {content_digest(text.encode())}" in problem.message


@pytest.mark.req("LIB-02")
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("(?m)^sha256 = .*$", 'sha256 = ""', "no digest"),
        ("(?m)^sha256 = .*\n", "", "no digest"),
        ("(?m)^sha256 = ", '"sha256" = ', "no digest"),
        ("(?m)^released_by = .*$", 'released_by = " "', "who released it"),
        ("(?m)^released_on = .*$", 'released_on = ""', "when it was released"),
        ("(?m)^note = .*$", 'note = """\nsha256 = hidden\n"""', "only one line may"),
    ],
)
def test_a_release_without_all_that_makes_it_one_is_refused(ward_file: Break, old: str, new: str, words: str) -> None:
    ward = ward_file()
    text = re.sub(old, new, library_text(), count=1)
    (ward.parent / NAME).write_text(text, encoding="utf-8")
    problems = load_ward(ward)
    assert isinstance(problems, list)
    assert any(words in problem.message for problem in problems), [str(problem) for problem in problems]


@pytest.mark.req("LIB-03")
def test_a_ward_takes_caps_initial_rate_and_unit_check_from_the_library(ward_file: Break) -> None:
    policy = drug(ward_file)
    assert policy.caps == DoseCaps(Cap(500, LIBRARY), Cap(1500, LIBRARY), Cap(1000, LIBRARY), 86_400_000, 90)
    assert policy.initial == Limit(100, LIBRARY)
    assert policy.unit_check is not None
    assert policy.unit_check.factors == (24, 60, 1000)
    assert policy.unit_check.tolerance_milli == 1500


@pytest.mark.req("LIB-03")
def test_a_library_without_caps_leaves_them_out_and_says_so(ward_file: Break) -> None:
    ward = ward_file(('[protocol]\nfile = "protocols/ldk.toml"\n', ""))
    text = library_text()
    begin = text.index("    # What may have been delivered")
    end = text.index("    # Recorded, not judged: what the pump itself")
    path = ward.parent / NAME
    path.write_text(sealed(text[:begin] + text[end:]), encoding="utf-8")
    assert drug(lambda: ward).caps is None
    assert any("no dose_cap" in one.message for one in content_warnings(parsed(path)))


@pytest.mark.req("LIB-04")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((HARD, 'hard_max = "0.4 mg/kg/h"'), "expected 0 < soft_min <= initial <= soft_max <= hard_max"),
        ((CAP, CAP.replace("0.5", "2")), "expected per_infusion <= per_course"),
        (('window = "24 h"\n', ""), "expected window and per_window together"),
        (('"clinician bolus", "pca"]', '"pca"]'), "a cap that does not count clinician bolus lets an overdose through"),
        (("warn_percent = 90", "warn_percent = 100"), "less than or equal to 99"),
        (('amount = "100 mg"', 'amount = "50 mg"'), "amount / volume is not the strength"),
        (('amount = "250 mg"\n', ""), "expected amount and volume together"),
        (('soft_max = "0.3 mg/kg"', 'soft_max = "0.4 mg/kg"'), "expected 0 < soft_max <= hard_max"),
        (("tolerance = 1.5", "tolerance = 1"), "greater than 1"),
        (("tolerance = 1.5", "tolerance = 4"), "less than or equal to 3"),
        (("factors = [24,", "factors = [9,"), "greater than or equal to 10"),
        (('released_on = "2026-11-22"', 'released_on = "22.11.2026"'), 'expected a day such as "2026-01-31"'),
        (('per_window = "1 mg/kg"', 'per_windw = "1 mg/kg"'), 'did you mean "per_window"?'),
        (('kvo = "0 mL/h"', "kvo = 0"), 'expected a rate in quotes with its unit such as "10 mL/h"'),
    ],
)
def test_a_number_that_cannot_be_meant_is_refused_with_its_key(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    assert words in structure(tmp_path, change)


@pytest.mark.req("LIB-04")
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('code = "morphine"', 'code = "fentanyl"'), 'drug[3].code: duplicate drug "fentanyl"'),
        (('aliases = ["morphine hydrochloride"]', 'aliases = ["Haldol"]'), '"haldol" is a name of "morphine" too'),
        (('label = "fentaNYL"', 'label = "SUFentanil"'), 'drug[3].label: "fentanyl (as base)" does not begin with'),
        (('label = "morphine"', 'label = "morph"'), '"morphine sulfate" does not begin with "morph"'),
        (("governed = true", "governed = false"), 'drug[0].governed: expected true: the dose of class "ketamine"'),
        (('drug = "midazolam"', 'drug = "midazolan"'), 'unknown drug "midazolan"; did you mean "midazolam"?'),
        (('drug = "midazolam"', 'drug = "fentanyl"'), 'duplicate entry for "fentanyl"'),
        (('strength = "50 mcg/mL"', 'strength = "10 mcg/mL"'), 'a concentration of "fentanyl" is listed twice'),
    ],
)
def test_what_contradicts_itself_in_a_library_is_named(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    assert any(problem in one for one in content(tmp_path, change)), content(tmp_path, change)


@pytest.mark.req("LIB-04")
def test_other_strengths_are_refused_unless_the_library_allows_a_range(ward_file: Break) -> None:
    ward = ward_file(('concentration = "1 mg/mL"', 'concentration = "3 mg/mL"'))
    problems = load_ward(ward)
    assert isinstance(problems, list)
    assert [p.message for p in problems] == [
        "3 mg/mL is not in the drug library; allowed: 1 mg/mL, 2 mg/mL, 5 mg/mL, 10 mg/mL"
    ]
    custom = '[care_area.entry.custom_concentration]\nmin = "0.5 mg/mL"\nmax = "4 mg/mL"\nsource = "for this test"\n'
    write_library(ward.parent, ("    # Judged on every status", f"    {custom}    # Judged on every status"))
    policy = drug(lambda: ward)
    assert (policy.conc_min_ug_ml, policy.conc_max_ug_ml) == (500, 10_000)


@pytest.mark.req("LIB-04")
def test_a_drug_by_another_of_its_names_is_answered_with_its_code(ward_file: Break) -> None:
    problems = load_ward(ward_file(('drug = "ketamine"', 'drug = "Ketalar"')))
    assert isinstance(problems, list)
    assert problems[0].message.endswith('did you mean "ketamine"?')
