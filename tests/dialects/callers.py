"""How an app of each system calls: no more than its page says."""

import time

import jwt
import requests


class JioMeet:
    """An app with a secret or a private key."""

    def __init__(self, org, auth="hs256", scopes=("appointments:write", "tokens:mint")):
        self.org = org
        self.app = org.app(*scopes, auth=auth)
        self.id = self.app["id"]
        self.algorithm = auth.upper()
        self.key = self.app["secret" if auth == "hs256" else "private_key"]

    def token(self, **claims):
        """As the page's samples sign: `app`, and when."""
        return jwt.encode({"app": self.id, "iat": int(time.time()), **claims}, self.key, self.algorithm)

    def post(self, body, authorization):
        headers = {"Authorization": authorization} if authorization else {}
        return requests.post(f"{self.org.url}/api/platform/v1/room", json=body, headers=headers)

    def ask(self, **body):
        return self.post(body, self.token())

    def room(self, **body):
        answer = self.ask(**body)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Metered:
    """An app with a secret key, which stands in the address."""

    def __init__(self, org, *scopes):
        self.org = org
        self.key = org.credential(*(scopes or ("appointments:read", "appointments:write", "tokens:mint", "tokens:wildcard")))

    def ask(self, method, path, body=None):
        return requests.request(method, f"{self.org.url}/api/v1{path}", params={"secretKey": self.key}, json=body)

    def said(self, method, path, body=None):
        answer = self.ask(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def room(self, **body):
        return self.said("POST", "/room", body)

    def token(self, **body):
        return self.said("POST", "/token", body)


class ProConf:
    """An app with a credential."""

    def __init__(self, org, *scopes):
        self.org = org
        self.authorization = f"Bearer {org.credential(*(scopes or ('tokens:mint',)))}"

    def post(self, body, authorization, path="/proconfToken"):
        headers = {"Authorization": authorization} if authorization else {}
        return requests.post(self.org.url + path, json=body, headers=headers)

    def ask(self, role="owner", room="testRoom", participantName="Alex", **more):
        body = {"role": role, "room": room, "participantName": participantName, **more}
        return self.post(body, self.authorization)

    def token(self, *words, **more):
        answer = self.ask(*words, **more)
        assert answer.status_code == 200, answer.text
        assert answer.json()["error"] is None
        return answer.json()["data"]


class Datagram:
    """An app with a credential that makes aliases, and who retrieves them."""

    SECRET = "your-secure-secret"

    def __init__(self, org, *scopes):
        self.org = org
        self.authorization = f"Bearer {org.credential(*(scopes or ('appointments:write', 'tokens:mint')))}"
        self.aliases = f"{org.url}/organization/api/v1/alias"

    def example(self, **more):
        """The page's, with an end that is still to come."""
        usual = {"type": "conference", "name": "Private Alias Name", "jwt_secret": self.SECRET, "expired_at": in_an_hour()}
        return {**usual, **more}

    def post(self, body, authorization):
        headers = {"Authorization": authorization} if authorization else {}
        return requests.post(f"{self.aliases}/create", json=body, headers=headers)

    def ask(self, **more):
        return self.post(self.example(**more), self.authorization)

    def alias(self, **more):
        answer = self.ask(**more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sign(self, alias, secret=SECRET, algorithm="HS256", **claims):
        usual = {"alias": alias, "user_id": "user789xyz", "host": False, "iat": int(time.time()), "expires_in": 3600}
        claims = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(claims, secret, algorithm)

    def get(self, alias, token):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(f"{self.aliases}/{alias}", headers=headers)

    def retrieve(self, alias, **claims):
        answer = self.get(alias, self.sign(alias, **claims))
        assert answer.status_code == 200, answer.text
        return answer.json()


def in_an_hour():
    return int(time.time()) + 3600
