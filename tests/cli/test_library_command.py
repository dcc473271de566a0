"""`pumpd library`: check, diff, release, retire; and `run` and `check` refuse what was not released as it stands."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest
import typer

from pumpd.cli.demo import demo_ward
from pumpd.config.defaults import default_dir
from pumpd.config.library_digest import content_digest
from tests.cli.call import run
from tests.library import NAME, library_text, write_library

HARD = ('hard_max = "1.0 mg/kg/h"', 'hard_max = "1.2 mg/kg/h"')
DRAFT = ('status = "released"', 'status = "draft"')


def draft(folder: Path, *changes: tuple[str, str]) -> Path:
    return write_library(folder, DRAFT, ('version = "2026.2"', 'version = "2026.3"'), *changes)


def ward(folder: Path) -> Path:
    path = folder / "ward.toml"
    path.write_text((default_dir() / "ward.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


@pytest.mark.req("LIB-02")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (HARD, "the content was changed after its release: expected "),
        (DRAFT, "status: the library is a draft"),
        (('status = "released"', 'status = "retired"'), 'status: the library is "retired"'),
    ],
)
@pytest.mark.parametrize("command", [("run", "--config"), ("check",)])
def test_a_tampered_draft_or_retired_library_is_never_run(
    tmp_path: Path, change: tuple[str, str], words: str, command: tuple[str, ...]
) -> None:
    path = write_library(tmp_path, change, seal=False)
    code, out, err = run(*command, ward(tmp_path))
    assert code == 1
    line = next(line for line in (out + err).splitlines() if words in line)
    assert re.match(rf"{re.escape(str(path))}:\d+: ", line)


@pytest.mark.req("LIB-02")
def test_the_demo_refuses_a_tampered_library_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """demo_ward reads the demo's ward file as any ward file is read."""
    shipped = default_dir()

    class Sim:
        def ward_toml(self, **files: object) -> str:
            text = (shipped / "ward.toml").read_text(encoding="utf-8")
            return text.replace("drug_library.toml", str(write_library(tmp_path, HARD, seal=False)))

    with pytest.raises(typer.Exit) as told:
        demo_ward(tmp_path, Sim(), 0)  # type: ignore[arg-type]
    assert told.value.exit_code == 2
    assert "the content was changed after its release" in capsys.readouterr().err


@pytest.mark.req("LIB-05")
def test_check_says_whether_a_library_may_be_used(tmp_path: Path) -> None:
    code, out, _ = run("library", "check", default_dir() / NAME)
    assert (code, out.endswith("pumpd-default 2026.2, released: a ward may use it\n")) == (0, True)
    code, out, _ = run("library", "check", draft(tmp_path))
    assert (code, "a draft: no ward may use it" in out) == (0, True)
    code, _, err = run("check", default_dir() / NAME)
    assert (code, "is a drug library, not a ward file: pumpd library check" in err) == (2, True)
    code, _, err = run("library", "check", tmp_path / "none.toml")
    assert (code, "there is no file" in err) == (2, True)


@pytest.mark.req("LIB-05")
def test_check_prints_every_problem_as_file_line_key_message(tmp_path: Path) -> None:
    twice = ('strength = "50 mcg/mL"', 'strength = "10 mcg/mL"')
    path = write_library(tmp_path, ('label = "morphine"', 'label = "morph"'), twice)
    text = path.read_text(encoding="utf-8").splitlines()
    code, out, _ = run("library", "check", path)
    assert code == 1
    entry = max(
        number for number, line in enumerate(text[: text.index('    strength = "10 mcg/mL"')], 1) if "[[" in line
    )
    lines = [text.index('label = "morph"') + 1, entry]
    assert [line.split(": ")[0] for line in out.splitlines()] == [f"{path}:{number}" for number in lines]
    code, out, _ = run("library", "check", write_library(tmp_path, ("[unit_check]", "[unit_chek]")))
    assert (code, 'did you mean "unit_check"?' in out) == (1, True)


