"""The conformance kit: every driver against its captures and its simulated device, in virtual time and on real lines.

    python -m pumpd.sim.conformance acme_one --captures captures/acme_one

`Check.findings(case)` is all there is: the list of what is wrong, empty where a driver conforms.
"""

from pumpd.sim.conformance.captures import CapturesError, read_captures
from pumpd.sim.conformance.case import Case, case_of
from pumpd.sim.conformance.checks import CHECKS, Check

__all__ = ["CHECKS", "CapturesError", "Case", "Check", "case_of", "read_captures"]
