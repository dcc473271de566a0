"""Where things stand on a drawing, in its own units (1 is a CSS pixel at full width). One table."""

from __future__ import annotations

WIDTH = 1200
LEFT = 225  # labels of panels and lanes
RIGHT = 1060  # the plot ends here; beside it the limits of the rules
PLOT = RIGHT - LEFT
TOP = 26  # room for the marks of lost HIGH alarms
PANEL = 100
PANEL_GAP = 26
AXIS = 40  # tick labels and the axis' name
LANE = 20
LANE_GAP = 10
BAR = {"high": 16, "medium": 12, "low": 8}  # heights tell priorities apart where a bar is too short for its letter
LEAST_BAR = 3.0
LETTER = 13.0  # a bar this wide holds its letter
LEAST_GAP = 1.5
LABEL_STEP = 14.0  # labels of limits come no closer than this
