"""The report: what a demanding reader looked for and did not find, or could not read."""

import copy
import json

import numpy as np
import pytest
import report_sample
from report_browser import Reader, browser, page, probe, render, table_of  # noqa: F401
from report_browser import reader_of_any_width as reader  # noqa: F401


@pytest.fixture(scope="module")
def data():
    """A sample with a group of two conversations, both told wrong."""
    data = report_sample.sample(400, seed=11, readable=10)
    slices = data["evaluation"]["survey"]
    tiny = copy.deepcopy(slices[-1])
    tiny.update(value="33+ tiny", n=2)
    tiny["figures"]["accuracy"] = {"value": 0.0, "interval": [0.0, 0.66]}
    slices.append(tiny)
    for slice_ in slices[1:-1]:
        slice_["n"] = max(slice_["n"], 40)
    data["evaluation"]["reliability"]["slices"][0]["ece_debiased"] = None
    population = data["evaluation"]["population"]
    population["by"] += [{"by": "problem_type", "value": f"silent {i}", "n": 3, "answered": 0}
                         for i in range(5)]
    population["response"]["features"] += [
        {"name": f"column {i}", "coefficient": 0.1, "interval": [-9, 9.2]} for i in range(30)]
    population["response"]["features"] += [{"name": "clear", "coefficient": 5, "interval": [4, 6]}]
    return data


def drawn(reader, section):
    """The texts of a section's charts."""
    return reader.texts(f"{section} .plot svg text")


def test_a_tiny_group_is_not_named_the_lowest(reader):
    says = reader.page.locator("#slices figcaption p").inner_text()
    assert says.startswith("Lowest: ") and "tiny" not in says
    assert "33+ tiny" in drawn(reader, "#slices"), "it is drawn all the same"
    assert "Rings: fewer than 30" in reader.page.locator("#slices .lead").inner_text()


def test_no_axis_of_shares_goes_beyond_100_percent(reader):
    for section in ("#slices", "#population", "#conformal"):
        beyond = [t for t in drawn(reader, section) if t.endswith("%") and t[:-1].isdigit() and int(t[:-1]) > 100]
        assert beyond == [], section


def test_calibration_by_group_has_headings_and_no_empty_rows(reader):
    texts = drawn(reader, "#calibration")
    assert any(text.startswith("By ") for text in texts)
    assert "–" not in texts


def test_the_verdict_on_the_transition_is_said_once(reader, data):
    said = reader.page.locator("#claim .callout p").inner_text()
    assert said.lstrip("✓✕ \n").strip() == data["evaluation"]["claim"]["verdict"]["text"].strip()


def claim(probe, by_entry):  # noqa: F811
    """What the program finds in 400 conversations whose answer follows entry and exit so:
    by -4 and 4 it is their difference that counts, by 0 and 4 the exit alone."""
    rng = np.random.default_rng(4)
    entry, exit_ = rng.uniform(size=(2, 400))
    log_odds = by_entry * (entry - 0.5) + 4 * (exit_ - 0.5)
    satisfied = rng.random(400) < report_sample.logistic(log_odds)
    outlook = 0.8 * log_odds + rng.normal(size=400)
    asked = {"entry": entry.tolist(), "exit": exit_.tolist(), "outlook_logit": outlook.tolist(),
             "y": satisfied.astype(int).tolist(), "folds": 5, "seed": 1}
    return json.loads(probe("reliability", {"claim": asked}))["claim"]


# Whether the data support the transition: the strength of entry, the mark and its name, and what
# the page says.
SUPPORTED = (-4, "✓", "shown", "claim supported", "good",
             "The data support the transition as a measure: beyond the state a customer leaves in, "
             "delta tells more of the answer (coefficient ")
REFUTED = (0, "✕", "refuted", "claim not supported", "bad",
           "The data do not support the transition as a measure of its own. The state at exit "
           "carries it: delta tells much beyond entry (coefficient ")


@pytest.mark.parametrize("expected,other", [(SUPPORTED, REFUTED), (REFUTED, SUPPORTED)],
                         ids=["supported", "refuted"])
