"""While the database is away, each dialect says so in its own words, and nothing is made."""

from callers import Datagram, JioMeet, Metered, ProConf
from test_proconf import is_refused


def test_each_dialect_says_in_its_own_words_that_it_cannot_answer(desk, other):
    jiomeet, metered, proconf, datagram = JioMeet(other), Metered(other), ProConf(other), Datagram(other)
    alias = datagram.alias()["id"]
    with desk.without_database():
        is_refused(proconf.ask(), 500)

        answer = jiomeet.ask()
        assert answer.status_code == 503
        assert answer.json()["code"] == answer.status_code and answer.json()["message"]

        answer = metered.ask("POST", "/room", {})
        assert answer.status_code == 503
        assert answer.json()["success"] is False and answer.json()["message"]

        answer = datagram.ask()
        assert answer.status_code == 503
        assert answer.json()["message"]

        answer = datagram.get(alias, datagram.sign(alias))
        assert answer.status_code == 503, desk.log()
        assert answer.json()["error"]
    assert len(other.call("GET", "/v1/appointments")["data"]) == 1, "the alias from before"
    jiomeet.room()
