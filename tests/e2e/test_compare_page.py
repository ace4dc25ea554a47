"""The page of `arcsat compare` in Chromium: what it says, by any hand and eye, whatever the texts."""

import html
import json
import random
import re

import hostile
import pytest
import tiny
from compare_files import conversation, scores
from report_browser import Reader, browser  # noqa: F401

WORDS = {"billing": "i was charged twice", "delivery": "my parcel is gone", "return": "send it back"}


class Page(Reader):
    ready = "#figures"


def telling(record):
    for turn in record["turns"]:
        turn["text"] = f"{WORDS[record['problem_type']]}, {turn['text']}"
    return record


@pytest.fixture(scope="module")
def made(run, tmp_path_factory):
    """600 conversations, two versions and a third, their training data, and the two's page."""
    folder = tmp_path_factory.mktemp("compare")
    rng = random.Random(6)
    records = [telling(conversation(n, rng)) for n in range(600)]
    tiny.write_records(folder / "test.jsonl", records)
    for name, wrong, seed in (("old", 0.12, 1), ("new", 0.03, 2), ("bad", 0.3, 3)):
        tiny.write_records(folder / f"{name}.jsonl", scores(records, wrong, seed, f"m-{name}"))
    tiny.write_records(folder / "a-train.jsonl", [conversation(n, rng) for n in range(300)])
    tiny.write_records(folder / "b-train.jsonl",
                       [conversation(n, rng, channel="voice") for n in range(300)])
    run("compare", folder / "old.jsonl", folder / "new.jsonl", "--data", folder / "test.jsonl",
        "--trained-on", folder / "a-train.jsonl", "--trained-on", folder / "b-train.jsonl",
        "--report", folder / "two.html", "--out", folder / "two.json", "--title", "old and new",
        "--compare.at_least", 0.8, "--compare.worse_by", 0.05)
    run("compare", *(folder / f"{name}.jsonl" for name in ("old", "new", "bad")), "--data",
        folder / "test.jsonl", "--report", folder / "three.html", code=3)
    return folder


@pytest.fixture
def reader(browser, made):  # noqa: F811
    opened = Page(browser, made / "two.html")
    yield opened
    opened.check()


def counted(reader):
    """Conversations found, as the list says."""
    return int(re.search(r"(\d+)( found| of|$)", reader.page.locator(".count").inner_text().split(" of ")[-1])[1])


def wait_for_search(reader):
    reader.page.wait_for_timeout(250)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens(browser, made, width, scheme):  # noqa: F811
    reader = Page(browser, made / "two.html", width=width, color_scheme=scheme)
    page = reader.page
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.wait_for_timeout(300)
    assert page.locator("main .missing").count() == 0, "every section has its figures"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.eval_on_selector_all(
        "main section, .chart, .list, .reader",
        "(all, width) => all.filter((e) => e.getBoundingClientRect().right > width + 1)"
        ".map((e) => e.className)", width)
    assert cut == []
    assert page.locator("figure .plot svg").count() == 7, "five charts of differences, two of drift"
    assert page.locator(".scale .plot svg").count() == page.locator(".reader .plot svg").count() == 1
    reader.check()


def test_the_verdict_comes_first_with_its_rule(reader, made):
    found = json.loads((made / "two.json").read_text())
    accuracy = [v["figures"]["accuracy"]["value"] for v in found["slices"][0]["versions"]]
    assert reader.texts("h1") == ["B passes: it can take A's place"]
    assert reader.texts(".verdict .lead")[0].startswith(
        f"B is right in {100 * accuracy[1]:.1f}% of 600 conversations, A in {100 * accuracy[0]:.1f}%")
    assert reader.texts(".findings h2 a") == ["Accuracy of 0.8 or more",
                                              "Nowhere worse by more than 0.05", "What flipped",
                                              "Training data"]
    assert reader.texts(".findings .result")[:2] == ["met", "met"]
    assert reader.texts(".versions .quote") == ["old.jsonl", "new.jsonl"]
    assert "0.800" in reader.page.locator("#making .callout").first.inner_text()
    first = reader.page.evaluate("document.querySelector('main h1').getBoundingClientRect().bottom")
    assert first < 400, "it is seen without scrolling"


def test_figures_side_by_side(reader, made):
    found = json.loads((made / "two.json").read_text())["slices"][0]["differences"][0]["figures"]
    rows = reader.page.eval_on_selector_all(
        "#figures tbody tr", "rows => rows.map((row) => [...row.children].map((c) => c.textContent))")
    assert [row[0] for row in rows] == ["Accuracy", "Balanced accuracy", "Macro-F1", "ROC-AUC",
                                        "PR-AUC", "Brier score (lower is better)",
                                        "Log loss (lower is better)"]
    low, high = found["accuracy"]["interval"]
    assert rows[0][3] == f"+{found['accuracy']['value']:.3f} (+{low:.3f} to +{high:.3f})"
    assert rows[0][4] == "better" and rows[0][5].endswith("(McNemar)")
    assert rows[3][5].endswith("(DeLong)")
    assert rows[5][3].startswith("−") and rows[5][4] == "better", "a lower Brier score is better"


