"""A Frontdesk of its own, as operators run it, and the apps and conference servers that talk to it."""

import base64
import contextlib
import datetime
import itertools
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

PATIENCE = 30
"""Seconds that anything may take, on a machine that is busy with other tests."""

SCOPES = ["appointments:read", "appointments:write", "passwords:read", "tokens:mint"]


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def minutes(count):
    return datetime.timedelta(minutes=count)


def seconds(count):
    return datetime.timedelta(seconds=count)


def eventually(what, condition):
    """Waits for it."""
    began = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - began < PATIENCE, f"not within {PATIENCE} s: {what}"
        time.sleep(0.05)
    return found


def fetch(url, method="GET", headers=None, body=None):
    """Status, headers and body of an answer; redirects are not followed."""
    request = urllib.request.Request(url, method=method, headers=headers or {}, data=body)
    try:
        with OPENER.open(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirects, urllib.request.ProxyHandler({}))


class Desk:
    """The process, and its database."""

    def __init__(self, video):
        self.video = video
        self._names = itertools.count(1)
        # Not TMPDIR: as root, the service becomes a user that may not be able to enter it.
        self._folder = tempfile.mkdtemp(prefix="fd-pages-", dir="/tmp")
        os.chmod(self._folder, 0o755)
        self._log = open(f"{self._folder}/log", "w+")
        self._process = None
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        server = os.environ["TEST_DATABASE_URL"]
        self._database = f"pages_{secrets.token_hex(4)}"
        self._sql = [f"{os.environ['PG_BINDIR']}/psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", server, "--command"]
        self.sql(f"CREATE DATABASE {self._database}")
        with open(f"{self._folder}/master.key", "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as key:
            key.write(base64.b64encode(os.urandom(32)).decode())
        self._environment = {
            "PATH": os.environ["PATH"],
            "FRONTDESK_DATABASE_URL": f"{server.rsplit('/', 1)[0]}/{self._database}",
            "FRONTDESK_MASTER_KEY_FILE": f"{self._folder}/master.key",
            "FRONTDESK_DATA_DIR": f"{self._folder}/data",
            "FRONTDESK_API_REQUESTS_PER_MINUTE": "1000000",
            # So that a test can come from another address.
            "FRONTDESK_TRUSTED_PROXIES": "127.0.0.1",
        }
        self.run("migrate")
        self.run("tenant", "add", "first")
        # The service makes one for RS256 itself, but not before it answers.
        for algorithm in ("ES256", "RS256"):
            self.run("keys", "make", "--algorithm", algorithm)
        scopes = [word for scope in [*SCOPES, "admin"] for word in ("--scope", scope)]
        self._admin = self.run("app", "add", "admin", "--tenant", "first", *scopes)["credential"]
        self._jitsi = self.run("server", "add", "jitsi", "--all-tenants")["credential"]
        # A free port is known to be free only once it is the service's: try some.
        for _ in range(5):
            if self._serve():
                return
        raise AssertionError(f"Frontdesk doesn't start: {self.log()}")

    def _serve(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{address}"
        environment = {**self._environment, "FRONTDESK_PUBLIC_URL": self.url}
        self._process = subprocess.Popen(
            ["target/debug/frontdesk", "serve", "--listen", address],
            env=environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
        )
        return eventually("Frontdesk answers", lambda: self._process.poll() is not None or self.is_ready()) and self.is_ready()

    def is_ready(self):
        try:
            return fetch(f"{self.url}/readyz")[0] == 200
        except OSError:
            return False

    def run(self, *arguments):
        """A command of an operator's."""
        command = ["target/debug/frontdesk", "--json", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.startswith("{") else None

    def sql(self, statement):
        subprocess.run([*self._sql, statement], check=True, stdout=subprocess.DEVNULL)

    def log(self):
        self._log.seek(0)
        return "".join(self._log.readlines()[-20:])

    def stop(self):
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(PATIENCE)
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method, path, body=None, credential=None):
        """Asks the API as an app."""
        headers = {"Authorization": f"Bearer {credential or self._admin}", "Content-Type": "application/json"}
        if method != "POST":
            headers["If-Match"] = "*"
        status, _, said = fetch(self.url + path, method, headers, None if body is None else json.dumps(body).encode())
        assert status in (200, 201), f"{method} {path}: {status} {said}"
        return json.loads(said)

    def tenant(self, brand=None, **policy):
        """A new organisation with rooms of its own."""
        name = f"acme{next(self._names)}"
        meeting_url = f"{self.video.url}/{name}"
        self.call("POST", "/v1/tenants", {"name": name, "time_zone": "Europe/Berlin", "meeting_url": meeting_url, **policy})
        app = self.call("POST", "/v1/apps", {"tenant": name, "name": "timetable", "scopes": SCOPES})
        brand = {"display_name": "Acme Clinic", **(brand or {})}
        self.call("PATCH", f"/v1/tenants/{name}/brand", brand)
        return Tenant(self, name, app["credential"])

    def ask(self, tenant, room):
        """Asks for a room as a conference server does. Status and body of the answer."""
        # As browsers and Prosody spell it.
        name = f"[{tenant.name}]{urllib.parse.quote(room).lower()}"
        form = urllib.parse.urlencode({"name": name, "mail_owner": "somebody@example.org"})
        headers = {"Authorization": f"Bearer {self._jitsi}", "Content-Type": "application/x-www-form-urlencoded"}
        status, _, said = fetch(f"{self.url}/conference", "POST", headers, form.encode())
        return status, json.loads(said)

    def open_room(self, tenant, room):
        """Opens a room, and gives the id of its conference."""
        status, said = self.ask(tenant, room)
        assert status == 200, said
        return said["id"]

    def close_room(self, conference):
        """Says that everybody has left, as a conference server does."""
        status, _, said = fetch(f"{self.url}/conference/{conference}", "DELETE", {"Authorization": f"Bearer {self._jitsi}"})
        assert status < 300, said

    @contextlib.contextmanager
    def without_database(self):
        """The database lets nobody in meanwhile."""
        self.sql(f"ALTER DATABASE {self._database} ALLOW_CONNECTIONS false")
        self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._database}'")
        try:
            eventually("Frontdesk notices", lambda: not self.is_ready())
            yield
        finally:
            self.sql(f"ALTER DATABASE {self._database} ALLOW_CONNECTIONS true")
            # Connections that broke are found one by one.
            eventually("Frontdesk is back", lambda: all(self.is_back() for _ in range(10)))

    def is_back(self):
        authorization = {"Authorization": f"Bearer {self._admin}"}
        return self.is_ready() and fetch(f"{self.url}/v1/tenants", headers=authorization)[0] == 200


class Tenant:
    """An organisation, and its app."""

    def __init__(self, desk, name, credential):
        self.desk = desk
        self.name = name
        self._credential = credential
        self._rooms = itertools.count(1)

    def call(self, method, path, body=None):
        return self.desk.call(method, path, body, self._credential)

    def book(self, starts, lasts=minutes(30), host="Ada Lovelace", **more):
        """Books a room that is open from 90 s before the start on, and closes when it ends."""
        appointment = {
            "room": f"room {next(self._rooms)}",
            "title": "Consultation",
            "starts": starts.isoformat(),
            "duration_seconds": int(lasts.total_seconds()),
            "early_open_seconds": 0,
            "grace_seconds": 0,
            "participants": [{"role": "host", "name": host}, {"name": "Bob"}],
        }
        if "ends" in more:
            del appointment["duration_seconds"]
        return Booked(self, self.call("POST", "/v1/appointments", {**appointment, **more}))

    def change(self, **policy):
        self.desk.call("PATCH", f"/v1/tenants/{self.name}", policy)


class Booked:
    """An appointment, with its links."""

    def __init__(self, tenant, said):
        self.tenant = tenant
        self.id = said["id"]
        self.room = said["room"]
        self.guest_link = said["guest_join_url"]
        self.host_link, self.link = (person["join_url"] for person in said["participants"])

    @property
    def path(self):
        """Of its room at the video server."""
        return f"/{self.tenant.name}/{urllib.parse.quote(self.room)}"

    def call(self, method, path="", body=None):
        return self.tenant.call(method, f"/v1/appointments/{self.id}{path}", body)

    def dates(self):
        return self.call("GET", "/occurrences")["data"]

    def open_room(self):
        return self.tenant.desk.open_room(self.tenant, self.room)

    def cancel(self):
        self.call("DELETE")

    def revoke_link(self):
        link = next(link for link in self.call("GET", "/join-links")["data"] if link["url"] == self.link)
        self.tenant.call("DELETE", f"/v1/join-links/{link['id']}")


def token_of(url):
    """What the token in a fragment says."""
    token = re.fullmatch(r"[^#?]*#jwt=%22([\w.-]+)%22", url)
    assert token, f"no token in the fragment of {url}"
    payload = token[1].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
