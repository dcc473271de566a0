"""How concentrations are predicted is configuration: the shipped numbers with their sources, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from pumpd.config.load import inspect_ward
from pumpd.config.pk_file import PkFile
from pumpd.config.read import Parsed, read_record
from tests.clinical.pk_models import PK
from tests.config.conftest import Break

TEXT = (default_dir() / "pharmacokinetics.toml").read_text(encoding="utf-8")


def problems(tmp_path: Path, old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    path = tmp_path / "pk.toml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    found = read_record(path, PkFile)
    assert isinstance(found, list)
    return "\n".join(str(problem).removeprefix(f"{tmp_path}/") for problem in found)


@pytest.mark.req("PK-03")
def test_the_shipped_file_holds_the_published_parameters_and_a_source_for_each() -> None:
    by_name = {model.name: model for model in PK.models}
    assert list(by_name) == ["Domino 1982", "Kamp 2020", "Clements 1981", "Hijazi 2003"]
    domino, kamp = by_name["Domino 1982"], by_name["Kamp 2020"]
    assert domino.central_l == 4.41
    assert domino.out_per_h == pytest.approx(0.4381 * 60)
    assert domino.sides[1] == pytest.approx((0.590 * 60, 0.0146 * 60))
    assert (kamp.central_l, kamp.out_per_h) == (25, 84 / 25)
    assert kamp.sides == ((161 / 25, 161 / 56), (79 / 25, 79 / 157))
    assert len(by_name["Hijazi 2003"].sides) == 1
    assert all("PMID" in model.source or "doi" in model.source for model in PK.models)
    assert {(band.low_ng_ml, band.high_ng_ml) for band in PK.bands} == {(40, 150), (70, 160), (50, 200), (1200, 2400)}
    assert {(point.name, point.ng_ml) for point in PK.points} == {
        ("0.5 mg/kg oral", 40),
        ("0.5 mg/kg intramuscular", 150),
    }
    assert all(one.source for one in (*PK.bands, *PK.points))
    said = " ".join(PK.limits)
    assert all(word in said for word in ("adults", "liver, kidney", "CYP", "norketamine"))


@pytest.mark.req("PK-03")
def test_a_ward_reads_the_shipped_file_unless_it_names_its_own(ward_file: Break) -> None:
    path = ward_file()
    loaded = inspect_ward(path)
    assert loaded.ward is not None, [str(p) for p in loaded.problems]
    assert loaded.ward.pharmacokinetics == PK
    assert any(name.endswith("pharmacokinetics.toml") for name in loaded.ward.files)
    (path.parent / "ours.toml").write_text(TEXT.replace("nothing_below = 0.5", "nothing_below = 2"), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[alarms]", '[pharmacokinetics]\nfile = "ours.toml"\n\n[alarms]', 1), encoding="utf-8")
    loaded = inspect_ward(path)
    assert loaded.ward is not None, [str(p) for p in loaded.problems]
    assert loaded.ward.pharmacokinetics is not None
    assert loaded.ward.pharmacokinetics.nothing_below_ng_ml == 2


@pytest.mark.req("PK-03")
@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("volume = 4.41", "volume = 0", "model[0].volume"),
        ("volume = 4.41", "volume = nan", "model[0].volume"),
        ("volume = 4.41\n", "", 'expected "volume" with "per_min", or "volumes" with "clearances"'),
        ("volumes = [25, 56, 157]", "volumes = [25, 56]", "expected a clearance for each of the volumes"),
        ("clearances = [84, 161, 79]", "clearances = [84, 56, 157]", "make one of them"),
        (", k31 = 0.0146 }", " }", "k13 and k31 belong together"),
        ("k13 = 0.590, k31 = 0.0146", "k13 = 0.590, k31 = 0.247", "make one compartment of them"),
        ("low = 1200", "low = 2400", "expected low < high"),
        ('weight_min = "40 kg"', 'weight_min = "120 kg"', "expected weight_min < weight_max"),
        ('every = "1 min"', 'every = "10 min"', "shown.every"),
        ('reference_weight = "70 kg"', "reference_weight = 70", "expected a weight"),
        ("doubt_percent = 10", "doubt_percnt = 10", 'did you mean "doubt_percent"?'),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, old: str, new: str, found: str) -> None:
    text = problems(tmp_path, old, new)
    assert found in text
    assert text.startswith("pk.toml:")


@pytest.mark.req("PK-03")
def test_a_single_model_is_no_band(tmp_path: Path) -> None:
    first, *_ = TEXT.split("[[model]]")
    path = tmp_path / "pk.toml"
    head = '[[model]]\nname = "One"\nsource = "somebody"\nclearance_exponent = 1\n'
    one = head + "volumes = [25, 56]\nclearances = [8, 16]\n"
    path.write_text(first + one, encoding="utf-8")
    assert isinstance(read_record(path, PkFile), list)
    path.write_text(first + one + one.replace("One", "Two"), encoding="utf-8")
    assert isinstance(read_record(path, PkFile), Parsed)
