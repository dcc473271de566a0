"""A key's line is found in any TOML that people write."""

from __future__ import annotations

import tomllib
from typing import Any

from pumpd.config.toml_lines import Path, dotted, locate, scan

TEXT = """\
# [comment] = 1
title = "a # b [c]"

[server]   # a table
host = "x"
"quoted key" = 1
list = [
  "one",   # ]
  "key = 2",
]
long = '''
[not.a.table]
key = 3
'''
a.b.c = 1
inline = { x = 1, y = [1, 2] }

[[bed]]
id = 1
[[bed.pump]]
id = 2
[[bed.pump]]
id = 3
[bed.pump.ceiling]
hard = 1

[[bed]]
[[bed.pump]]
id = 4
"""


def walk(value: Any, path: Path = ()) -> list[Path]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [one for key, child in items for one in walk(child, (*path, key))]


def test_every_key_of_a_table_is_found_on_its_line() -> None:
    lines, rows = scan(TEXT), TEXT.splitlines()
    for path in (("title",), ("server", "host"), ("server", "list"), ("server", "long"), ("server", "inline")):
        assert rows[lines[path] - 1].startswith(str(path[-1]))
    assert rows[lines["server", "a", "b", "c"] - 1] == "a.b.c = 1"
    assert lines["bed", 0, "pump", 1, "id"] == rows.index("id = 3") + 1
    assert lines["bed", 0, "pump", 1, "ceiling", "hard"] == rows.index("hard = 1") + 1
    assert lines["bed", 1, "pump", 0, "id"] == rows.index("id = 4") + 1


def test_nothing_inside_a_string_or_a_list_is_taken_for_a_key() -> None:
    real = set(walk(tomllib.loads(TEXT)))
    assert set(scan(TEXT)) <= real


def test_every_place_of_the_document_has_a_line_near_it() -> None:
    lines = scan(TEXT)
    for path in walk(tomllib.loads(TEXT)):
        assert 1 <= locate(lines, path) <= len(TEXT.splitlines())
    assert locate(lines, ("server", "inline", "y", 1)) == lines["server", "inline"]
    assert locate(lines, ("bed", 1, "missing")) == lines["bed", 1]


def test_a_path_reads_like_code() -> None:
    assert dotted(("bed", 1, "pump", 0, "driver")) == "bed[1].pump[0].driver"
