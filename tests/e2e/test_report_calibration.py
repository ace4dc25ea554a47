"""The report: calibration by group, in figures and as a diagram of the group that is chosen."""

import copy
import json
import re

import jsonschema
import numpy as np
import pytest
import report_sample
from report_browser import Reader, browser, page, probe, render, table_of  # noqa: F401
from report_browser import reader_of_any_width as reader  # noqa: F401

HEAD = ["group", "answers", "debiased error", "adaptive ECE", "Brier score", "reliability", "resolution"]
NAMES = {"channel": "Channel", "problem_type": "Problem type", "length": "Length in turns"}

# The diagram: its title, what it says, its dots and the ends of their intervals, in pixels.
DIAGRAM = """() => {
  const figure = document.querySelector('#calibration figure');
  const all = (tag, names) => [...figure.querySelectorAll(`.plot svg ${tag}`)].map((e) =>
      names.map((name) => Number(e.getAttribute(name))));
  return {title: figure.querySelector('h3').textContent, says: figure.querySelector('p').textContent,
          dots: all('circle', ['cx', 'cy']),
          lines: all('line', ['x1', 'y1', 'x2', 'y2']).filter(([a, , b]) => a === b)};
}"""


@pytest.fixture(scope="module")
def data():
    """3,000 conversations: two of the groups have fewer than 30 answers."""
    return report_sample.sample(3000, seed=2, readable=10)


@pytest.fixture(scope="module")
def reliability(data):
    return data["evaluation"]["reliability"]


def told(value, interval):
    """A figure and its interval as a cell has them. (The page has 5 significant digits.)"""
    if value is None:
        return "–"
    cut = [f"{float(f'{x:.5g}'):.3f}".replace("-0.000", "0.000").replace("-", "−")
           for x in (value, *interval)]
    return f"{cut[0]} ({cut[1]} to {cut[2]})"


def row(name, n, group, interval):
    part = lambda key: told(None, None) if group["brier"] is None else told(  # noqa: E731
        group["brier"][key], group["brier"][f"{key}_interval"])
    return [name, f"{n:,}", told(group["ece_debiased"], interval),
            told(group["ece_adaptive"], group["ece_adaptive_interval"]),
            *map(part, ("value", "reliability", "resolution"))]


def test_the_sample_is_as_the_program_writes(reliability, schema):
    whole = schema("evaluation")
    part = {**whole["properties"]["reliability"], "$defs": whole["$defs"]}
    jsonschema.Draft202012Validator(part).validate(json.loads(json.dumps(reliability)))


def test_the_table_has_the_figures_of_every_group(reader, reliability):
    slices = reliability["slices"]
    assert len(slices) == 13 and 0 < sum(s["brier"] is None for s in slices) < 13
    everything = sum(b["n"] for b in reliability["bins"])
    wanted = [row("Everything", everything, reliability, reliability["ece_debiased_interval"])]
    wanted += [row(f"{s['value']} {NAMES[s['by']]}", s["n"], s, s["interval"]) for s in slices]
    assert table_of(reader.tables(), "calibration", "Calibration by group") == [HEAD, *wanted]


def test_the_table_can_be_read_on_a_phone(browser, page):  # noqa: F811
    reader = Reader(browser, page, width=360)
    table = reader.page.locator("#calibration .by-group .scroll")
    assert table.evaluate("(e) => e.scrollWidth > e.clientWidth"), "it scrolls within its frame"
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 360
    table.evaluate("(e) => { e.scrollLeft = e.scrollWidth; }")
    name, last = (table.locator("tbody tr").nth(1).locator(cell).bounding_box()
                  for cell in ("th", "td:last-child"))
    frame = table.bounding_box()
    assert name["x"] >= frame["x"] - 1, "the name stays in sight"
    assert name["x"] + name["width"] <= last["x"] + 1, "and covers no figure"
    assert last["x"] + last["width"] <= frame["x"] + frame["width"] + 1
    assert name["width"] < 0.5 * frame["width"]
    reader.check()


