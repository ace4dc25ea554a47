"""The team's page in a real Chromium, with clicks and keys, on a service of its own."""

import re
import signal
import time

import pytest
import tiny
from report_browser import browser  # noqa: F401
from triage_service import TOKEN, Service, events, lines

HOSTILE = "<img src=x onerror=\"window.hostile=1\"><script>window.hostile=1</script>\u202e"


@pytest.fixture(scope="module")
def world(run, trained, sides, calls, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    run("triage", "fit", "--model", trained, "--data", calls, "--budget.per_day", 80,
        "--budget.conversations_per_day", 400, "--out", folder / "thresholds.json", "--quiet")
    (folder / "events.jsonl").write_text(lines(events(tiny.records(sides / "test.jsonl"))))
    done = run("triage", "--model", trained, "--thresholds", folder / "thresholds.json", "--data",
               folder / "events.jsonl", "--quiet", "--threads", 1)
    folder.joinpath("alerts.jsonl").write_text(done.stdout)
    return folder


@pytest.fixture
def service(arcsat, trained, world, tmp_path):
    with Service(arcsat, trained, tmp_path / "triage.db", "--thresholds", world / "thresholds.json") as running:
        yield running
        running.stop(signal.SIGKILL)


def alarming(world):
    """Events of the conversations with an alert, by conversation."""
    wanted = {alert["conversation"] for alert in tiny.records(world / "alerts.jsonl")}
    found = {}
    for event in tiny.records(world / "events.jsonl"):
        if event["conversation"] in wanted:
            found.setdefault(event["conversation"], []).append(event)
    return found


class Team:
    """The page, opened with the token behind its address."""

    def __init__(self, browser, service, width=1280, token=TOKEN, **context):  # noqa: F811
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **context)
        self.page = self.context.new_page()
        self.wrong = []
        self.page.on("console", lambda m: self.wrong.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.wrong.append(f"error: {e}"))
        self.page.on("request", lambda r: r.url.startswith(service.url) or self.wrong.append(r.url))
        self.page.add_init_script(
            "window.violations = [];"
            "addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective))")
        self.page.goto(service.url + (f"/#token={token}" if token else "/"))

    def until(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, condition
            time.sleep(0.05)

    def rows(self):
        return self.page.locator(".list tbody tr").evaluate_all("rows => rows.map(row => row.dataset.id)")

    def check(self):
        assert self.wrong == []
        assert self.page.evaluate("violations") == []
        assert self.page.evaluate("window.hostile") is None
        self.context.close()


def row_count(n):
    return f"document.querySelectorAll('.list tbody tr').length === {n}"


def test_the_queue_is_live_and_worked_with_the_keyboard(browser, service, world):  # noqa: F811
    talks = alarming(world)
    first, *rest = talks
    team = Team(browser, service)
    page = team.page
    team.until("document.querySelector('.live.on') !== null")
    assert "token" not in page.url
    page.fill("#who", "Ann")
    service.json("/v1/turns", talks[first])
    team.until(row_count(1))  # without asking for it
    for conversation in rest:
        service.json("/v1/turns", talks[conversation])
    team.until(row_count(len(talks)), 60)
    queue = service.json("/v1/queue")["items"]
    assert team.rows() == [item["conversation"] for item in queue], "worst first"

    page.locator("h1, .count").first.click()
    page.keyboard.press("j")
    team.until("document.querySelector('.reader h3').textContent !== ''")
    assert page.locator(".reader h3").first.text_content() == queue[0]["conversation"]
    record = service.json(f"/v1/conversation?id={queue[0]['conversation']}")
    assert page.locator(".turn .words").all_text_contents() == [t["text"] or "…" for t in record["turns"]]
    assert page.locator(".why li").all_text_contents() == [a["says"] for a in record["alerts"]]
    page.keyboard.press("c")
    team.until("document.querySelector('tr.current .claimed')?.textContent === 'Ann'")
    page.keyboard.press("d")
    team.until("document.querySelector('dialog').open")
    page.fill("dialog textarea", "they had paid twice")
    page.locator("dialog .choices button").nth(1).focus()
    page.keyboard.press("2")
    team.until(row_count(len(talks) - 1))
    closed = service.json(f"/v1/conversation?id={queue[0]['conversation']}")
    assert closed["queue"]["outcome"] == "unsatisfied" and closed["queue"]["by"] == "Ann"
    assert closed["actions"][-1]["note"] == "they had paid twice"
    page.locator(".list tbody tr").first.click()
    page.locator("[data-action=dismiss]").click()
    page.get_by_role("button", name="False alarm").click()
    team.until(row_count(len(talks) - 2))
    page.select_option("#status", "done")
    team.until(row_count(1))
    assert team.rows() == [queue[0]["conversation"]]
    team.check()


def test_a_late_answer_does_not_replace_a_newer_one(browser, service, world):  # noqa: F811
    talks = alarming(world)
    team = Team(browser, service)
    team.until("document.querySelector('.live.on') !== null")
    for conversation in list(talks)[:3]:
        service.json("/v1/turns", talks[conversation])
    team.until(row_count(3))
    team.page.evaluate("""() => {
      const real = window.fetch;
      window.late = 0;
      window.fetch = async (url, options) => {
        const answer = await real(url, options);
        if (!String(url).includes('status=waiting')) return answer;
        await new Promise((done) => setTimeout(done, 800));
        window.late += 1;
        return answer;
      };
    }""")
    team.page.select_option("#status", "done")
    team.until(row_count(0))
    team.page.select_option("#status", "waiting")  # answered late
    team.page.select_option("#status", "done")
    team.until("window.late >= 1")
    time.sleep(0.2)
    assert team.rows() == []
    team.page.select_option("#status", "waiting")
    team.until(row_count(3))
    team.check()


def test_a_claim_of_another_person_is_respected(browser, service, world):  # noqa: F811
    talks = alarming(world)
    one = next(iter(talks))
    service.json("/v1/turns", talks[one])
    service.settle()
    service.json("/v1/queue/claim", {"conversation": one, "by": "Bob"})
    team = Team(browser, service)
    team.until(row_count(1))
    team.page.locator(".list tbody tr").first.click()
    team.until("document.querySelector('.reader h3').textContent !== ''")
    assert team.page.locator("[data-action=claim]").is_disabled()
    team.page.locator("[data-action=done]").click()
    team.page.locator("dialog .choices button").first.click()
    team.until("document.querySelector('.says').textContent.includes('name')")
    team.page.fill("#who", "Ann")
    team.page.locator("[data-action=done]").click()
    team.page.locator("dialog .choices button").first.click()
    team.until("document.querySelector('.says').textContent.includes('claimed')")
    assert service.json("/v1/queue")["items"][0]["by"] == "Bob"
    team.wrong = [line for line in team.wrong if "409" not in line]
    team.check()


def test_without_a_token_nothing_is_shown(browser, service):  # noqa: F811
    team = Team(browser, service, token="")
    team.page.wait_for_selector("#token")
    assert team.page.locator(".list").count() == 0
    team.page.fill("#token", "wrong-token-of-some-length")
    team.page.get_by_role("button", name="Open the queue").click()
    team.page.wait_for_selector(".wrong")
    team.page.fill("#token", TOKEN)
    team.page.get_by_role("button", name="Open the queue").click()
    team.until("document.querySelector('.live.on') !== null")
    team.wrong = [line for line in team.wrong if "401" not in line]
    team.check()


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_texts_and_every_width(browser, service, world, width, scheme):  # noqa: F811
    talks = alarming(world)
    for n, talk in enumerate(talks.values()):
        for event in talk:
            event |= {"conversation": f"{n}{HOSTILE}", "event": f"{n}:{event['i']}", "problem_type": HOSTILE,
                      "text": event["text"] + HOSTILE * (event["speaker"] == "agent")}
        service.json("/v1/turns", talk)
    service.settle()
    team = Team(browser, service, width=width, color_scheme=scheme)
    team.until("document.querySelectorAll('.list tbody tr').length > 0")
    team.page.locator(".list tbody tr").first.click()
    team.until("document.querySelector('.reader h3').textContent !== ''")
    assert team.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
    assert re.fullmatch(r"rgb\(\d+, \d+, \d+\)", team.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    team.check()


def test_it_comes_back_after_the_service_was_away(browser, service, world):  # noqa: F811
    talks = alarming(world)
    team = Team(browser, service)
    team.until("document.querySelector('.live.on') !== null")
    port = service.url.rsplit(":", 1)[1]
    service.stop(signal.SIGKILL)
    team.until("document.querySelector('.live.on') === null")
    service.arguments[service.arguments.index("127.0.0.1:0")] = f"127.0.0.1:{port}"
    service.start()
    service.json("/v1/turns", talks[next(iter(talks))])
    team.until(row_count(1), 30)
    team.wrong = [line for line in team.wrong if "Failed to load resource" not in line]
    team.check()
