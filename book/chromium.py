"""The system's Chromium, without a window, on pages that this machine serves to itself alone."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"No Chromium is installed (looked for {', '.join(PROGRAMS)}): install it, as by apt-get install chromium."
SETTLED = """async () => {
  await window.MathJax?.startup?.promise;
  await document.fonts.ready;
}"""


class NoChromium(Exception):
    """No Chromium is on the PATH."""


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that writes no line for each request."""

    def log_message(self, *_: object) -> None:
        pass


def program() -> str:
    """The path of Chromium. Raises NoChromium, one sentence, where there is none."""
    for name in PROGRAMS:
        if path := shutil.which(name):
            return path
    raise NoChromium(MISSING)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve `folder` at a free port of 127.0.0.1; yields its address, which ends in a slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium. Raises NoChromium where there is none."""
    path = program()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield running
        finally:
            running.close()


def open_page(page: Page, address: str) -> None:
    """Load `address` and wait until its formulas are set and its fonts are there."""
    page.goto(address, wait_until="load")
    page.evaluate(SETTLED)
