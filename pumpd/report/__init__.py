"""The report of a course of low-dose ketamine, from the journal: HTML, CSV, JSON."""