def test_the_forest_shows_the_margin_of_the_rule(reader):
    page = reader.page
    assert "margin −0.050" in page.locator("#groups .plot svg").text_content()
    page.locator("#groups summary").click()
    reader.until("document.querySelectorAll('#groups tbody tr').length === 9")
    judged = reader.page.eval_on_selector_all("#groups tbody tr", "rows => rows.map((row) => row.lastChild.textContent)")
    assert set(judged) <= {"within the margin", "too few to judge"}
    page.locator("#groups select").select_option(label="ROC-AUC")
    assert "margin" not in page.locator("#groups .plot svg").text_content()
    assert "The rule does not look at this figure" in page.locator("#groups").inner_text()


def test_a_box_leads_to_its_conversations(reader, made):
    found = json.loads((made / "two.json").read_text())["pairs"][0]
    cards = reader.page.locator(".right-cards button")
    for place, (key, number) in enumerate((("other", found["mended"]), ("first", found["spoilt"]))):
        card = cards.nth(place)
        assert card.locator(".value").inner_text() == str(number)
        card.click()
        assert counted(reader) == number
        shown = reader.page.eval_on_selector_all(".list tr[data-row]", "rows => rows.map((r) => r.dataset.right)")
        assert set(shown) == {key}
    assert reader.page.locator("select[data-key=right]").evaluate("s => s.selectedOptions[0].text") == "A right, B wrong"
    values = [int(v) for v in reader.texts(".right-cards .value")]
    assert sum(values) == 600


def test_filters_order_and_search(reader, made):
    page = reader.page
    found = json.loads((made / "two.json").read_text())["pairs"][0]
    page.locator("select[data-key=right]").select_option(label="Decided otherwise")
    assert counted(reader) == found["mended"] + found["spoilt"]
    first = found["flips"][0]
    assert reader.texts(".list .pick")[0] == first["id"], "the furthest apart come first"
    chances = [f"{100 * first[side]['p_satisfied']:.0f}%" for side in ("first", "other")]
    assert reader.page.locator(".list tr[data-row]").first.locator("td.figure").all_text_contents() == chances
    page.locator("select[data-key=right]").select_option(label="Any")
    page.locator("select[data-key=outcome]").select_option(label="Dissatisfied")
    assert all(text.startswith("dissatisfied") for text in reader.texts(".list .meta"))
    page.locator("select[data-key=outcome]").select_option(label="Any")
    page.get_by_label("Search").fill("PARCEL gone")
    wait_for_search(reader)
    assert all("delivery" in text for text in reader.texts(".list .meta"))
    page.locator(".list tr[data-row]").first.click()
    assert all("my parcel is gone" in text for text in reader.texts(".turns .words"))
    page.get_by_label("Search").fill("nothing like this")
    wait_for_search(reader)
    assert page.locator(".count").inner_text() == "No conversation is like that."


def test_both_arcs_are_drawn_with_the_turns_to_read(reader, made):
    page = reader.page
    flip = json.loads((made / "two.json").read_text())["pairs"][0]["flips"][0]
    page.get_by_label("Search").fill(flip["id"])
    wait_for_search(reader)
    page.get_by_role("button", name=flip["id"], exact=True).click()
    turns = list(zip(flip["first"]["turns"], flip["other"]["turns"]))
    assert reader.texts(".turns .state") == [f"A {a['state']:.2f} · B {b['state']:.2f}" for a, b in turns]
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    assert page.locator(".now").inner_text() == slider.get_attribute("aria-valuetext")
    a, b = turns[-1]
    assert page.locator(".now").inner_text().endswith(
        f"state A {a['state']:.2f}, B {b['state']:.2f}; outlook A {100 * a['outlook']:.0f}%, "
        f"B {100 * b['outlook']:.0f}%")
    titles = page.locator(".reader .plot svg").text_content()
    assert "State" in titles and "Outlook" in titles, "both of both versions are drawn"


def test_keyboard(reader):
    page = reader.page
    page.locator(".list .pick").first.focus()
    for _ in range(13):
        page.keyboard.press("ArrowDown")
    assert "13 to 24" in page.locator(".count").inner_text(), "over the end of the page"
    assert page.locator(".list tr[aria-current=true] .pick").inner_text() == page.locator(".reader h3").inner_text()
    page.locator(".right-cards button").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("select[data-key=right]").evaluate("s => s.selectedIndex") == 2


