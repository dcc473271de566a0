"""The bill of materials of what is shipped, as CycloneDX 1.6: `make sbom` (or python tools/sbom.py > pumpd.cdx.json).

Named are pumpd, each package that it needs at run time with the version that is installed here (extras too, but for
`dev`), and every file of others in pumpd/dashboard/vendor. The same installation gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

import pumpd

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "pumpd" / "dashboard" / "vendor"
NAME, DEV = "pumpd", "dev"
OF_OURS = frozenset({"vendor.json"})
NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562's for URLs


def main() -> None:
    """Print it."""
    json.dump(document(), sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


def document() -> dict[str, Any]:
    """The whole bill."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = [*map(_package, needed(required(project)).values()), *_vendored()]
    parts.sort(key=lambda part: str(part["bom-ref"]))
    own = {"type": "application", **_named(NAME, pumpd.__version__), "licenses": [{"expression": project["license"]}]}
    serial = uuid.uuid5(NAMESPACE, json.dumps([own, parts], sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": own},
        "components": parts,
        "dependencies": [{"ref": own["bom-ref"], "dependsOn": sorted(part["bom-ref"] for part in parts)}],
    }


def required(project: dict[str, Any]) -> list[str]:
    """By pumpd itself, and by each extra but `dev`."""
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *(text for extra, texts in extras.items() if extra != DEV for text in texts)]


def needed(first: Iterable[str]) -> dict[str, Distribution]:
    """All that is needed to run, by its plain name; what another platform or nobody here needs is left out."""
    found, seen = dict[str, Distribution](), set[tuple[str, str]]()
    waiting = [(text, "") for text in first]
    while waiting:
        text, extra = waiting.pop()
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        try:
            one = distribution(wanted.name)
        except PackageNotFoundError:
            continue  # an extra that is not installed
        name = plain(wanted.name)
        found[name] = one
        fresh = [more for more in ("", *sorted(wanted.extras)) if (name, more) not in seen]
        seen.update((name, more) for more in fresh)
        waiting += [(text, more) for more in fresh for text in one.requires or ()]
    return found


def plain(name: str) -> str:
    """As PyPI compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(one: Distribution) -> dict[str, Any]:
    part = {"type": "library", **_named(plain(str(one.metadata["Name"])), one.version)}
    return part | ({"licenses": licences} if (licences := _licences(one)) else {})


def _named(name: str, version: str) -> dict[str, str]:
    url = f"pkg:pypi/{name}@{version}"
    return {"bom-ref": url, "name": name, "version": version, "purl": url}


def _licences(one: Distribution) -> list[dict[str, Any]]:
    said = one.metadata.json
    if expression := said.get("license_expression"):
        return [{"expression": str(expression)}]
    classified = [text for text in said.get("classifier", ()) if text.startswith("License ::")]
    names = [text.rpartition(" :: ")[2] for text in classified] or [str(said.get("license", ""))]
    return [{"license": {"name": name.splitlines()[0][:80]}} for name in names if name.strip()]


def _vendored() -> list[dict[str, Any]]:
    """Files of others that the page loads, with the digests that the browser checks, and what comes with them."""
    table = {row["file"]: row for row in json.loads((VENDOR / "vendor.json").read_text(encoding="utf-8"))["files"]}
    files = [file for file in sorted(VENDOR.iterdir()) if file.is_file() and file.name not in OF_OURS]
    return [_file(file, table.get(file.name)) for file in files]


def _file(file: Path, row: dict[str, str] | None) -> dict[str, Any]:
    data = file.read_bytes()
    part: dict[str, Any] = {
        "type": "file",
        "bom-ref": f"file:{file.relative_to(ROOT)}",
        "name": str(file.relative_to(ROOT)),
        "hashes": [
            {"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()},
            {"alg": "SHA-384", "content": hashlib.sha384(data).hexdigest()},
        ],
    }
    if row is None:
        return part
    if row["sha384"] != f"sha384-{base64.b64encode(hashlib.sha384(data).digest()).decode()}":
        raise SystemExit(f"{file}: is not the file that vendor.json names")
    package = row["package"].replace("@", "%40")
    licence = [{"license": {"id": row["licence"]}}]
    return part | {"version": row["version"], "purl": f"pkg:npm/{package}@{row['version']}", "licenses": licence}


if __name__ == "__main__":
    main()
