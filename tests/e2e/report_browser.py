"""The report's pages, and their readers in a real Chromium, for test_report*.py."""

import json
import os
import pathlib
import shutil
import subprocess
import time

import hostile
import pytest
import report_sample

playwright = pytest.importorskip("playwright.sync_api")

PROBES = os.environ.get("ARCSAT_PROBES", "")


@pytest.fixture(scope="session")
def probe():
    """probe("report", input, "html"): the bytes that a program of tests/parity/*_main.cc answers."""
    if not PROBES:
        pytest.skip("ARCSAT_PROBES names the folder of the helpers that ctest builds")

    def call(name, data, *arguments):
        done = subprocess.run(
            [os.path.join(PROBES, f"arcsat_{name}_probe"), *arguments],
            input=json.dumps(data).encode(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return call


@pytest.fixture(scope="module")
def render(probe, tmp_path_factory):
    """render(input): the path of the report of what report_main.cc reads."""

    def call(data, kind="html"):
        path = tmp_path_factory.mktemp("report") / f"report.{kind}"
        path.write_bytes(probe("report", data, kind))
        return path

    return call


@pytest.fixture(scope="module")
def browser():
    program = shutil.which("chromium")
    if program is None:
        release = pathlib.Path("/etc/os-release")
        debian = release.exists() and "ID=debian" in release.read_text().splitlines()
        assert not debian, "chromium is missing: run tools/setup.sh"
        pytest.skip("needs Debian's chromium: Ubuntu has it as a snap only")
    with playwright.sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


# Every table: its section, its caption and the texts of its cells.
TABLES = """() => [...document.querySelectorAll('main table')].map((table) => [
  table.closest('section').id, table.caption.textContent,
  [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent))])"""


class Reader:
    """A page that keeps what went wrong on it."""

    ready = "#accuracy"  # what is there once the page has drawn itself

    def __init__(self, browser, path, width=1280, **context):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **context)
        self.page = self.context.new_page()
        self.wrong = []
        self.page.on("console", lambda m: self.wrong.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.wrong.append(f"error: {e}"))
        self.page.on("dialog", lambda d: (self.wrong.append(f"dialog: {d.message}"), d.dismiss()))
        self.page.on(
            "request", lambda r: r.url == self.url or self.wrong.append(f"request: {r.url}")
        )
        self.context.on("page", lambda p: self.wrong.append(f"popup: {p.url}"))
        self.page.add_init_script(
            "window.violations = [];"
            "addEventListener('securitypolicyviolation',"
            "                 (e) => violations.push(e.violatedDirective))"
        )
        self.url = path.as_uri()
        start = time.monotonic()
        self.page.goto(self.url)
        self.page.wait_for_selector(self.ready)
        self.until(
            "document.querySelectorAll('main figure').length === 0 || "
            "document.querySelector('main figure svg') !== null"
        )
        self.seconds = time.monotonic() - start

    def until(self, condition, seconds=10):
        """Waits for an expression of JavaScript. (The page's policy refuses wait_for_function.)"""
        end = time.monotonic() + seconds
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, condition
            time.sleep(0.02)

    def check(self):
        assert self.wrong == []
        assert self.page.evaluate("violations") == []
        assert self.page.evaluate("window.hostile") is None
        assert self.page.url.split("#")[0] == self.url
        self.context.close()

    def texts(self, selector):
        return self.page.locator(selector).all_text_contents()

    def unfold(self):
        """Opens what is folded, and waits for the tables that are made then."""
        self.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        self.until(
            "[...document.querySelectorAll('details.data')].every((d) => d.childElementCount > 1)"
        )

    def tables(self):
        """Every table, with those behind the charts, for table_of()."""
        self.unfold()
        return self.page.evaluate(TABLES)


def table_of(tables, section, begins):
    """The rows of a section's one table whose caption begins so: texts, the head first."""
    found = [rows for where, name, rows in tables if where == section and name.startswith(begins)]
    assert len(found) == 1, f"{len(found)} tables of {section} are called {begins}"
    return found[0]


@pytest.fixture(scope="module")
def sample(render):
    return render(report_sample.sample(600, seed=3, readable=60))


@pytest.fixture
def reader(browser, sample):
    opened = Reader(browser, sample)
    yield opened
    opened.check()


@pytest.fixture(scope="module")
def page(render, data):
    """The report of the `data` that a file of tests has."""
    return render(data)


@pytest.fixture(params=[360, 1280])
def reader_of_any_width(request, browser, page):
    """On a phone and on a desk."""
    opened = Reader(browser, page, width=request.param)
    yield opened
    opened.check()


@pytest.fixture(scope="module")
def hostile_page(render):
    return render(hostile.report(hostile.strings()))
