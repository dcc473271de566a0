"""Which passwords and PINs may be chosen. Pure.

NIST SP 800-63B, 3.1.1: length counts, no rules of composition, no hints; a list of what everybody tries is refused, and
so is what contains the account's own name.
"""

from __future__ import annotations

import itertools
import unicodedata

from pumpd.access.policy import SecretRules

OWN_NAME = 4
"""An account's name of at least so many letters may not be most of its password."""


def normal(secret: str) -> str:
    """One form of a text, however the keyboard composed its letters (NIST SP 800-63B, 3.1.1.2: NFKC)."""
    return unicodedata.normalize("NFKC", secret)


def password_problems(password: str, account: str, rules: SecretRules) -> tuple[str, ...]:
    """Why not, in words; empty: it may be used."""
    text = normal(password)
    found = []
    if len(text) < rules.password_min:
        found.append(f"a password has at least {rules.password_min} characters")
    if len(text) > rules.password_max:
        found.append(f"a password has at most {rules.password_max} characters")
    if _plain(text) in rules.refused or _one_row(text):
        found.append("this password is one of the first that anybody would try")
    elif len(account) >= OWN_NAME and len(text.lower().replace(account, "")) <= rules.password_min // 2:
        found.append("a password is not the account's name with a little more")
    return tuple(found)


def pin_problems(pin: str, rules: SecretRules) -> tuple[str, ...]:
    """Why not, in words; empty: it may be used."""
    if not (pin.isascii() and pin.isdecimal()):
        return ("a PIN consists of digits",)
    if not rules.pin_min <= len(pin) <= rules.pin_max:
        return (f"a PIN has {rules.pin_min} to {rules.pin_max} digits",)
    return ("this PIN is one of the first that anybody would try",) if _one_row(pin) or _repeated(pin) else ()


def _plain(text: str) -> str:
    return text.lower().replace(" ", "")


def _one_row(text: str) -> bool:
    """One character again and again, or a run such as 456789, 890123 or fedcba."""
    span = 10 if text.isdecimal() else 1 << 21
    steps = {(ord(b) - ord(a)) % span for a, b in itertools.pairwise(text)}
    return len(steps) <= 1 and steps <= {0, 1, span - 1}


def _repeated(pin: str) -> bool:
    """1212, 123123: a beginning of two or three digits again and again."""
    return any(pin == pin[:n] * (len(pin) // n) for n in (2, 3) if len(pin) % n == 0 and len(pin) > n)
