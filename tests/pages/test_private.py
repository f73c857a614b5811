"""Whom the pages tell something, and whom they don't."""

import re

import pytest

from desk import fetch, minutes, now
from test_letting_in import is_in

PERSON = {
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "none",
    "Accept": "text/html",
}


def test_a_person_who_navigates_there_is_sent_on(tenant):
    """Else the tests below would prove nothing."""
    status, headers, _ = fetch(tenant.book(now()).link, headers=PERSON)
    assert status == 303 and "#jwt=" in headers["Location"]


@pytest.mark.parametrize(
    "method, headers",
    [
        ("GET", {}),
        ("GET", {"User-Agent": "Slackbot-LinkExpanding 1.0"}),
        ("HEAD", {}),
        ("HEAD", PERSON),
        ("GET", {**PERSON, "Sec-Purpose": "prefetch"}),
        ("GET", {**PERSON, "Sec-Purpose": "prefetch;prerender"}),
        ("GET", {**PERSON, "Purpose": "prefetch"}),
        ("GET", {**PERSON, "Sec-Fetch-Dest": "iframe"}),
        ("GET", {**PERSON, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}),
    ],
)
def test_what_only_looks_at_a_link_gets_no_token_and_uses_nothing_up(tenant, visit, method, headers):
    booked = tenant.book(now())
    for _ in range(3):
        status, answered, said = fetch(booked.link, method, headers)
        assert status == 200 and "Location" not in answered
        assert "eyJ" not in f"{answered}{said}" and tenant.desk.video.url not in said
        # Who previews it shows the page's name, not what the appointment is about.
        assert method == "HEAD" or '<meta property="og:title" content="Video appointment">' in said
    is_in(visit(booked.link), booked)


def test_no_page_names_another_place_or_runs_what_stands_in_an_attribute(tenant):
    for link in (tenant.book(now()).link, tenant.book(now() + minutes(60)).link, f"{tenant.desk.url}/join/nothing"):
        _, headers, said = fetch(link)
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"
        assert not re.search(r"<[^>]+\son\w+\s*=", said), "an inline handler"
        assert not re.search(r"<[^>]+\sstyle\s*=", said), "an inline style"
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", said)
