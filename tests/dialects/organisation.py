"""An organisation whose apps speak other systems' dialects, its apps, and the people who come by its links."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from urllib.parse import quote, urljoin

import jwt
import requests

from desk import PATIENCE, SCOPES, Tenant

DIALECTS = ["jiomeet", "metered", "proconf", "datagram"]


@dataclass
class Place:
    """Where the rooms are. Nobody goes there."""

    url: str


class Organisation(Tenant):
    """A new one."""

    def __init__(self, desk, *spoken, **settings):
        tenant = desk.tenant()
        super().__init__(desk, tenant.name, tenant._credential)
        self.url = desk.url
        self._apps = 0
        self.speak(*(spoken or DIALECTS), **settings)

    def speak(self, *spoken, **settings):
        """Only these, from now on."""
        self.desk.call("PATCH", f"/v1/tenants/{self.name}/dialects", {"spoken": list(spoken), **settings})

    def app(self, *scopes, auth=None):
        """A new app, as it is shown this once."""
        self._apps += 1
        words = [word for scope in scopes or [*SCOPES, "tokens:wildcard"] for word in ("--scope", scope)]
        if auth:
            words += ["--auth", auth]
        return self.desk.run("app", "add", f"app-{self._apps}", "--tenant", self.name, *words)

    def credential(self, *scopes):
        return self.app(*scopes)["credential"]

    def ask(self, room):
        """What a conference server is told about a room: status and body."""
        return self.desk.ask(self, room)

    def appointment(self, room):
        """The only one that is booked in a room, with its password."""
        found = self.call("GET", f"/v1/appointments?room={quote(room, safe='')}")["data"]
        assert len(found) == 1, f"{room}: {found}"
        return self.call("GET", f"/v1/appointments/{found[0]['id']}")

    def verified(self, token, audience="jitsi", **options):
        """What a token says that is good, by the keys that everybody finds."""
        keys = jwt.PyJWKSet.from_dict(requests.get(f"{self.url}/.well-known/jwks.json").json())
        key = keys[jwt.get_unverified_header(token)["kid"]]
        required = {"require": ["iss", "aud", "sub", "room", "iat", "nbf", "exp"]}
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=audience, options={**required, **options})
        assert claims["sub"] == self.name, "no other organisation's rooms"
        return claims


def enter(link):
    """Goes where a link leads, as a browser does, and presses the button where there is one. Gives the token for the room."""
    navigates = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    for _ in range(5):
        page = requests.get(link, headers=navigates, allow_redirects=False)
        if button := re.search(r'<form method="post"(?: action="([^"]*)")?', page.text):
            page = requests.post(urljoin(link, button[1] or ""), allow_redirects=False)
        assert page.status_code == 303, f"{page.status_code} {page.text}"
        link = urljoin(link, page.headers["Location"])
        if token := re.fullmatch(r"[^#?]*#jwt=%22([\w.-]+)%22", link):
            return token[1]
    raise AssertionError(f"leads on and on: {link}")


def moderates(claims):
    return claims["context"]["user"]["moderator"] is True


def node(script, *words):
    """What a program of Node's prints."""
    done = subprocess.run(["node", f"tests/dialects/node/{script}", *words], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def verified_by_node(desk, token, audience="jitsi"):
    """The same as PyJWT does it, by jsonwebtoken."""
    return json.loads(node("verify.js", f"{desk.url}/.well-known/jwks.json", token, audience))


def curl(line):
    """Runs a line of a page. Status and body of the answer."""
    command = line.strip().removesuffix("\n") + " --silent --show-error --write-out '\\n%{http_code}'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE, env=os.environ)
    assert done.returncode == 0, done.stderr
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(body)
