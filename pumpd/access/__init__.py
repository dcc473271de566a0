"""Who may do what: roles, permissions, sessions as values, and the ports of sign-in and audit. Pure."""