def places(pixels, figures):
    """Asserts that pixels are figures on a straight scale, to a pixel."""
    pixels, figures = np.reshape(pixels, (-1, 2)), np.reshape(figures, (-1, 2))
    assert len(pixels) == len(figures) > 2
    for axis in (0, 1):
        slope, start = np.polyfit(figures[:, axis], pixels[:, axis], 1)
        assert np.abs(start + slope * figures[:, axis] - pixels[:, axis]).max() < 1


def test_the_diagram_of_a_group_is_chosen_by_keyboard(reader, reliability):
    page = reader.page
    whole = page.evaluate(DIAGRAM)
    assert whole["title"] == "Reliability" and len(whole["dots"]) == 12
    select = page.locator("#calibration .choose select")
    options = page.locator("#calibration .choose option").all_text_contents()
    slices = reliability["slices"]
    everything = sum(b["n"] for b in reliability["bins"])
    assert options == [f"all {everything} answers"] + [f"{s['value']} ({s['n']} answers)" for s in slices]
    labels = page.eval_on_selector_all("#calibration optgroup", "all => all.map((g) => g.label)")
    assert labels == list(NAMES.values())
    select.focus()
    for slice_ in slices[:3]:
        page.keyboard.press("ArrowDown")
        bins = slice_["bins"]
        reader.until("document.querySelector('#calibration figure h3').textContent === "
                     f"{json.dumps('Reliability: ' + slice_['value'])}")
        reader.until("document.querySelectorAll('#calibration figure')[0]"
                     f".querySelectorAll('.plot svg circle').length === {len(bins)}")
        found = page.evaluate(DIAGRAM)
        places(found["dots"], [(b["p"], b["y"]) for b in bins])
        places(found["lines"], [[(b["p"], end) for end in b["interval"]] for b in bins])
        off = sum(not b["interval"][0] <= b["p"] <= b["interval"][1] for b in bins)
        assert (f"{off} of 5 bins lie off" if off else "All 5 bins agree") in found["says"]
        assert found["says"].endswith(f" {slice_['n']} answers in all.")
        facts = page.locator("#calibration .grid > .chart .facts").first.inner_text()
        assert told(slice_["ece_debiased"], slice_["interval"]) in facts
        if slice_["brier"] is None:
            assert "need 30 answers" in facts
        else:
            for part in ("value", "reliability", "resolution", "uncertainty"):
                assert told(slice_["brier"][part], slice_["brier"][f"{part}_interval"]) in facts
    assert page.evaluate("document.activeElement.tagName") == "SELECT", "the focus stays"
    select.select_option(index=0)
    reader.until("document.querySelector('#calibration figure h3').textContent === 'Reliability'")
    assert page.evaluate(DIAGRAM)["says"] == whole["says"]


def test_figures_of_an_older_program_are_drawn(browser, render, data):  # noqa: F811
    """Without adaptive errors and Brier parts of groups, and without the diagram's choice."""
    old = copy.deepcopy(data["evaluation"])
    reliability = old["reliability"]
    del reliability["ece_debiased_interval"], reliability["ece_adaptive_interval"]
    reliability["brier"] = {k: v for k, v in reliability["brier"].items() if "interval" not in k}
    reliability["slices"] = [
        {key: s[key] for key in ("by", "value", "n", "ece_debiased", "interval")} | {"bins": []}
        for s in reliability["slices"]
    ]
    reader = Reader(browser, render({"title": "old", "evaluation": old}))
    assert reader.page.locator("#calibration .choose").count() == 0
    rows = table_of(reader.tables(), "calibration", "Calibration by group")
    assert len(rows) == 15 and all(row[3:] == ["–"] * 4 for row in rows[2:])
    assert re.fullmatch(r"0\.\d{3}", rows[1][4]), "a figure without an interval"
    reader.check()
