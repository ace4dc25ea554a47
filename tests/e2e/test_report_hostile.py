"""The report: 200 texts that try to run or to break out stand in every field as what they are."""

import html.parser
import json
import re

import hostile
import pytest
from report_browser import Reader, browser, hostile_page, probe, render, table_of  # noqa: F401

# Every conversation of the list, opened one after another: what its row and the reader show.
READ_ALL = """() => {
  const all = {};
  const text = (node) => [...node.querySelectorAll('.quote')].map((quote) => quote.textContent);
  for (;;) {
    for (const row of document.querySelectorAll('.list tr[data-row]')) {
      row.click();
      all[row.dataset.row] = {row: text(row), title: document.querySelector('.reader h3').textContent,
        about: text(document.querySelector('.reader .about')), words: text(document.querySelector('.turns'))};
    }
    const next = document.querySelector('.pager [aria-label="Next page"]');
    if (next.disabled) return all;
    next.click();
  }
}"""

NAMES = {"accuracy": "Accuracy", "roc_auc": "ROC-AUC", "problem_type": "Problem type"}


def named(key):
    return NAMES.get(key, key.replace("_", " "))


def capital(text):
    return text[:1].upper() + text[1:]


def in_tables(data):
    """By section and beginning of the caption: what every row of a table begins with."""
    found = data["evaluation"]
    population = found["population"]
    groups = lambda slices: [[named(s["by"]), s["value"]] for s in slices]  # noqa: E731
    names = lambda rows, key="name": [[row[key]] for row in rows]  # noqa: E731
    options = [[name, str(value)] for name, value in found["options"].items()]
    experiments = [
        [f"{i}. {e['name']}", "50.0% (40.0 to 60.0%)", e["date"][:10], e["note"]]
        for i, e in enumerate(data["experiments"], 1)
    ]
    return {
        ("calibration", "Calibration error by group"): groups(found["reliability"]["slices"]),
        ("calibration", "Calibration by group"): [["Everything"]]
        + [[f"{value} {by}"] for by, value in groups(found["reliability"]["slices"])],
        ("answers", "In figures"): 2 * [[named(key)] for key in found["survey"][0]["figures"]],
        ("answers", "Accuracy by group"): groups(found["answers"]["slices"]),
        ("slices", "Accuracy by group"): groups(found["survey"][1:]),
        ("turns", "Accuracy by group"): groups(found["turns"][1:]),
        ("claim", "What delta adds"): names(found["claim"]["tests"]),
        ("claim", "What it changes"): names(found["claim"]["changes"]),
        ("population", "Population CSAT by group"): groups(population["by"]),
        ("population", "What goes with answering"): names(population["response"]["features"]),
        ("population", "Balance"): names(population["response"]["balance"]),
        ("conformal", "Coverage of prediction sets"): names(found["conformal"]["groups"], "group"),
        ("experiments", "The experiments"): experiments,
        ("making", "Options of the evaluation"): options,
        ("making", "How the model was trained"): data["making"],
    }


def elsewhere(data):
    """By selector: what stands outside tables and the list of conversations."""
    found = data["evaluation"]
    figures = found["survey"][0]["figures"]
    origin = [found["model"], found["target"], found["data"]["path"], found["data"]["sha256"]]
    return {
        ".kicker .quote": [data["title"]],
        ".findings li:last-child .quote": [found["claim"]["verdict"]["text"]],
        "#accuracy .cards h3": [named(key) for key in figures],
        "#accuracy .cards .ends .quote": [figures["roc_auc"]["reason"]],
        "#turns .cards h3": [named(key) for key in figures],
        "#turns .cards .ends .quote": [figures["roc_auc"]["reason"]],
        "#accuracy .cards li:last-child .help": [""],  # nothing is known of such a figure
        "#answers .choose option": [named(key) for key in figures],
        "#slices .choose option": [named(key) for key in figures],
        "#population .callout .quote": found["population"]["assumptions"],
        "#population .remarks .quote": found["population"]["notes"],
        "#arcs figcaption h3": [capital(group["outcome"]) for group in found["arcs"]["groups"]],
        "#claim .callout .quote": [found["claim"]["verdict"]["text"]],
        "#conformal .remarks .quote": found["conformal"]["notes"],
        "#making .callout .quote": found["notes"],
        "#making .facts .quote": [*origin, data["program"], data["made_at"]],
    }