@pytest.mark.req("LIB-05")
def test_check_as_json_tells_both_digests(tmp_path: Path) -> None:
    path = write_library(tmp_path, HARD, seal=False)
    code, out, _ = run("library", "check", path, "--json")
    document = json.loads(out)
    assert (code, document["ok"], document["status"]) == (1, False, "released")
    assert document["content_sha256"] == content_digest(path.read_bytes()) != document["sha256"]
    assert [problem["key"] for problem in document["problems"]] == ["sha256"]


@pytest.mark.req("LIB-06")
def test_diff_names_drug_care_area_and_limit_and_marks_what_was_raised(tmp_path: Path) -> None:
    lowered = ('soft_max = "0.5 mg/kg/h"', 'soft_max = "0.4 mg/kg/h"')
    shorter = ('window = "24 h"', 'window = "12 h"')
    strength = ('strength = "10 mg/mL"\n    amount = "500 mg"\n    volume = "50 mL"', 'strength = "20 mg/mL"')
    new = write_library(tmp_path, HARD, lowered, shorter, strength, DRAFT)
    code, out, _ = run("library", "diff", default_dir() / NAME, new)
    assert code == 1
    about = "palliative-adult, ketamine"
    lines = out.splitlines()
    assert f"{about}: continuous.hard_max: 1 mg/kg/h -> 1.2 mg/kg/h  RAISED" in lines
    assert f"{about}: continuous.soft_max: 0.5 mg/kg/h -> 0.4 mg/kg/h" in lines
    assert f"{about}: dose_cap.window: 24 h -> 12 h  RAISED" in lines
    assert f"{about}: concentration 20 mg/mL: none -> allowed  RAISED" in lines
    assert f"{about}: concentration 10 mg/mL: allowed -> none" in lines
    assert "library: status: released -> draft" in lines
    assert lines[-1] == "3 raised"


@pytest.mark.req("LIB-06")
def test_a_limit_that_is_taken_away_is_raised_and_a_new_drug_is_not(tmp_path: Path) -> None:
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    text = library_text()
    old.write_text(text, encoding="utf-8")
    begin, end = text.index("    # Recorded, not judged by them"), text.index("    # What may have been delivered")
    new.write_text(text[:begin] + text[end:], encoding="utf-8")
    _, out, _ = run("library", "diff", old, new, "--json")
    raised = {change["key"] for change in json.loads(out)["changes"] if change["raised"]}
    assert raised == {"bolus.hard_max", "bolus.soft_max", "bolus.fastest"}
    new.write_text(
        text + '\n  [[care_area.entry]]\n  drug = "haloperidol"\n  concentration_source = "test"\n'
        '    [[care_area.entry.concentration]]\n    strength = "5 mg/mL"\n',
        encoding="utf-8",
    )
    code, out, _ = run("library", "diff", old, new)
    assert code == 0
    assert "palliative-adult, haloperidol: concentration 5 mg/mL: none -> allowed" in out.splitlines()


@pytest.mark.req("LIB-06")
def test_every_key_of_the_record_shows_in_a_diff(tmp_path: Path) -> None:
    """Whatever value of the file changes, some line says so: nothing can be changed unseen."""
    text = library_text()
    old = tmp_path / "old.toml"
    old.write_text(text, encoding="utf-8")
    silent = []
    for number, line in enumerate(text.splitlines()):
        change = _changed(line)
        if change is None:
            continue
        new = tmp_path / "new.toml"
        new.write_text("\n".join([*text.splitlines()[:number], change, *text.splitlines()[number + 1 :], ""]))
        _, out, _ = run("library", "diff", old, new)
        if out == "no difference\n":
            silent.append(line)
    assert silent == []


def _changed(line: str) -> str | None:
    """The line with another value; None for what holds none, or what cannot be another."""
    key = line.partition("=")[0].strip()
    if "=" not in line or line.lstrip().startswith("#") or key in ("schema", "sha256", "status", "counts", "class"):
        return None
    if key in ("amount", "volume", "base", "equals"):
        return None  # must fit their strength, or stand in one line of the diff with it
    if (number := re.search(r'= "?(\d+(?:\.\d+)?)(?= |"|$)', line)) is not None and "source" not in key:
        value = number[1]
        other = str(int(value) + 1) if value.isdigit() else value + "1"
        return line[: number.start(1)] + other + line[number.end(1) :]
    if " true" in line or " false" in line:
        return line.replace("true", "false") if "true" in line else line.replace("false", "true")
    return line.replace('"', '"x', 1) if '"' in line else line.replace("[24", "[25")


