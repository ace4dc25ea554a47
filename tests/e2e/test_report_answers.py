"""The report's answers on the survey's scale: what is drawn and what stands in the tables is what
went in."""

import numpy as np
import pytest
import report_sample
from report_browser import Reader, browser, probe, render, table_of  # noqa: F401
from test_report_charts import check, of, places, tells, upright

# The bars, dots and lines of the chart of boxes, in pixels.
BOXES = """() => {
  const figure = [...document.querySelectorAll('#answers figure')].find((one) =>
      one.querySelector('h3').textContent === 'Chances and answers');
  const numbers = (tag, names) => [...figure.querySelectorAll(`.plot svg ${tag}`)].map((e) =>
      names.map((name) => Number(e.getAttribute(name))));
  return {bars: numbers('rect', ['x', 'y', 'width', 'height']), dots: numbers('circle', ['cx', 'cy']),
          lines: numbers('line', ['x1', 'y1', 'x2', 'y2']),
          texts: [...figure.querySelectorAll('.plot svg text')].map((e) => e.textContent)};
}"""
TABLES = ["Chances and answers", "At most each answer", "In figures", "Mean absolute error by group"]


@pytest.fixture(scope="module")
def data():
    return report_sample.sample(1500, seed=21, readable=10)


@pytest.fixture(scope="module")
def answers(data):
    return data["evaluation"]["answers"]


@pytest.fixture
def reader(browser, render, data):  # noqa: F811
    opened = Reader(browser, render(data))
    opened.until("[...document.querySelectorAll('#answers figure')]"
                 ".every((figure) => figure.querySelector('.plot svg'))")
    yield opened
    opened.check()


@pytest.fixture
def tables(reader):
    found = reader.tables()
    return {name: table_of(found, "answers", name) for name in TABLES}


def test_bars_are_chances_and_dots_are_shares(reader, answers):
    each = answers["boxes"]["each"]
    drawn = reader.page.evaluate(BOXES)
    at, chance, share = (of(each, key) for key in ("answer", "chance", "share"))
    ends = [[(x, low), (x, high)] for x, (low, high) in zip(at, of(each, "interval"))]
    places(
        ([bar[:2] for bar in drawn["bars"]], np.column_stack([at, chance])),
        (drawn["dots"], np.column_stack([at, share])),
        (upright(drawn), ends),
    )
    foot = [bar[1] + bar[3] for bar in drawn["bars"]]
    assert max(foot) - min(foot) < 1, "all bars stand on 0"
    assert [text for text in drawn["texts"] if text.isdigit()] == ["1", "2", "3", "4", "5"]


def test_tables_have_the_figures(tables, answers):
    for name, key, head in (("Chances and answers", "each", "answer"),
                            ("At most each answer", "up_to", "at most")):
        shares = answers["boxes"][key]
        check(tables[name], [
            (head, None, [str(one["answer"]) for one in shares]),
            ("mean chance", 1, of(shares, "chance")),
            ("share", 1, of(shares, "share")),
            ("interval", 1, of(shares, "interval")),
        ])
    figures = list((answers["csat"]["figures"] | answers["boxes"]["figures"]).values())
    rows = tables["In figures"]
    assert len(rows) == 1 + 14 == 1 + len(figures)
    assert [row[0] for row in rows[1:4]] == ["Mean absolute error", "Root mean squared error", "Bias"]
    for row, figure in zip(rows[1:], figures):
        assert tells(row[1], [figure["value"]], 3) and tells(row[2], figure["interval"], 3), row
        assert len(row[3]) > 20, f"nothing is said of {row[0]}"


def test_groups_have_their_error_their_bias_and_their_score(reader, tables, answers):
    slices = answers["slices"]
    rows = tables["Mean absolute error by group"]
    assert rows[0] == ["group", "value", "n", "Mean absolute error", "interval"]
    assert [row[1] for row in rows[1:]] == of(slices, "value")
    for row, one in zip(rows[1:], slices):
        assert tells(row[2], [one["n"]], 0)
        assert tells(row[3], [one["figures"]["mae"]["value"]], 3), row
    options = reader.texts("#answers .choose option")
    assert options == ["Mean absolute error", "Bias", "Ranked probability score"]
    reader.page.locator("#answers .choose select").select_option(index=1)
    assert reader.texts("#answers .group h3") == ["Bias by group"]


def test_the_words_say_what_was_measured(reader, answers):
    lead = reader.page.locator("#answers .lead").inner_text()
    csat = answers["csat"]
    assert tells(lead.replace(".", " ").split(" answered")[0], [csat["n"]], 0)
    for value in (csat["mean_answer"], csat["mean_csat"]):
        assert f"{value:.2f}" in lead
    assert "always saying 3.20, the mean of the calibration’s answers" in lead
    says = reader.texts("#answers figcaption p")
    off = [sum(not low <= one["chance"] <= high for one in answers["boxes"][key]
               for low, high in [one["interval"]]) for key in ("each", "up_to")]
    for text, outside, number in zip(says, off, (5, 4)):
        assert (f"{outside} of {number} mean chances lie outside" if outside else
                f"All {number} mean chances agree") in text


def without_boxes(answers):
    return {**answers, "boxes": None,
            "csat": {**answers["csat"], "reference": {"mean": 2.5, "from": "test"}}}


def many_boxes(answers):
    each = [{"answer": k - 10, "chance": 1 / 21, "share": float(k == 3),
             "interval": [0, 0.05] if k != 3 else [0.95, 1]} for k in range(21)]
    return {**answers, "scale": [-10, 10], "slices": [],
            "boxes": {**answers["boxes"], "impossible": 2, "each": each, "up_to": each[:-1]}}


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_with_and_without_boxes_on_a_phone_and_a_screen(browser, render, data, answers, width, theme):  # noqa: F811
    for change, charts in ((without_boxes, 1), (many_boxes, 2)):
        evaluation = {**data["evaluation"], "answers": change(answers)}
        reader = Reader(browser, render({**data, "evaluation": evaluation}), width=width,
                        color_scheme=theme)
        reader.until(f"document.querySelectorAll('#answers figure .plot svg').length === {charts}")
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= width
        if change is without_boxes:
            assert "2.50, the mean of these answers" in reader.texts("#answers .lead")[0]
        else:
            assert "2 answers had been given no chance" in reader.texts("#answers figcaption p")[0]
            assert "−10 to 10" in reader.texts("#answers .lead")[0]
            named = [t for t in reader.page.evaluate(BOXES)["texts"] if t.lstrip("−").isdigit()]
            assert 4 < len(named) < 21, "every second or third: all would run into each other"
        reader.check()


def test_a_report_without_answers_says_why(browser, render):  # noqa: F811
    note = "no survey was answered on a scale from 1 to 5"
    reader = Reader(browser, render({"evaluation": {"notes": [f"answers: {note}"]}}))
    assert reader.texts("#answers .missing") == [note]
    reader.check()
