"""`arcsat agents` on simulated conversations with scores made from their truth: files, pseudonyms,
bad calls, and the page in Chromium, with hostile texts too."""

import csv
import json
import os
import pathlib

import hostile
import pytest
from report_browser import Reader, browser  # noqa: F401

jsonschema = pytest.importorskip("jsonschema")
SOURCE = pathlib.Path(__file__).resolve().parents[2]


def score_of(record):
    truth = record["attributes"]["truth"]
    entry, exit_ = truth["entry"], truth["exit"]
    return {"id": record["id"], "entry": entry, "exit": exit_, "delta": exit_ - entry,
            "p_satisfied": exit_, "turns": [], "model": "truth"}


@pytest.fixture(scope="module")
def world(run, tmp_path_factory):
    """3,000 conversations of 12 agents, their scores, and lessons taken."""
    folder = tmp_path_factory.mktemp("agents")
    run("simulate", "--simulate.conversations", 3000, "--simulate.agents", 12, "--out", folder / "calls.jsonl")
    records = [json.loads(line) for line in (folder / "calls.jsonl").read_text("utf-8").splitlines()]
    (folder / "scores.jsonl").write_text("".join(json.dumps(score_of(r)) + "\n" for r in records))
    lessons = [{"agent": f"a-{i:02}", "problem_type": records[0]["problem_type"], "date": "2026-07-01"}
               for i in (1, 2, 3)] + [{"agent": "nobody", "problem_type": "x", "date": "2026-07-01"}]
    (folder / "taken.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lessons))
    return folder


def agents(run, world, *more, **keywords):
    return run("agents", "--data", world / "calls.jsonl", "--scores", world / "scores.jsonl", "--quiet", *more, **keywords)


@pytest.fixture(scope="module")
def made(run, world):
    agents(run, world, "--lessons", world / "taken.jsonl", "--catalogue", SOURCE / "configs/lessons.json",
           "--out", world / "agents.json", "--csv", world / "agents.csv", "--trace", world / "trace.csv",
           "--report", world / "agents.html", "--agents.lesson_days", 180, "--agents.lesson_pair", 4)
    return world


def test_the_json_follows_its_schema(made, schema):
    result = json.loads((made / "agents.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema("agents"))
    validator.validate(result)
    assert result["data"]["used"] == 3000 and len(result["agents"]) == 12
    statements = {p["statement"] for a in result["agents"] for p in a["problems"]}
    assert "gap" in statements, "the simulator plants gaps"
    broken = json.loads(json.dumps(result))
    broken["agents"][0]["overall"]["statement"] = "worst"
    assert list(validator.iter_errors(broken))


def test_every_statement_can_be_traced(made):
    result = json.loads((made / "agents.json").read_text("utf-8"))
    stated = {(a["agent"], p["problem_type"]): p for a in result["agents"] for p in a["problems"]
              if p["statement"] in ("gap", "strength")}
    traced = {}
    for row in csv.DictReader((made / "trace.csv").open(encoding="utf-8")):
        traced.setdefault((row["agent"], row["problem_type"]), []).append(row)
    assert set(traced) == set(stated)
    for key, rows in traced.items():
        assert len(rows) == stated[key]["n"]
        assert sum(float(r["outcome"]) for r in rows) / len(rows) == pytest.approx(stated[key]["mean"], abs=1e-4)
    rows = list(csv.DictReader((made / "agents.csv").open(encoding="utf-8")))
    assert len(rows) == sum(len(a["problems"]) for a in result["agents"])


def test_scores_in_another_order_give_the_same(run, made, tmp_path):
    lines = (made / "scores.jsonl").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "reversed.jsonl").write_text("".join(reversed(lines)))
    run("agents", "--data", made / "calls.jsonl", "--scores", tmp_path / "reversed.jsonl", "--quiet", "--csv", tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text() == (made / "agents.csv").read_text()


def test_pseudonyms_hide_every_agent(run, made, tmp_path):
    out = tmp_path / "hidden.json"
    agents(run, made, "--lessons", made / "taken.jsonl", "--pseudonyms", tmp_path / "key.json", "--out", out,
           "--csv", tmp_path / "h.csv", "--trace", tmp_path / "t.csv", "--report", tmp_path / "h.html",
           "--agents.examples", 0)
    key = json.loads((tmp_path / "key.json").read_text())
    assert len(key) == 12 and os.stat(tmp_path / "key.json").st_mode & 0o077 == 0
    for name in ("hidden.json", "h.csv", "t.csv", "h.html"):
        text = (tmp_path / name).read_text("utf-8")
        assert '"a-0' not in text and "\na-0" not in text, name
        assert "agent 0001" in text or name == "t.csv"
    before = out.read_text()
    agents(run, made, "--lessons", made / "taken.jsonl", "--pseudonyms", tmp_path / "key.json", "--out", out, "--agents.examples", 0)
    names = lambda text: [a["agent"] for a in json.loads(text)["agents"]]  # noqa: E731
    assert names(out.read_text()) == names(before)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--data", "x"], 2, "--scores is missing"),
        (["--data", "-", "--scores", "-"], 2, "both standard input"),
        (["--data", "none.jsonl", "--scores", "none.jsonl"], 1, "none.jsonl"),
        (["--data", "x", "--scores", "y", "--agents.outcome", "voice"], 2, "agents.outcome"),
        (["--data", "x", "--scores", "y", "--agents.fdr", "2"], 2, "agents.fdr"),
    ],
)
def test_bad_calls(run, arguments, code, says):
    assert says in run("agents", *arguments, code=code).stderr


def test_a_bad_lesson_names_its_line(run, made, tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"agent":"a","problem_type":"b","date":"soon"}\n')
    done = agents(run, made, "--lessons", tmp_path / "bad.jsonl", code=1)
    assert "bad.jsonl:1" in done.stderr and "soon" in done.stderr


class Page(Reader):
    ready = "#team"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens(browser, made, width, scheme):
    page = Page(browser, made / "agents.html", width=width, color_scheme=scheme)
    assert page.page.locator(".heat .row").count() == 12
    page.page.locator(".heat .row").nth(3).click()
    assert page.texts("#agent h3 .quote")[0] == "a-04"
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    assert page.page.locator("main .missing", has_text="could not be drawn").count() == 0
    page.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.page.wait_for_timeout(200)
    assert "must not be used" in page.page.locator("#use").inner_text()
    page.check()


def test_a_path_shows_examples_of_strong_agents(browser, made):
    page = Page(browser, made / "agents.html")
    assert page.page.locator(".path > li").count() >= 1, "the first agent shown has a path"
    page.page.locator(".path details.data > summary").first.click()
    page.until("document.querySelectorAll('.path .turn').length > 2")
    page.check()


def test_hostile_texts_are_shown_and_do_nothing(run, browser, made, tmp_path):
    texts = [t for t in hostile.strings() if t.strip() and "\ud800" not in t][:60]
    out = []
    for line in (made / "calls.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        record["agent_id"] = texts[int(record["agent_id"][2:])] + "x"
        record["problem_type"] = texts[20 + len(record["problem_type"]) % 7] + record["problem_type"]
        for i, turn in enumerate(record["turns"]):
            turn["text"] = texts[i % len(texts)]
        out.append(json.dumps(record))
    (tmp_path / "calls.jsonl").write_text("\n".join(out) + "\n")
    taken = [{"agent": texts[3] + "x", "problem_type": texts[2], "date": "2026-07-01", "lesson": texts[5]}]
    (tmp_path / "taken.jsonl").write_text("".join(json.dumps(t) + "\n" for t in taken))
    catalogue = {"format": "arcsat-lessons", "version": 1,
                 "lessons": [{"id": str(i), "title": t, "text": t} for i, t in enumerate(texts[:10])]}
    (tmp_path / "lessons.json").write_text(json.dumps(catalogue))
    run("agents", "--data", tmp_path / "calls.jsonl", "--scores", made / "scores.jsonl", "--quiet",
        "--catalogue", tmp_path / "lessons.json", "--lessons", tmp_path / "taken.jsonl",
        "--title", texts[0], "--report", tmp_path / "h.html")
    page = Page(browser, tmp_path / "h.html")
    page.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.page.wait_for_timeout(300)
    lessons = []
    for i in range(12):
        page.page.locator("#agent select").select_option(index=i)
        lessons += page.texts(".path .lessons .quote")
    assert lessons and set(lessons) <= set(texts)
    assert page.texts(".kicker .quote") == [texts[0]]
    for name in ("script", "style", "iframe", "img", "link", "object", "base", "form"):
        assert page.page.locator(name).count() == {"script": 4, "style": 1}.get(name, 0), name
    page.check()