@pytest.mark.req("LIB-07")
def test_a_release_writes_who_when_and_the_digest_and_keeps_everything_else(tmp_path: Path) -> None:
    path = draft(tmp_path, HARD)
    path.chmod(0o640)
    before = path.read_text(encoding="utf-8").splitlines()
    code, out, _ = run("library", "release", path, "--by", "Ä. Apothekerin", "--note", 'says "why"')
    assert code == 0, out
    after = path.read_text(encoding="utf-8").splitlines()
    changed = {line.partition(" = ")[0] for old, line in zip(before, after, strict=True) if old != line}
    assert changed | {"released_on"} == {"status", "released_by", "released_on", "note", "sha256"}
    assert 'released_by = "Ä. Apothekerin"' in after
    assert 'note = "says \\"why\\""' in after
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]
    assert run("library", "check", path)[0] == 0
    assert run("check", ward(tmp_path))[0] == 0


@pytest.mark.req("LIB-07")
def test_a_release_is_refused_twice_for_a_blank_name_and_with_problems(tmp_path: Path) -> None:
    path = draft(tmp_path)
    before = path.read_bytes()
    for name in (" ", "a\nb"):
        code, _, err = run("library", "release", path, "--by", name)
        assert (code, "--by: expected" in err) == (2, True)
    assert path.read_bytes() == before
    broken = draft(tmp_path, ("governed = true", "governed = false"))
    code, out, _ = run("library", "release", broken, "--by", "A. Pharmacist")
    assert (code, "drug[0].governed: expected true" in out) == (1, True)
    path = draft(tmp_path)
    assert run("library", "release", path, "--by", "A. Pharmacist")[0] == 0
    code, out, _ = run("library", "release", path, "--by", "B. Pharmacist")
    assert (code, "2026.3 is released already" in out) == (1, True)
    assert run("library", "release", path, "--by", "B. Pharmacist", "--version", "2026.4")[0] == 0
    assert 'version = "2026.4"' in path.read_text(encoding="utf-8")
    assert 'note = ""' in path.read_text(encoding="utf-8")


@pytest.mark.req("LIB-07")
def test_a_draft_that_never_had_the_lines_gets_them_and_odd_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    text = library_text(DRAFT)
    bare = re.sub(r"(?m)^(sha256|released_by|released_on|note) = .*\n", "", text)
    path.write_text(bare, encoding="utf-8")
    assert run("library", "release", path, "--by", "A. Pharmacist")[0] == 0
    assert run("library", "check", path)[0] == 0
    path.write_text(text.replace('version = "2026.2"', '"version" = "2026.2"'), encoding="utf-8")
    code, out, _ = run("library", "release", path, "--by", "A. Pharmacist")
    assert (code, 'version: write it as version = "…"' in out) == (1, True)
    assert '"version" = ' in path.read_text(encoding="utf-8")


@pytest.mark.req("LIB-07")
def test_a_retired_library_keeps_a_right_digest_is_never_run_and_never_released_again(tmp_path: Path) -> None:
    path = write_library(tmp_path)
    assert run("library", "retire", path, "--by", "A. Pharmacist", "--note", "superseded")[0] == 0
    code, out, _ = run("library", "check", path)
    assert (code, "retired: no ward may use it any more" in out) == (0, True)
    code, out, _ = run("check", ward(tmp_path))
    assert (code, 'the library is "retired"' in out) == (1, True)
    assert run("library", "retire", path, "--by", "A. Pharmacist")[0] == 1
    assert run("library", "release", path, "--by", "A. Pharmacist", "--version", "9")[0] == 1
    path.write_text(path.read_text(encoding="utf-8").replace("superseded", "withdrawn"), encoding="utf-8")
    assert run("library", "check", path)[0] == 1
