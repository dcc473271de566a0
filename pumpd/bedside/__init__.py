"""The shell of one bed: device sessions, the kernel's clock and inbox, the commander."""