def test_what_can_be_used_shows_its_focus(reader):
    bare = reader.page.evaluate("""() => {
      const all = [...document.querySelectorAll('a[href], button:enabled, select, input[type=search], summary, [tabindex="0"]')];
      return all.filter((e) => e.checkVisibility()).filter((e) => {
        e.focus({focusVisible: true});
        return getComputedStyle(e).outlineStyle === 'none';
      }).map((e) => e.outerHTML.slice(0, 80));
    }""")
    assert bare == []


def test_drift_names_what_moved(reader):
    page = reader.page
    rows = page.eval_on_selector_all("#drift .chart > .scroll tbody tr", "rows => rows.map((r) => [...r.children].map((c) => c.textContent))")
    assert rows[0][:3] == ["Channel", "much", "66.7%"]
    assert "channel moved" in reader.texts(".findings .result")[3]
    choice = page.locator("#drift select")
    assert choice.locator("option").all_text_contents() == [
        "A's training data to B's training data", "A's training data to the data compared on",
        "B's training data to the data compared on"]
    choice.select_option(index=1)
    assert page.locator("#drift .chart > .scroll tbody tr td").first.inner_text() == "hardly"


def test_one_of_three_versions_is_chosen(browser, made):  # noqa: F811
    reader = Page(browser, made / "three.html")
    page = reader.page
    assert reader.texts("h1") == ["Not enough conversations to decide about B"] or reader.texts("h1")[0].startswith("B passes")
    assert page.locator(".missing").count() == 1, "what they learned from is not at hand"
    page.get_by_role("button", name="C bad.jsonl").click()
    assert reader.texts("h1") == ["C fails: it is not good enough"]
    assert page.locator(".versions button[aria-pressed=true]").inner_text() == "C bad.jsonl"
    assert reader.texts(".list thead th") == ["Conversation", "Outlooks", "A", "C", "Right"]
    assert reader.texts("#figures thead th")[1:4] == ["A", "C", "C − A"]
    assert page.locator("select[data-key=right]").count() == 1
    reader.check()


