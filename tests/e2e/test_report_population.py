"""The report: the mean answer three ways, and how far the share could move with its sampling error."""

import re

import numpy as np
import pytest
import report_sample
from report_browser import Reader, browser, page, probe, render, table_of  # noqa: F401
from test_report_charts import DRAWN, check, of, places, points, tells

WAYS = {"measured": "Measured", "reweighted": "Reweighted", "prediction_powered": "Prediction-powered"}
MEAN = "Mean answer, three ways"
GROUPS = "Population CSAT by group"
RANGE = "If the response model misses something"


@pytest.fixture(scope="module")
def data():
    return report_sample.sample(900, seed=31, readable=10)


@pytest.fixture(scope="module")
def population(data):
    return data["evaluation"]["population"]


def opened(browser, path, **context):  # noqa: F811
    reader = Reader(browser, path, **context)
    reader.until("[...document.querySelectorAll('#population figure.chart')]"
                 ".every((figure) => figure.querySelector('.plot svg'))")
    return reader


@pytest.fixture
def reader(browser, page):  # noqa: F811
    found = opened(browser, page)
    yield found
    found.check()


def chart(reader, title):
    [found] = [one for one in reader.page.evaluate(DRAWN)
               if (one["section"], one["title"]) == ("population", title)]
    return found


def test_the_mean_answer_three_ways(reader, population):
    figures = population["overall"]["mean_answer"]
    values, intervals = ([figures[key][part] for key in WAYS] for part in ("value", "interval"))
    lows, highs = zip(*intervals)
    check(table_of(reader.tables(), "population", MEAN),
          [("way", None, list(WAYS.values())), ("mean answer", 2, values), ("low", 2, lows),
           ("high", 2, highs)])
    found = chart(reader, MEAN)
    for name, value, interval in zip(WAYS.values(), values, intervals):
        [said] = re.findall(rf"{name} ([^()]*\([^()]*\))", found["says"])
        assert tells(said, [value, *interval], 2), said
    assert "On the survey’s own scale" in found["says"] and "λ = 0.64" in found["says"]
    flat = [line for line in found["lines"] if line[1] == line[3]]
    pixels = [dot[:2] for dot in found["circles"]]
    pixels += [[x, y] for x, y, _, _ in flat] + [[x, y] for _, _, x, y in flat]
    places((pixels, np.column_stack([[*values, *lows, *highs], np.tile([3, 2, 1], 3)])))


def test_each_groups_mean_answer_stands_in_the_table(reader, population):
    head, *rows = table_of(reader.tables(), "population", GROUPS)
    assert head[7:] == [f"Mean answer, {name.lower()}" for name in WAYS.values()]
    for row, group in zip(rows, population["by"], strict=True):
        assert row[1] == group["value"]
        for cell, key in zip(row[7:], WAYS):
            figure = group["mean_answer"][key]
            assert tells(cell, [figure["value"], *figure["interval"]], 2), (row[1], key)


def test_the_range_with_its_sampling_error(reader, population):
    lines = population["sensitivity"]
    gammas, lows, highs, sampled = (of(lines, key) for key in ("gamma", "low", "high", "interval"))
    check(table_of(reader.tables(), "population", RANGE),
          [("odds off by", 2, gammas), ("low", 1, lows), ("high", 1, highs),
           ("with sampling error", 1, sampled)])
    found = chart(reader, RANGE)
    [inner] = re.findall(r"would lie within ([^,]*), and", found["says"])
    [outer] = re.findall(r"and within ([^,]*) with the sampling error\.", found["says"])
    assert tells(inner, [lows[-1], highs[-1]], 1) and tells(outer, sampled[-1], 1)
    assert "from 1.31 times on; with the sampling error from 1.08." in found["says"]
    drawn = points(found, len(gammas))
    assert len(drawn) == 4
    places(*zip(drawn, (np.column_stack([gammas, y]) for y in (lows, highs, *zip(*sampled)))))
    around = points(found, 2 * len(gammas))  # the grounds between them
    assert len(around) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off(browser, page, scheme):  # noqa: F811
    reader = opened(browser, page, width=360, color_scheme=scheme)
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 360
    for title in (MEAN, RANGE):
        assert chart(reader, title)["texts"]
    colours = reader.page.evaluate(
        "[...document.querySelectorAll('#population figure')].filter((figure) =>"
        f" figure.querySelector('h3').textContent === '{MEAN}').flatMap((figure) =>"
        " [...figure.querySelectorAll('circle')].map((dot) => getComputedStyle(dot).fill))")
    assert len(set(colours)) == 3, "each way has a colour of its own"
    reader.check()


def test_yes_and_no_have_no_mean_and_older_files_no_sampling_error(browser, render, data):  # noqa: F811
    population = data["evaluation"]["population"]
    bare = lambda group: {k: v for k, v in group.items() if k != "mean_answer"}  # noqa: E731
    older = population | {
        "overall": bare(population["overall"]), "by": [bare(group) for group in population["by"]],
        "sensitivity": [{k: v for k, v in line.items() if k != "interval"}
                        for line in population["sensitivity"]],
        "flips": [{k: v for k, v in line.items() if k != "gamma_interval"}
                  for line in population["flips"]]}
    reader = opened(browser, render(data | {"evaluation": data["evaluation"] | {"population": older}}))
    titles = [one["title"] for one in reader.page.evaluate(DRAWN) if one["section"] == "population"]
    assert MEAN not in titles and RANGE in titles
    said = chart(reader, RANGE)["says"]
    assert "sampling error" not in said and "from 1.31 times on." in said
    assert table_of(reader.tables(), "population", GROUPS)[0][7:] == []
    reader.check()
