"""What every test here has: the service, a video server, and visitors with browsers of their own, who are watched."""

import os
import shutil

import pytest
from playwright.sync_api import Error, expect, sync_playwright

from desk import PATIENCE, Desk
from video import Video

expect.set_options(timeout=PATIENCE * 1000)

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}

FLAGS = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A name that is no `localhost`: browsers tell a plain http:// address elsewhere nothing of where they go.
    "--host-resolver-rules=MAP desk.test 127.0.0.1",
]


@pytest.fixture(scope="session")
def video():
    video = Video()
    yield video
    video.stop()


@pytest.fixture(scope="session")
def desk(video):
    desk = Desk(video)
    yield desk
    desk.stop()


@pytest.fixture(scope="session")
def browser():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        # Its sandbox is not for root.
        yield playwright.chromium.launch(
            executable_path=chromium, args=FLAGS, chromium_sandbox=os.geteuid() != 0, timeout=PATIENCE * 1000
        )


@pytest.fixture
def tenant(desk):
    return desk.tenant()


@pytest.fixture
def visit(browser, desk, video):
    """Opens a link as somebody does who has a browser of their own. Nothing may go anywhere but to Frontdesk and the video
    server, and the page's policy may not be broken: no test passes where it was."""
    contexts, complaints = [], []
    homes = (desk.url + "/", video.url + "/", desk.url.replace("127.0.0.1", "desk.test") + "/", "data:")

    def asked(request):
        if not request.url.startswith(homes):
            complaints.append(f"a request to a third party: {request.url}")

    def said(message):
        # A page that says 410 is meant to; and without HTTPS, as here, some headers mean nothing.
        meant = ("the server responded with a status of", "Cross-Origin-Opener-Policy header has been ignored")
        if message.type in ("error", "warning") and not any(text in message.text for text in meant):
            complaints.append(f"{message.type}: {message.text}")

    def visit(link, language="en-GB", zone="Europe/Berlin", javascript=True, size=DESKTOP, dark=False, **more):
        context = browser.new_context(
            locale=language, timezone_id=zone, java_script_enabled=javascript, viewport=size,
            color_scheme="dark" if dark else "light", **more,
        )
        context.set_default_timeout(PATIENCE * 1000)
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', event => "
            "console.error('against the policy: ' + event.violatedDirective + ' ' + event.blockedURI))"
        )
        context.on("request", asked)
        context.on("console", said)
        context.on("weberror", lambda error: complaints.append(f"an error: {error.error}"))
        contexts.append(context)
        page = context.new_page()
        if link:
            page.goto(link)
        return page

    yield visit
    for context in contexts:
        for page in context.pages:
            # Nothing is kept in anybody's browser.
            try:
                kept = page.evaluate("[document.cookie, ...Object.keys({...localStorage, ...sessionStorage})].join('')")
            except Error:
                kept = ""
            assert not context.cookies() and not kept, kept
        context.close()
    assert not complaints, complaints
