"""A small OpenID provider on a real port: real RSA keys, a page to sign in on, codes of one use, PKCE; its faults."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "pumpd-ward-4b", "a client's secret: with / and %"
PEOPLE = {
    "pat": {"sub": "u-1", "preferred_username": "p.ruiz", "name": "Pat Ruiz RN", "groups": ["ward-nurses", "choir"]},
    "vera": {"sub": "u-2", "preferred_username": "vera", "name": "Vera Gast", "groups": ["choir"]},
    "mallory": {"sub": "u-3", "preferred_username": "p.ruiz", "name": "Pat Ruiz RN", "groups": ["ward-nurses"]},
    "kim": {"sub": "u-4", "preferred_username": "klee", "name": "Kim Lee RN", "groups": ["ward-nurses"]},
}
KEYS = [RSAKey.generate_key(2048, {"kid": f"key-{n}", "use": "sig"}) for n in (1, 2)]
Claims = dict[str, Any]


class Provider:
    """`with Provider() as one:` answers at `one.issuer`, another site than 127.0.0.1.

    change: what it does to the claims of an id token. sign: how it signs it. held: it takes questions, and answers
    none before this is set.
    """

    def __init__(self) -> None:
        self.redirects: set[str] = set()
        self.key, self.published = KEYS[0], [KEYS[0]]
        self.change: Callable[[Claims], Claims] = lambda claims: claims
        self.sign: Callable[[Claims], str] = self._signed
        self.held = threading.Event()
        self.held.set()
        self.says_issuer = ""
        self.asked: list[str] = []
        self._codes: dict[str, Claims] = {}
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.issuer = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> Provider:
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.02))
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def rotate(self) -> None:
        """Another key signs from now on, and only that is published."""
        self.key, self.published = KEYS[1], [KEYS[1]]

    def discovery(self) -> Claims:
        at = self.issuer
        return {
            "issuer": self.says_issuer or at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def keys(self) -> Claims:
        strange = {"kty": "OKP", "crv": "of the future", "x": "AA", "kid": "later"}
        return {"keys": [strange, *(key.as_dict(private=False) for key in self.published)]}

    def code(self, asked: dict[str, str], person: str) -> str:
        """The person has signed in for what was asked."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked | {"person": person}
        return code

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        expected = base64.b64encode(f"{_form(CLIENT)}:{_form(SECRET)}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = _half(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        access, now_s = secrets.token_urlsafe(16), int(time.time())
        claims: Claims = PEOPLE[asked["person"]] | {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now_s,
            "exp": now_s + 300,
            "nonce": asked["nonce"],
            "at_hash": _half(hashlib.sha256(access.encode()).digest()[:16]),
        }
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": self.sign(self.change(claims))}

    def _signed(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)


def unsigned(claims: Claims) -> str:
    """A token of which nobody vouches for anything (alg none)."""
    head, body = (_half(json.dumps(part).encode()) for part in ({"alg": "none", "typ": "JWT"}, claims))
    return f"{head}.{body}."


def _half(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _form(text: str) -> str:
    return urlencode({"": text})[1:]


PAGE = """<!doctype html><html lang="en"><link rel="icon" href="data:,">
<title>Hospital login</title><h1>Hospital login</h1>
<form method="post"><label>Who <input name="person"></label>
<button>Continue</button>
<button name="no" value="1">Cancel</button></form><p>for {client}</p></html>"""


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        path = self._path()
        if path == "/.well-known/openid-configuration":
            self._json(200, self.provider.discovery())
        elif path == "/keys":
            self._json(200, self.provider.keys())
        elif path == "/authorize":
            page = PAGE.format(client=html.escape(self._query().get("client_id", "")))
            self._send(200 if self._may_ask() else 400, page.encode(), {"content-type": "text/html"})
        else:
            self._json(404, {})

    def do_POST(self) -> None:
        path, length = self._path(), int(self.headers.get("content-length", 0))
        form = flat(self.rfile.read(length).decode())
        if path == "/token":
            self._json(*self.provider.exchange(form, self.headers.get("authorization", "")))
        elif path == "/authorize" and self._may_ask():
            asked = self._query()
            given = {"error": "access_denied"} if "no" in form else {"code": self.provider.code(asked, form["person"])}
            given |= {"state": asked["state"], "iss": self.provider.issuer}
            self._send(303, b"", {"location": f"{asked['redirect_uri']}?{urlencode(given)}"})
        else:
            self._json(400, {})

    def _path(self) -> str:
        path = urlsplit(self.path).path
        self.provider.asked.append(path)
        self.provider.held.wait()
        return path

    def _query(self) -> dict[str, str]:
        return flat(urlsplit(self.path).query)

    def _may_ask(self) -> bool:
        asked = self._query()
        expected = {"client_id": CLIENT, "response_type": "code", "code_challenge_method": "S256"}
        right = all(asked.get(key) == value for key, value in expected.items())
        return right and asked.get("redirect_uri") in self.provider.redirects and "openid" in asked["scope"].split()

    def _json(self, status: int, said: Claims) -> None:
        self._send(status, json.dumps(said).encode(), {"content-type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def flat(query: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(query).items()}
