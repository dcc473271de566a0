"""Opioid factors are configuration: the shipped numbers, a ward's own file and choice, what is wrong at its line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from pumpd.clinical.entries import Route
from pumpd.clinical.mme_tables import OpioidTables, Per
from pumpd.config.defaults import default_dir
from pumpd.config.load import inspect_ward
from pumpd.config.opioid_file import OpioidFile, rate_of
from pumpd.config.opioids import default_opioids
from tests.config.conftest import Break

SHIPPED = (default_dir() / "opioids.toml").read_text(encoding="utf-8")


def ward_with(ward_file: Break, *changes: tuple[str, str], more: str = "") -> Path:
    """A ward beside whose file lies its own opioid file, changed in these places."""
    text = SHIPPED
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = ward_file(more=more)
    (path.parent / "opioids.toml").write_text(text, encoding="utf-8")
    return path


def tables_of(path: Path) -> OpioidTables:
    loaded = inspect_ward(path)
    assert loaded.ward is not None, [str(problem) for problem in loaded.problems]
    return loaded.ward.opioids


# --- the shipped file


@pytest.mark.req("MME-02")
@pytest.mark.parametrize(
    ("table", "factors"),
    [
        (
            "cdc-2022",
            "codeine 0.15, hydrocodone 1, hydromorphone 5, methadone 4.7, morphine 1, oxycodone 1.5, oxymorphone 3, "
            "tapentadol 0.4, tramadol 0.2",
        ),
        ("cdc-2016", "codeine 0.15, hydrocodone 1, hydromorphone 4, morphine 1, oxycodone 1.5, oxymorphone 3"),
        (
            "nih-heal-2024",
            "codeine 0.15, dihydrocodeine 0.25, hydrocodone 1, hydromorphone 5, methadone 4.7, morphine 1, "
            "oxycodone 1.5, oxymorphone 3, tapentadol 0.3, tramadol 0.2, levorphanol 11, meperidine 0.1, "
            "pentazocine 0.37, opium 1",
        ),
    ],
)
def test_the_shipped_oral_factors_are_the_published_ones_and_no_others(table: str, factors: str) -> None:
    expected = {name: Fraction(number) for name, number in (pair.split(" ") for pair in factors.split(", "))}
    chosen = default_opioids().choosing(table).table()
    oral = [one for one in chosen.factors if Route.ORAL in one.routes and len(one.bands) == 1]
    assert {one.drug: one.bands[0].factor for one in oral} == expected
    assert {one.per for one in oral} == {Per.MG}
    patch = chosen.find("fentanyl", Route.TRANSDERMAL)
    assert patch is not None
    assert (patch.per, patch.bands[0].factor) == (Per.MCG_H, Fraction(12, 5))


@pytest.mark.req("MME-02", "MME-03")
def test_every_number_has_a_source_and_the_parenteral_ones_are_labelled_as_the_sites_own() -> None:
    tables = default_opioids()
    assert tables.chosen == "cdc-2022"
    assert all(one.source for table in (*tables.tables, tables.parenteral) for one in table.factors)
    own = tables.parenteral
    assert own.label == "equianalgesic, institution-specific"
    assert own.owner
    assert {(one.drug, one.per, one.bands[0].factor) for one in own.factors} == {
        ("morphine", Per.MG, 3),
        ("hydromorphone", Per.MG, 20),
        ("fentanyl", Per.MCG, Fraction(3, 10)),
        ("oxymorphone", Per.MG, 30),
    }
    assert all(set(one.routes) == {Route.INTRAVENOUS} for one in own.factors)


@pytest.mark.req("MME-05")
def test_ketamine_is_known_and_counts_nothing() -> None:
    found = default_opioids().find("Ketamine Hydrochloride")
    assert found is not None
    assert (found.code, found.counts) == ("ketamine", False)


@pytest.mark.parametrize("name", ["MS Contin", "ms-contin", "Morphine  Sulfate", "MORPHINE", "mst"])
def test_a_drug_is_known_by_its_other_names(name: str) -> None:
    found = default_opioids().find(name)
    assert found is not None
    assert found.code == "morphine"


def test_a_table_that_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(KeyError, match='no table "cdc-2026"; did you mean "cdc-2022"'):
        default_opioids().choosing("cdc-2026")


# --- a ward's own choice and file


@pytest.mark.req("MME-02")
def test_a_ward_has_the_shipped_file_unless_it_names_another_and_may_choose_the_table(ward_file: Break) -> None:
    assert tables_of(ward_file()).chosen == "cdc-2022"
    assert tables_of(ward_file(more='[opioids]\nfile = "opioids.toml"\ntable = "cdc-2016"\n')).chosen == "cdc-2016"


@pytest.mark.req("MME-02")
def test_a_table_that_the_file_does_not_have_is_refused_at_its_line(ward_file: Break) -> None:
    loaded = inspect_ward(ward_file(more='[opioids]\nfile = "opioids.toml"\ntable = "cdc-2006"\n'))
    (problem,) = loaded.problems
    assert problem.key == "opioids.table"
    assert problem.message == 'there is no table "cdc-2006" in opioids.toml; did you mean "cdc-2016"?'


@pytest.mark.req("MME-03")
def test_a_site_owns_its_parenteral_table(ward_file: Break) -> None:
    path = ward_with(
        ward_file,
        ('owner = "nobody yet: to be reviewed by the site"', 'owner = "P&T committee, 2026-03"'),
        (
            '{ drug = "morphine", routes = ["iv"], mme = "3 per mg" }',
            '{ drug = "morphine", routes = ["iv", "sc"], mme = "2.5 per mg" }',
        ),
        ('pumps = "iv"', 'pumps = "sc"'),
    )
    tables = tables_of(path)
    assert (tables.parenteral.owner, tables.pump_route) == ("P&T committee, 2026-03", Route.SUBCUTANEOUS)
    found = tables.factor("morphine", Route.SUBCUTANEOUS)
    assert found is not None
    assert found[1].bands[0].factor == Fraction(5, 2)


@pytest.mark.req("MME-04")
def test_names_of_the_drug_library_are_known_and_what_is_no_opioid_there_counts_nothing(ward_file: Break) -> None:
    tables = tables_of(ward_file())
    for code in ("morphine", "hydromorphone", "fentanyl", "ketamine"):
        assert tables.find(code) is not None
    haloperidol = tables.find("haloperidol")
    assert haloperidol is not None
    assert not haloperidol.counts


@pytest.mark.req("MME-04")
def test_an_opioid_of_the_library_that_the_file_does_not_know_is_warned_of(ward_file: Break) -> None:
    start = SHIPPED.index('[[drug]]\ncode = "fentanyl"')
    fentanyl = SHIPPED[start : SHIPPED.index("[[drug]]", start + 1)]
    path = ward_with(ward_file, (fentanyl, ""))
    text = (path.parent / "opioids.toml").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if '{ drug = "fentanyl"' not in line]
    (path.parent / "opioids.toml").write_text("\n".join(rows), encoding="utf-8")
    loaded = inspect_ward(path)
    warned = [str(one) for one in loaded.warnings if "fentanyl" in str(one)]
    assert len(warned) == 1
    assert (
        'opioid "fentanyl" of the drug library is no drug of this file: every MME total with it is incomplete'
        in warned[0]
    )
    assert loaded.ward is not None
    assert loaded.ward.opioids.find("fentanyl") is not None
    assert loaded.ward.opioids.factor("fentanyl", Route.INTRAVENOUS) is None


# --- what is wrong


@pytest.mark.req("MME-02")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'table = "cdc-2022"\n\n',
            'table = "cdc-2023"\n\n',
            'table: there is no table "cdc-2023"; did you mean "cdc-2022"?',
        ),
        (
            '{ drug = "tapentadol", routes = ["oral"], mme = "0.4 per mg" }',
            '{ drug = "tapentadoll", routes = ["oral"], mme = "0.4 per mg" }',
            'unknown drug "tapentadoll"; did you mean "tapentadol"?',
        ),
        ('mme = "0.25 per mg"', 'mme = "0.25"', 'expected MME per unit such as "1.5 per mg", found "0.25"'),
        ('mme = "0.16 per mcg"', 'mme = "0.16 per ug"', 'unit "ug" is none of mg, mcg, mcg/h'),
        ('mme = "0.16 per mcg"', 'mme = "0 per mcg"', "expected more than 0: leave out what has no factor"),
        ('mme = "2.2 per mcg/h"', 'mme = "2.2 per mcg"', 'a patch is "per mcg/h"'),
        ('mme = "38.8 per mg"', 'mme = "38.8 per mcg/h"', 'a patch is "per mcg/h"'),
        ('up_to = "40 mg"', 'up_to = "10 mg"', "expected each step's up_to above the one before"),
        ('up_to = "40 mg", mme = "8 per mg"', 'mme = "8 per mg"', "only the last may have none"),
        ('mme = "10 per mg"', 'mme = "7 per mg"', "expected factors that do not fall"),
        ('up_to = "40 mg"', "up_to = 40", 'expected an amount in quotes with its unit such as "20 mg"'),
        (
            '{ drug = "opium", routes = ["oral"], mme = "1 per mg" }',
            '{ drug = "opium", routes = ["iv"], mme = "1 per mg" }',
            '"iv" belongs into [parenteral]',
        ),
        (
            '{ drug = "oxymorphone", routes = ["iv"], mme = "30 per mg" }',
            '{ drug = "morphine", routes = ["iv"], mme = "30 per mg" }',
            "morphine iv has a factor in this table already",
        ),
        ('id = "nih-heal-2024"', 'id = "cdc-2016"', 'there is a table "cdc-2016" already'),
        ('aliases = ["Dipidolor"]', 'aliases = ["MST"]', '"MST" is already a name of morphine'),
        ('code = "levorphanol"', 'code = "morphine"', 'there is a drug "morphine" already'),
        ('from = "12 h"', 'from = "48 h"', "expected from <= to"),
        ('pumps = "iv"', 'pumps = "oral"', 'expected "iv", "sc", "im", found "oral"'),
    ],
)
def test_what_is_wrong_is_told_at_its_key(ward_file: Break, old: str, new: str, said: str) -> None:
    problems = [str(problem) for problem in inspect_ward(ward_with(ward_file, (old, new))).problems]
    assert problems, "accepted"
    assert any(said in problem and "opioids.toml:" in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("text", "found"),
    [("2.4 per mcg/h", (Fraction(12, 5), Per.MCG_H)), ("0.15 per mg", (Fraction(3, 20), Per.MG))],
)
def test_a_factor_is_read_exactly(text: str, found: tuple[Fraction, Per]) -> None:
    assert rate_of(text) == found


def test_the_file_has_a_schema() -> None:
    assert "parenteral" in OpioidFile.model_json_schema(by_alias=True)["properties"]
