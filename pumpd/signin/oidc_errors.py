"""How an identity provider can fail us; apart, because pumpd.signin.oidc is imported only where one is configured."""

from __future__ import annotations


class ProviderDown(RuntimeError):
    """It does not answer, or not as an identity provider does; the message says what happened."""


class NotBelieved(RuntimeError):
    """It, or the browser, brought something that proves nothing; the message says what."""
