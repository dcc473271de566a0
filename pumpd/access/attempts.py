"""How often somebody may guess. Pure: `now` is an argument.

Failures are counted, for the account that was named (whether or not there is one) and for the address that asked. What
somebody types in time and right costs nothing. At an address from which the account has signed in before it is counted
apart, so that a stranger who guesses at a nurse's password from elsewhere cannot lock her out of her own screen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from pumpd.access.policy import RateLimit

MOST_KEYS = 20_000


class Attempts:
    """begin() before a secret is looked at; right() when it was right."""

    def __init__(self, limits: Sequence[RateLimit], most_keys: int = MOST_KEYS) -> None:
        self._limits, self._most_keys = tuple(limits), most_keys
        self._longest_ms = max((limit.per_ms for limit in limits), default=0)
        self._times: dict[str, deque[int]] = {}
        self._known: dict[tuple[str, str], None] = {}

    def begin(self, account: str, address: str, now_ms: int) -> int:
        """0: go on, and it is counted. Else how many milliseconds are left until one may try; nothing is counted."""
        keys = self._keys(account, address)
        wait_ms = max(self._wait_ms(key, now_ms) for key in keys)
        if not wait_ms:
            for key in keys:
                self._count(key, now_ms)
        return wait_ms

    def right(self, account: str, address: str, began_ms: int) -> None:
        """The attempt that began then was no guess: it is taken back, and the account is known at this address."""
        for key in self._keys(account, address):
            self._take_back(key, began_ms)
        self._known.pop((account, address), None)
        self._known[(account, address)] = None
        _bound(self._known, self._most_keys)

    def known(self, account: str, address: str) -> bool:
        """Has the account signed in from this address before?"""
        return (account, address) in self._known

    def _keys(self, account: str, address: str) -> tuple[str, str]:
        own = f"account {account} at {address}" if self.known(account, address) else f"account {account}"
        return own, f"address {address}"

    def _wait_ms(self, key: str, now_ms: int) -> int:
        times = self._times.get(key, ())
        return max((_wait_ms(times, limit, now_ms) for limit in self._limits), default=0)

    def _count(self, key: str, now_ms: int) -> None:
        times = self._times.pop(key, None) or deque()
        while times and now_ms - times[0] >= self._longest_ms:
            times.popleft()
        times.append(now_ms)
        self._times[key] = times  # the last one tried is the last one forgotten
        _bound(self._times, self._most_keys)

    def _take_back(self, key: str, began_ms: int) -> None:
        times = self._times.get(key)
        if times is not None and began_ms in times:
            times.remove(began_ms)
            if not times:
                del self._times[key]


def _wait_ms(times: Iterable[int], limit: RateLimit, now_ms: int) -> int:
    """Until fewer than the limit's count lie within its time."""
    recent = [time for time in times if now_ms - time < limit.per_ms]
    return 0 if len(recent) < limit.count else limit.per_ms - (now_ms - recent[-limit.count])


def _bound(kept: dict[str, deque[int]] | dict[tuple[str, str], None], most: int) -> None:
    while len(kept) > most:
        kept.pop(next(iter(kept)))  # type: ignore[call-overload]
