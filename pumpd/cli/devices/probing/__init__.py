"""How a device on a line is identified: what may be sent, what is heard, and how sure that makes us."""