def test_accessibility(browser, made):  # noqa: F811
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for scheme in ("light", "dark"):
        reader = Page(browser, made / "three.html", color_scheme=scheme)
        found = axe.run(reader.page, options={
            "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
        assert {v["id"]: [n["html"][:160] for n in v["nodes"]] for v in found.response["violations"]} == {}
        reader.check()


def test_paper(browser, made, tmp_path):  # noqa: F811
    reader = Page(browser, made / "two.html", color_scheme="dark")
    page = reader.page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for selector in (".controls", ".list", ".top"):
        assert not page.locator(selector).first.is_visible()
    assert page.locator(".reader").is_visible()
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    page.emulate_media(media="screen")
    reader.check()


# Texts that steer the page, and packed figures: no text of data.
STEERING = {"figure", "judge_by", "outcome", "outcomes", "standing", "test", "kind", "arcs", "method", "size"}


def replaced(value, texts, place, key=""):
    """The same JSON with a hostile text in every place that holds a text of data."""
    if isinstance(value, str):
        if key in STEERING:
            return value
        place[0] += 1
        return texts[place[0] % len(texts)]
    if isinstance(value, list):
        return [replaced(each, texts, place, key) for each in value]
    if isinstance(value, dict):
        return {k: replaced(each, texts, place, k) for k, each in value.items()}
    return value


def test_hostile_texts_in_every_field_do_nothing(browser, made, tmp_path):  # noqa: F811
    """Every text of the page's data is one of the 200, each of them somewhere."""
    page = (made / "three.html").read_text("utf-8")
    before, rest = page.split('<script type="application/json" id="data">', 1)
    data, after = rest.split("</script>", 1)
    place = [0]
    payload = replaced(json.loads(data), hostile.strings(), place)
    assert place[0] > 5 * 200
    text = json.dumps(payload)  # ASCII, so only these are left to be escaped
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    (tmp_path / "hostile.html").write_text(f'{before}<script type="application/json" id="data">{text}</script>{after}', "utf-8")
    reader = Page(browser, tmp_path / "hostile.html", width=360)
    reader.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    reader.page.wait_for_timeout(300)
    assert reader.page.locator("main .missing", has_text="could not be drawn").count() == 0
    assert reader.texts("h1") == [payload["verdict"]["pairs"][0]["headline"]]
    assert reader.texts("#making .callout li .quote") == payload["notes"]
    assert set(reader.texts(".list .pick")) <= set(payload["conversations"]["id"])
    for label in ("Channel", "Problem type"):
        reader.page.locator(f"select[data-key={label.lower().replace(' ', '_')}]").select_option(index=1)
    reader.page.get_by_label("Search").fill("<script>")
    wait_for_search(reader)
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 360
    for name in ("script", "style", "iframe", "img", "link", "object", "base"):
        assert reader.page.locator(name).count() == {"script": 4, "style": 1}.get(name, 0), name
    reader.check()


def test_hostile_texts_pass_through_the_program_as_they_are(run, browser, tmp_path):  # noqa: F811
    texts = [t for t in hostile.strings() if "\0" not in t and t.strip()]
    rng = random.Random(9)
    records = []
    for n in range(400):
        record = conversation(n, rng, id=f"{texts[n % len(texts)]}{n}",
                              problem_type=texts[(n + 1) % 7])
        for i, turn in enumerate(record["turns"]):
            turn["text"] = texts[(n + i) % len(texts)]
        records.append(record)
    data = tiny.write_records(tmp_path / "test.jsonl", records)
    names = ["<img src=x onerror=hostile=1>.jsonl", "a&b'\".jsonl"]
    paths = [tiny.write_records(tmp_path / name, scores(records, wrong, v, texts[v]))
             for v, (name, wrong) in enumerate(zip(names, (0.3, 0.05)))]
    run("compare", *paths, "--data", data, "--title", texts[0], "--report", tmp_path / "page.html",
        "--report.transcripts", 400, code=None)
    reader = Page(browser, tmp_path / "page.html")
    assert reader.texts(".kicker .quote") == [texts[0]]
    assert reader.texts(".versions .quote") == names
    by_id = {record["id"]: record for record in records}
    for _ in range(3):
        for row in reader.page.locator(".list tr[data-row]").all():
            row.click()
            shown = by_id[reader.page.locator(".reader h3 .quote").text_content()]
            assert reader.texts(".turns .words .quote") == [t["text"] for t in shown["turns"]]
            assert reader.texts(".reader .meta .quote")[1] == shown["problem_type"]
        reader.page.get_by_role("button", name="Next page").click()
    for name in ("script", "style", "iframe", "img", "link", "object", "base"):
        assert reader.page.locator(name).count() == {"script": 4, "style": 1}.get(name, 0), name
    reader.check()


def test_twenty_thousand_conversations_open_within_two_seconds(run, browser, tmp_path):  # noqa: F811
    rng = random.Random(2)
    records = [telling(conversation(n, rng)) for n in range(20000)]
    data = tiny.write_records(tmp_path / "test.jsonl", records)
    paths = [tiny.write_records(tmp_path / f"{v}.jsonl", scores(records, wrong, v))
             for v, wrong in enumerate((0.1, 0.05))]
    page = tmp_path / "page.html"
    run("compare", *paths, "--data", data, "--report", page, "--compare.resamples", 100, "--quiet",
        code=None)
    assert page.stat().st_size < 10_000_000
    seconds = []
    while len(seconds) < 5 and min(seconds, default=9) >= 2:  # other programs may be in the way
        reader = Page(browser, page)
        seconds.append(reader.seconds)
        reader.page.get_by_label("Search").fill("c-19999")
        reader.until("document.querySelectorAll('.list tr[data-row]').length === 1")
        reader.check()
    print(f"{page.stat().st_size / 1e6:.1f} MB, opened in {', '.join(f'{s:.2f}' for s in seconds)} s")
    assert min(seconds) < 2


def test_markdown_says_the_same(run, made, tmp_path):
    run("compare", made / "old.jsonl", made / "new.jsonl", "--data", made / "test.jsonl", "--summary",
        tmp_path / "summary.md", "--compare.at_least", 0.8, "--compare.worse_by", 0.05)
    text = html.unescape((tmp_path / "summary.md").read_text("utf-8"))
    assert text.startswith("# Comparison of versions: pass\n\n**B passes: it can take A's place.** B is right in")
    assert "- ✅ **Accuracy of 0.8 or more: met.**" in text


def test_markdown_is_short(run, made, tmp_path):
    """Groups that are not judged are counted, drift is folded."""
    run("compare", made / "old.jsonl", made / "new.jsonl", "--data", made / "test.jsonl", "--summary",
        tmp_path / "summary.md", "--compare.min_slice", 250, "--trained-on", made / "a-train.jsonl",
        "--trained-on", made / "b-train.jsonl", code=None)
    text = (tmp_path / "summary.md").read_text("utf-8")
    assert "| channel chat |" in text and "problem type" not in text.split("<details>")[0]
    assert "7 groups of fewer than 250 conversations are left out." in text
    assert text.count("## Drift") == 3 and text.index("<details>") < text.index("## Drift")
    assert text.endswith("</details>\n")