PAGES = {  # the texts of a page
    "all": hostile.strings(),
    "turned": hostile.turned(hostile.strings(), 100),  # others where a page has room for 40 or one
    "script": ["</script><script>window.hostile=1</script>"],
    "image": ["<img src=x onerror=window.hostile=1>"],
    "direction": ["\u202ereversed\u202c"],
    "prototype": ["__proto__"],
    "constructor": ["constructor"],
}


@pytest.mark.parametrize("texts", PAGES.values(), ids=PAGES)
def test_hostile_texts_are_shown_and_do_nothing(browser, render, texts):  # noqa: F811
    assert set(texts) <= set(hostile.strings())
    data = hostile.report(texts)
    reader = Reader(browser, render(data))
    page = reader.page
    tables = reader.tables()
    for place, rows in in_tables(data).items():
        assert [row[: len(rows[0])] for row in table_of(tables, *place)[1:]] == rows, place
    for selector, expected in elsewhere(data).items():
        assert reader.texts(selector) == expected, selector
    flip = capital(data["evaluation"]["population"]["flips"][0]["claim"])
    captions = reader.texts("#population figcaption p")
    assert any(f" {flip}, 50.0%, could be the truth from 2.00 times on." in c for c in captions)
    shown = page.evaluate(READ_ALL)
    assert len(shown) == len(texts)
    at = lambda i: texts[i % len(texts)]  # noqa: E731
    for i in range(len(texts)):
        conversation = shown[str(i)]
        assert conversation["title"] == at(i)
        assert conversation["row"] == [at(i), at(i + 2), at(i + 1)]
        assert conversation["about"] == [at(i + 1), at(i + 2)]
        assert conversation["words"] == [at(i + 3), at(i + 4), at(i + 5)]
    assert page.title().startswith(texts[0])
    page.locator("#calibration .choose select").select_option(index=1)
    assert reader.texts("#calibration figcaption h3")[0].startswith("Reliability: ")
    page.locator("#slices .choose select").select_option(index=2)
    figure = list(data["evaluation"]["survey"][0]["figures"])[2]
    assert reader.texts("#slices figcaption h3") == [f"{named(figure)} by group"]
    for name in ("script", "style", "iframe", "img", "link", "object", "base", "form"):
        expected = {"script": 4, "style": 1, "form": 1}.get(name, 0)
        assert page.locator(name).count() == expected, f"no {name} came from the data"
    reader.check()


OPENING = b'<script type="application/json" id="data">'


def parts(page):
    """A page before its data, the data, and after them: as a browser takes it apart."""
    before, rest = page.split(OPENING)
    data, after = rest.split(b"</script>", 1)
    return before, data, after


def test_a_page_of_any_hostile_text_differs_by_its_data_alone(probe):  # noqa: F811
    """Each of the 200 in every field: what is not data is byte for byte what it is of a harmless
    text, and the data are read back as they went in."""
    before, _, after = parts(probe("report", hostile.report(["harmless"]), "html"))
    for text in hostile.strings():
        data = hostile.report([text])
        page = parts(probe("report", data, "html"))
        untouched = (page[0], page[2]) == (before, after)
        assert untouched, f"{text!r} changes the page around the data"
        found = page[1].decode()
        assert not re.search("[<>&\u2028\u2029]", found), f"{text!r} is not escaped"
        found = json.loads(found)
        for key in ("title", "program", "made_at", "evaluation", "learning", "experiments", "making"):
            assert found[key] == data[key], f"{key} of {text!r}"
        assert found["verdict"]["findings"][-1]["text"] == text
        listed = found["conversations"]
        assert listed["id"] == listed["channel"]["values"] == listed["problem_type"]["values"] == [text]
        assert listed["texts"] == {"0": [[0, text], [1, text], [2, text]]}