def test_the_page_says_plainly_whether_the_transition_matters(browser, probe, render, expected, other):  # noqa: F811
    by_entry, glyph, name, result, kind, words = expected
    found = claim(probe, by_entry)
    data = {"evaluation": {"claim": found}}
    reader = Reader(browser, render(data))
    finding = reader.page.locator(".findings li", has_text="Transition")
    for mark in (finding.locator(".standing"), reader.page.locator("#claim .callout .standing")):
        assert (mark.text_content(), mark.get_attribute("aria-label")) == (glyph, name)
    assert finding.locator(".result").text_content() == result
    said = reader.texts("#claim .callout .quote")
    assert said == reader.texts(".findings li:last-child .quote") == [found["verdict"]["text"]]
    assert said[0].startswith(words)
    assert reader.page.locator("#claim .callout").get_attribute("class") == f"callout {kind}"
    whole = reader.page.locator("main").text_content()
    assert whole.count(words) == 2 and other[5] not in whole and other[3] not in whole
    rows = table_of(reader.tables(), "claim", "What delta adds")
    [beyond] = [row for row in rows if row[0] == "delta beyond exit"]
    assert (float(beyond[6].strip("< ")) < 0.01) == (kind == "good"), "as the table has it"
    reader.check()
    summary = probe("report", data, "markdown").decode()
    assert f"**Transition: {result}.** {words.split(' (')[0]}" in summary


def test_the_experiments_can_be_read(reader):
    heights = reader.page.eval_on_selector_all(
        "#experiments tbody tr", "rows => rows.map((row) => row.getBoundingClientRect().height)")
    assert len(heights) == 8 and max(heights) < 190, "words are not broken letter by letter"
    names = reader.texts("#experiments tbody th")
    assert names[0].startswith("1. ") and names[7].startswith("8. ")


def test_figures_of_the_list_are_named_on_a_phone(browser, page):  # noqa: F811
    reader = Reader(browser, page, width=360)
    named = reader.page.eval_on_selector_all(
        ".list tr[data-row]:first-child td[data-label]",
        "cells => cells.map((cell) => getComputedStyle(cell, '::before').content)")
    assert named == ['"Δ" " "', '"chance" " "'] or named == ['"Δ "', '"chance "']
    row = reader.page.locator(".list tr[data-row]").first
    ends = [row.locator("td").nth(i).bounding_box() for i in range(4)]
    for left, right in zip(ends, ends[1:]):
        assert left["x"] + left["width"] <= right["x"] + 1, "nothing covers its neighbour"
    reader.check()


def test_a_report_without_a_ledger_says_how_to_give_one(browser, render):  # noqa: F811
    reader = Reader(browser, render({"evaluation": {}}))
    assert "--ledger" in reader.page.locator("#experiments .missing").inner_text()
    reader.check()


def test_the_training_loss_has_a_line_to_follow(reader):
    loss = reader.page.locator("#learning figure").first
    assert "running mean" in loss.locator(".legend").inner_text()
    assert loss.locator("svg g[stroke-opacity='0.35'] path, svg path[stroke-opacity='0.35']").count() == 1


def test_groups_in_which_nobody_answered_are_counted(reader):
    chart = reader.page.locator("#population figure", has_text="Population CSAT by group")
    assert "Nobody answered in 5 further groups" in chart.locator("figcaption").inner_text()
    drawn_rows = chart.locator(".plot svg text").all_text_contents()
    assert not any("silent" in text for text in drawn_rows) and "–" not in drawn_rows
    chart.locator("summary").click()
    reader.until("document.querySelector('#population').textContent.includes('silent 4')")


def test_the_clearest_columns_of_the_response_model_are_drawn(reader):
    chart = reader.page.locator("#population figure", has_text="What goes with answering")
    texts = chart.locator(".plot svg text").all_text_contents()
    assert "clear" in texts and sum(text.startswith("column ") for text in texts) < 10
    assert "The 10 clearest of" in chart.locator("figcaption").inner_text()


def test_no_chart_is_taller_than_a_page_of_paper(browser, page):  # noqa: F811
    reader = Reader(browser, page)
    heights = "[...document.querySelectorAll('figure .plot svg')].map((s) => Number(s.getAttribute('height')))"
    before = reader.page.evaluate(heights)
    reader.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    printed = reader.page.evaluate(heights)
    assert max(printed) < 900 and max(printed) < max(before)
    reader.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert reader.page.evaluate(heights) == before, "the screen looks as it did"
    reader.check()
