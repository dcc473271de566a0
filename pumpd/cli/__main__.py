"""`python -m pumpd.cli` is `pumpd`."""

from pumpd.cli import main

main()
