# pumpd: two commands matter, `make demo` and `make test`. Needs Python >= 3.11 and make, nothing else.
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 3

.PHONY: install demo test check bench trace chaos properties fuzz sbom clean
.DEFAULT_GOAL := install

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	"$(PYTHON)" -c 'import sys; sys.exit("pumpd needs Python >= 3.11, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	"$(PYTHON)" -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,postgres]'
	@touch "$(STAMP)"

demo: $(STAMP)
	"$(BIN)/python" -m pumpd.cli demo $(ARGS)

# a file's tests stay together and in order (the browser's come last: beside its loop no async test can run); what is
# left by one core is taken by the other; three at once, because many tests wait for lines and screens. ARGS='-n 0' runs
# them in one process, as for a debugger.
test: $(STAMP)
	"$(BIN)/python" -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(STAMP)
	"$(BIN)/python" tools/check.py

bench: $(STAMP)  # one report in build/bench; ARGS='g9 g10', '--quick', '--peers' (by npm), '--strict'
	"$(BIN)/python" -m tests.bench $(ARGS)

trace: $(STAMP)
	"$(BIN)/python" tools/trace.py

chaos: $(STAMP)  # single faults, then a storm of MINUTES (20) with SEED (a new one, printed)
	"$(BIN)/python" -m pytest tests/chaos $(ARGS)
	"$(BIN)/python" -m tests.chaos.storm --minutes $(or $(MINUTES),20) $(if $(SEED),--seed $(SEED))

properties: $(STAMP)  # new examples for MINUTES (10); `make test` plays the same few every time
	PUMPD_HYPOTHESIS_MINUTES=$(or $(MINUTES),10) "$(BIN)/python" -m pytest tests/properties -s -k no_order

fuzz: $(STAMP)  # mutated bytes at every driver, and at everything that reads HL7, for MINUTES (10) each
	PUMPD_HYPOTHESIS_MINUTES=$(or $(MINUTES),10) "$(BIN)/python" -m pytest tests/properties/test_drivers.py tests/properties/test_hl7.py -s -k no_bytes -n 0

sbom: $(STAMP)  # CycloneDX 1.6 of what is installed and of every vendored file
	"$(BIN)/python" tools/sbom.py > pumpd.cdx.json

clean:
	rm -rf "$(VENV)" .pytest_cache .mypy_cache .ruff_cache