def free_texts(schema, root, path=()):
    """The paths at which JSON of a schema may hold any text; elements of arrays are not told apart."""
    if "$ref" in schema:
        schema = {**root["$defs"][schema["$ref"].split("/")[-1]], **schema}
    if "string" in schema.get("type", ()) and "enum" not in schema:
        yield path
    for part in schema.get("allOf", []):
        yield from free_texts(part, root, path)
    if isinstance(schema.get("items"), dict):
        yield from free_texts(schema["items"], root, path)
    for key, each in schema.get("properties", {}).items():
        yield from free_texts(each, root, (*path, key))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from free_texts(schema["additionalProperties"], root, (*path, "*"))


def places(value, text, path=()):
    """The paths at which JSON holds the text, a key of that name among them."""
    if value == text:
        yield path
    if isinstance(value, list):
        for each in value:
            yield from places(each, text, path)
    if isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, text, (*path, "*" if key in (text, "accuracy", "roc_auc") else key))


def test_no_field_of_an_evaluation_is_left_out(schema):
    """What the two tests above fill is all that the evaluation's schema lets be any text."""
    free = set(free_texts(schema("evaluation"), schema("evaluation")))
    assert ("claim", "verdict", "text") in free and ("survey", "value") in free
    assert free - set(places(hostile.report(["x"])["evaluation"], "x")) == set()


def test_hostile_texts_can_be_searched_and_filtered(browser, hostile_page):  # noqa: F811
    reader = Reader(browser, hostile_page)
    texts = hostile.strings()
    search = reader.page.get_by_label("Search")
    count = "document.querySelector('.count').textContent"
    for text in ("<script>", "__proto__", "\\u003cscript", "[object"):
        search.fill(text)
        reader.until(f"{count}.includes('found')")
        # A conversation holds six of the texts, one after another.
        holds = [any(text in (texts * 2)[i + j].lower() for j in range(6)) for i in range(200)]
        assert f"{sum(holds)} found in 200" in reader.page.locator(".count").inner_text()
        search.fill("")
        reader.until(f"!{count}.includes('found')")
    for label in ("Channel", "Problem type"):
        choice = reader.page.locator(f"select[data-key={label.lower().replace(' ', '_')}]")
        choice.select_option(index=5)
        assert reader.page.locator(".count").inner_text() == "1 found in 200"
        choice.select_option(index=0)
    reader.check()


def test_markdown_shows_hostile_texts_literally(render):
    """As GitHub's own renderer reads it."""
    cmark = pytest.importorskip("cmarkgfm")
    texts = hostile.strings()
    data = hostile.report(texts)
    data["evaluation"]["survey"] = data["evaluation"]["survey"][:1] + [
        {**slice_, "value": slice_["value"]} for slice_ in data["evaluation"]["survey"][1:9]
    ]
    source = render(data, "markdown").read_text(encoding="utf-8")

    class Collect(html.parser.HTMLParser):
        tags, codes, inside = set(), [], False

        def handle_starttag(self, tag, attributes):
            self.tags.add(tag)
            self.inside = tag == "code"
            if self.inside:
                self.codes.append("")

        def handle_endtag(self, tag):
            self.inside = self.inside and tag != "code"

        def handle_data(self, text):
            if self.inside:
                self.codes[-1] += text

    page = Collect()
    page.feed(cmark.github_flavored_markdown_to_html(source))
    assert page.tags <= {
        "h3",
        "p",
        "ul",
        "li",
        "strong",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "sub",
    }
    flat = lambda text: "".join(
        " " if ord(c) < 32 or ord(c) == 127 else c for c in text
    )  # noqa: E731
    for text in texts[:40]:
        assert flat(text) in page.codes or flat(text).strip() == "", f"{text!r} stands as it is"
    for note in data["evaluation"]["notes"]:
        assert flat(note) in page.codes or flat(note).strip() == "", f"{note!r} stands as it is"
