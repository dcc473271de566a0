"""Sign-in: accounts, sessions, machine tokens and grants at shared screens. Implements pumpd.access.port.AccessPort."""

from pumpd.signin.service import SignIn

__all__ = ["SignIn"]
