"""How each page looks to everybody: in each language, on a phone and a desk, by day and by night, with and without scripts.

What it looked like is in target/pages afterwards. axe finds what keeps people out who can't see it well."""

import base64
import contextlib
import itertools
import json
import pathlib
import struct
import zlib

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error

from conftest import DESKTOP, PHONE
from desk import minutes, now
from test_closed import (
    addresses, cancelled, full, occupied, over, revoked, switched_off, unknown, unready, wrong_guesses,
)
from test_waiting import DAY, in_berlin, next_of

FOLDER = pathlib.Path("target/pages")
AXE = Axe()

SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 220 48" width="220" height="48"><circle cx="24" cy="24" r="20"
fill="#e0b000"/><text x="54" y="33" font-family="sans-serif" font-size="26" fill="#222">Acme Clinic</text></svg>"""


def png():
    """Half green, half transparent."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    row = b"\0" + b"\x0a\x7d\x4f\xff" * 60 + b"\0\0\0\0" * 60
    header = struct.pack(">IIBBBBB", 120, 40, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * 40)) + chunk(b"IEND", b"")


def data_url(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


BRANDS = {
    "light-svg": {"color": "#ffe14d", "logo": data_url("image/svg+xml", SVG)},
    "dark-png": {"color": "#101828", "logo": data_url("image/png", png())},
    "middle": {"color": "#777777", "contact": "reception@acme.example, +49 201 555 0100"},
}


def early(tenant):
    return tenant.book(now() + minutes(25)).link


def another_day(tenant):
    return tenant.book(in_berlin(next_of(3))).link


def long_names(tenant):
    brand = {"display_name": "Gesellschaft für medizinische Videosprechstunden und Telekonsultationen Nordrhein-Westfalen"}
    tenant.desk.call("PATCH", f"/v1/tenants/{tenant.name}/brand", brand)
    hosts = [{"role": "host", "name": name} for name in ("Prof. Dr. Adelheid Freifrau von Hohenlohe-Schillingsfürst", "Bob", "Cem")]
    title = "Donaudampfschifffahrtsgesellschaftskapitänswitwenversammlungsvorbesprechung"
    booked = tenant.call("POST", "/v1/appointments", {
        "title": title, "starts": (now() + DAY).isoformat(), "duration_seconds": 90000, "time_zone": "America/Argentina/ComodRivadavia",
        "participants": hosts,
    })
    return booked["guest_join_url"]


def moved(tenant):
    booked = tenant.book(in_berlin(next_of(3)))
    booked.call("PATCH", body={"starts": in_berlin(next_of(3), "14:00").isoformat(), "duration_seconds": 1800})
    return booked.link


def date_cancelled(tenant):
    booked = tenant.book(in_berlin(next_of(3)), recurrence={"rrule": "FREQ=WEEKLY;COUNT=5"})
    booked.call("DELETE", f"/occurrences/{booked.dates()[0]['original_start']}")
    return booked.link


def without_end(tenant):
    return tenant.book(now() + minutes(60), title=None, ends=None).link


def unplanned(tenant):
    tenant.change(horizon_days=1)
    return tenant.book(now() - minutes(120), recurrence={"rrule": "FREQ=WEEKLY"}).link


def with_password(tenant):
    return tenant.book(now(), password="correct horse").link


def is_open(tenant):
    # Where browsers don't say where they go, and no script presses the button.
    return tenant.book(now()).link.replace("127.0.0.1", "desk.test")


def too_many(tenant):
    wrong_guesses(tenant, tenant.address)
    return unknown(tenant)


def unavailable(tenant):
    return tenant.book(now()).link


PAGES = [
    early, another_day, long_names, moved, date_cancelled, without_end, occupied, full, with_password, is_open, over, cancelled,
    unplanned, revoked, switched_off, unready, unknown, too_many, unavailable,
]


@pytest.mark.parametrize("what", PAGES, ids=lambda what: what.__name__)
def test_each_page_is_fit_to_be_seen_by_everybody(tenant, visit, what):
    tenant.address = next(addresses)
    link = what(tenant)
    link = getattr(link, "link", link)
    away = tenant.desk.without_database() if what is unavailable else contextlib.nullcontext()
    with away:
        for language, javascript in itertools.product(("en", "de"), (True, False)):
            if what is is_open and javascript:
                continue
            page = visit(
                link, {"en": "en-GB", "de": "de-DE"}[language], {"en": "Europe/London", "de": "Europe/Berlin"}[language],
                javascript=javascript, extra_http_headers={"X-Forwarded-For": tenant.address},
            )
            look_at(page, f"{what.__name__}-{language}", javascript)


@pytest.mark.parametrize("brand", BRANDS)
def test_so_it_is_in_the_colours_of_everybody(desk, visit, brand):
    tenant = desk.tenant(brand=BRANDS[brand])
    for what in (early, with_password, over):
        look_at(visit(what(tenant), size=PHONE), f"{brand}-{what.__name__}", True)


def look_at(page, name, javascript):
    """On phone and desk, by day and by night."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for scheme, size in itertools.product(("light", "dark"), (DESKTOP, PHONE)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        script = "" if javascript else "-nojs"
        steadily(page, lambda: page.screenshot(path=FOLDER / f"{name}-{size['width']}-{scheme}{script}.png", full_page=True))
        if size is PHONE:
            width = steadily(page, lambda: page.evaluate("document.documentElement.scrollWidth"))
            assert width <= size["width"], f"{name} is {width} wide"
            # axe is a script, too.
            if javascript:
                steadily(page, lambda: nothing_keeps_anybody_out(page, name, scheme))
    # What is as large as this on a large screen at 400 % must not have to be scrolled to the side.
    page.set_viewport_size({"width": 320, "height": 256})
    assert steadily(page, lambda: page.evaluate("document.documentElement.scrollWidth")) <= 320, name


def nothing_keeps_anybody_out(page, name, scheme):
    # By night only colours are others.
    rules = {} if scheme == "light" else {"runOnly": ["color-contrast"]}
    found = AXE.run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
    severe = [
        f"{one['impact']}: {one['help']}: {[node['html'] for node in one['nodes']]}"
        for one in found if one["impact"] in ("serious", "critical")
    ]
    assert not severe, f"{name}, {scheme}: " + json.dumps(severe, indent=1)


# What Chromium says where the page was loaded anew meanwhile: some that wait do so.
FLEETING = ("context was destroyed", "unable to capture screenshot")


def steadily(page, look):
    """Once more, where what went wrong passes by itself."""
    for left in (2, 1, 0):
        try:
            return look()
        except Error as error:
            if not left or not any(words in error.message.lower() for words in FLEETING):
                raise
            page.wait_for_load_state()
