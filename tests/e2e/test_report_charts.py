"""The report: every chart is there, and it draws the figures that went in, as does its table."""

import re

import numpy as np
import pytest
import report_sample
from report_browser import Reader, browser, probe, render, table_of  # noqa: F401

# Every chart: its section, its title and what it says; of its drawing the circles, lines and paths
# as numbers in pixels, and the texts.
DRAWN = """() => [...document.querySelectorAll('figure.chart')].map((figure) => {
  const drawing = figure.querySelector('.plot svg');
  const all = (tag) => [...drawing?.querySelectorAll(tag) ?? []];
  const numbers = (tag, names) => all(tag).map((e) => names.map((name) => Number(e.getAttribute(name))));
  return {
    section: figure.closest('section').id, title: figure.querySelector('h3').textContent,
    says: figure.querySelector('figcaption').textContent, label: drawing?.getAttribute('aria-label'),
    circles: numbers('circle', ['cx', 'cy', 'r']), lines: numbers('line', ['x1', 'y1', 'x2', 'y2']),
    paths: all('path').map((path) => path.getAttribute('d')), texts: all('text').map((e) => e.textContent),
  };
})"""

CHARTS = {
    "population": [
        "Share satisfied, three ways",
        "Mean answer, three ways",
        "Population CSAT by group",
        "If the response model misses something",
        "Balance before and after weighting",
        "What goes with answering",
    ],
    "calibration": ["Reliability", "Calibration error by group"],
    "answers": ["Chances and answers", "At most each answer", "Mean absolute error by group"],
    "ranking": ["ROC", "Precision and recall"],
    "distributions": ["Score", "Delta", "Entry", "Exit"],
    "arcs": ["Satisfied", "Dissatisfied", "No answer"],
    "claim": ["What delta adds", "From delta to the chance of satisfied"],
    "slices": ["Accuracy by group"],
    "turns": ["Accuracy by group"],
    "conformal": ["Coverage of prediction sets"],
    "learning": ["Loss", "Validation"],
    "experiments": ["Accuracy from baseline to target"],
}


@pytest.fixture(scope="module")
def data():
    """Target and baseline lie where no chart has a line of its grid."""
    return report_sample.sample(400, seed=12, readable=10) | {
        "options": {"target": 0.87, "baseline": 0.61}
    }


@pytest.fixture(scope="module")
def evaluation(data):
    return data["evaluation"]


@pytest.fixture(scope="module")
def drawn(browser, render, data):  # noqa: F811
    """The page's charts and its tables."""
    reader = Reader(browser, render(data))
    reader.until(
        "[...document.querySelectorAll('figure.chart')].every((f) => f.querySelector('.plot svg'))"
    )
    found = reader.page.evaluate(DRAWN), reader.tables()
    reader.check()
    return found


@pytest.fixture(scope="module")
def chart(drawn):
    """chart("ranking", "ROC"): what is drawn."""

    def call(section, title):
        found = [c for c in drawn[0] if (c["section"], c["title"]) == (section, title)]
        assert len(found) == 1, f"{len(found)} charts of {section} are called {title}"
        return found[0]

    return call


@pytest.fixture(scope="module")
def table(drawn):
    """table("ranking", "ROC"): the rows of texts, the head first."""
    return lambda section, caption: table_of(drawn[1], section, caption)


def tells(cell, figures, digits):
    """Whether a cell tells just these figures, with so many digits behind the point. ("55.1 to
    60.2%" tells 0.551 and 0.602; the page has figures to 5 significant digits.)"""
    scale = 100 if "%" in cell else 1
    found = re.findall(r"[+−]?\d[\d,]*(?:\.\d+)?", cell)
    return len(found) == len(figures) and all(
        len(text.partition(".")[2]) == digits
        and abs(float(text.replace("−", "-").replace(",", "")) - scale * figure)
        <= 0.5 * 10**-digits + 6e-5 * abs(scale * figure)
        for text, figure in zip(found, figures)
    )


def check(rows, columns):
    """`columns`: of each the head, the digits and a figure, figures or None a row; or no digits
    and a text a row."""
    assert rows[0] == [head for head, _, _ in columns]
    assert len(rows) - 1 == len(columns[0][2])
    for place, row in enumerate(rows[1:]):
        for cell, (head, digits, column) in zip(row, columns):
            wanted = column[place]
            if digits is None:
                assert cell == wanted, f"row {place}, {head}"
            elif wanted is None:
                assert cell in ("–", ""), f"row {place}, {head}"
            else:
                figures = np.atleast_1d(wanted)
                assert tells(cell, figures, digits), f"row {place}, {head}: {cell} for {wanted}"


def of(rows, key):
    return [row[key] for row in rows]


def points(chart, count):
    """The corners of the paths that have so many."""
    found = [
        np.array(re.findall(r"-?\d+(?:\.\d+)?", path), float).reshape(-1, 2)
        for path in chart["paths"]
        if re.fullmatch(r"[MLZ\d.,-]*", path)
    ]
    return [path for path in found if len(path) == count]


def upright(chart):
    """Both ends of the lines that stand upright: the intervals of dots."""
    return np.array([[(a, b), (c, d)] for a, b, c, d in chart["lines"] if a == c]).reshape(-1, 2, 2)


def stairs(x, y):
    """The corners of a line that stays until the next x."""
    return np.column_stack([np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]])


def places(*pairs):
    """Asserts that pixels are figures on one straight scale across and one upwards, to a pixel.
    Pairs of pixels and figures, (…, 2) each."""
    pixels, figures = (np.vstack([np.reshape(x, (-1, 2)) for x in side]) for side in zip(*pairs))
    assert len(pixels) == len(figures) > 2
    for axis, sign in ((0, 1), (1, -1)):
        slope, start = np.polyfit(figures[:, axis], pixels[:, axis], 1)
        off = np.abs(start + slope * figures[:, axis] - pixels[:, axis]).max()
        assert sign * slope > 5 and off < 1, f"axis {axis}: slope {slope}, off by {off} px"


def test_every_chart_is_drawn_and_says_what_it_shows(drawn):
    found = {}
    for one in drawn[0]:
        found.setdefault(one["section"], []).append(one["title"])
        assert one["label"].startswith(f"{one['title']}. "), one["title"]
        assert one["paths"] and one["texts"], f"nothing is drawn of {one['title']}"
    assert found == CHARTS


@pytest.mark.parametrize(
    "title,key,names",
    [
        ("ROC", "roc", ["false positive rate", "true positive rate"]),
        ("Precision and recall", "pr", ["recall", "precision"]),
    ],
)
def test_curves(chart, table, evaluation, title, key, names):
    curve = evaluation["curves"][key]
    columns = list(zip(*curve))
    check(
        table("ranking", title),
        [("threshold", 3, columns[2]), (names[0], 3, columns[0]), (names[1], 3, columns[1])],
    )
    found = chart("ranking", title)
    area = evaluation["survey"][0]["figures"][f"{key}_auc"]
    said = re.search(r"\d\.\d+ \([^()]*\)", found["says"])[0]
    assert tells(said, [area["value"], *area["interval"]], 3), said
    [line] = points(found, len(curve))
    [dot] = found["circles"]
    used = min(curve, key=lambda point: abs((9 if point[2] is None else point[2]) - 0.5))
    places((line, [point[:2] for point in curve]), (dot[:2], used[:2]))


@pytest.mark.parametrize("key", ["score", "delta", "entry", "exit"])
def test_histograms(chart, table, evaluation, key):
    histogram = evaluation["histograms"][key]
    edges = np.array(histogram["edges"])
    outcomes = ["satisfied", "dissatisfied", "no_answer"]
    counts = [np.array(histogram[outcome]) for outcome in outcomes]
    assert all(c.sum() > 0 for c in counts)
    title = key.capitalize()
    heads = [("from", 2, edges[:-1]), ("to", 2, edges[1:])]
    groups = [(name.replace("_", " "), 0, c) for name, c in zip(outcomes, counts)]
    check(table("distributions", title), heads + groups)
    lines = points(chart("distributions", title), 2 * len(edges) - 1)
    assert len(lines) == 3
    shares = [stairs(edges, np.append(c, c[-1]) / c.sum()) for c in counts]
    places(*zip(lines, shares))


@pytest.mark.parametrize("place", range(3))
def test_typical_arcs(chart, table, evaluation, place):
    grid, groups = (evaluation["arcs"][key] for key in ("grid", "groups"))
    group = groups[place]
    title = group["outcome"].replace("_", " ").capitalize()
    heads = [("median", "median"), ("lower quartile", "q25"), ("upper quartile", "q75")]
    check(table("arcs", title), [("place", 0, grid)] + [(h, 3, group[key]) for h, key in heads])
    found = chart("arcs", title)
    assert f"{group['n']} conversations; the median goes from " in found["says"]
    others = [other["median"] for other in groups if other is not group]
    medians = [np.column_stack([grid, y]) for y in [*others, group["median"]]]
    lines = points(found, len(grid))
    assert len(lines) == len(medians)
    [band] = points(found, 2 * len(grid))
    around = np.column_stack([np.append(grid, grid[::-1]), group["q75"] + group["q25"][::-1]])
    dots = [dot[:2] for dot in found["circles"]]
    places(*zip(lines, medians), (band, around), (dots, medians[-1][[0, -1]]))


def test_three_figures_of_satisfaction(chart, table, evaluation):
    overall = evaluation["population"]["overall"]
    names = ["Measured", "Reweighted", "Prediction-powered"]
    ways = [overall[key] for key in ("measured", "reweighted", "prediction_powered")]
    values, intervals = of(ways, "value"), of(ways, "interval")
    title = "Share satisfied, three ways"
    lows, highs = zip(*intervals)
    check(
        table("population", title),
        [("way", None, names), ("share satisfied", 1, values), ("low", 1, lows), ("high", 1, highs)],
    )
    found = chart("population", title)
    for name, value, interval in zip(names, values, intervals):
        [said] = re.findall(rf"{name} ([^()]*\([^()]*\))", found["says"])
        assert tells(said, [value, *interval], 1), said
    assert set(names) <= set(found["texts"])
    flat = [line for line in found["lines"] if line[1] == line[3]]
    assert len(found["circles"]) == len(flat) == 3
    rows = [dot[1] for dot in found["circles"]]
    assert rows == sorted(rows), "in the order of the table"
    pixels = [dot[:2] for dot in found["circles"]] + [[x, y] for x, y, _, _ in flat]
    pixels += [[x, y] for _, _, x, y in flat]
    places((pixels, np.column_stack([[*values, *lows, *highs], np.tile([3, 2, 1], 3)])))


def test_reliability(chart, table, evaluation):
    bins = evaluation["reliability"]["bins"]
    p, y, intervals = of(bins, "p"), of(bins, "y"), of(bins, "interval")
    check(
        table("calibration", "Reliability"),
        [
            ("mean chance", 1, p),
            ("chances", 1, [(b["p_low"], b["p_high"]) for b in bins]),
            ("conversations", 0, of(bins, "n")),
            ("share satisfied", 1, y),
            ("interval", 1, intervals),
        ],
    )
    found = chart("calibration", "Reliability")
    off = sum(not low <= at <= high for at, (low, high) in zip(p, intervals))
    assert (f"{off} of 12 bins lie off" if off else "All 12 bins agree") in found["says"]
    dots = [dot[:2] for dot in found["circles"]]
    ends = [[(at, low), (at, high)] for at, (low, high) in zip(p, intervals)]
    places((dots, np.column_stack([p, y])), (upright(found), ends))


def test_from_delta_to_satisfied(chart, table, evaluation):
    rows = evaluation["claim"]["delta_table"]
    low, high, share, fitted = (of(rows, key) for key in ("low", "high", "satisfied", "fitted"))
    title = "From delta to the chance of satisfied"
    check(
        table("claim", title),
        [
            ("delta from", 2, low),
            ("to", 2, high),
            ("conversations", 0, of(rows, "n")),
            ("satisfied", 1, share),
            ("interval", 1, of(rows, "interval")),
            ("fitted", 1, fitted),
        ],
    )
    found = chart("claim", title)
    middle = np.add(low, high) / 2
    ends = [[(x, a), (x, b)] for x, (a, b) in zip(middle, of(rows, "interval"))]
    [line] = points(found, 2 * len(rows) + 1)
    places(
        ([dot[:2] for dot in found["circles"]], np.column_stack([middle, share])),
        (upright(found), ends),
        (line, stairs([*low, high[-1]], [*fitted, fitted[-1]])),
    )


def test_what_delta_adds(chart, table, evaluation):
    tests = evaluation["claim"]["tests"]
    rows = table("claim", "What delta adds")
    names, values = of(tests, "name"), of(tests, "coefficient")
    assert [row[0] for row in rows[1:]] == names
    for row, test in zip(rows[1:], tests):
        assert tells(row[2], [test["coefficient"]], 2) and tells(row[3], test["interval"], 2), row
    found = chart("claim", "What delta adds")
    flat = [line for line in found["lines"] if line[1] == line[3]]
    assert len(flat) == len(tests) and {*names, "adds nothing"} <= set(found["texts"])
    ends = [[(x1, y1), (x2, y2)] for x1, y1, x2, y2 in flat]
    heights = -np.arange(len(tests))
    places(
        ([dot[:2] for dot in found["circles"]], np.column_stack([values, heights])),
        (ends, [[(x, y) for x in test["interval"]] for test, y in zip(tests, heights)]),
    )


def test_experiments_from_baseline_to_target(chart, table, data):
    experiments = data["experiments"]
    values, intervals = of(experiments, "value"), of(experiments, "interval")
    rows = table("experiments", "The experiments")
    check(
        rows,
        [
            ("experiment", None, [f"{i}. {e['name']}" for i, e in enumerate(experiments, 1)]),
            ("accuracy", 1, [(v, *i) for v, i in zip(values, intervals)]),
            ("date", None, of(experiments, "date")),
            ("learned", None, [e["note"] or "–" for e in experiments]),
        ],
    )
    found = chart("experiments", "Accuracy from baseline to target")
    assert "Best of 8" in found["says"] and "91.1%" in found["says"]
    across = np.arange(1, 9)
    dots = [dot[:2] for dot in found["circles"] if dot[2] < 8]
    [ring] = [dot[:2] for dot in found["circles"] if dot[2] > 8]
    [line] = points(found, 15)
    ends = [[(x, low), (x, high)] for x, (low, high) in zip(across, intervals)]
    places(
        (dots, np.column_stack([across, values])),
        (upright(found), ends),
        (line, stairs(across, np.maximum.accumulate(values))),
        (ring, (6, values[5])),
    )
    slope, start = np.polyfit(values, [y for _, y in dots], 1)
    flat = [line[1] for line in found["lines"] if line[1] == line[3]]
    for label, value in (("target 87%", 0.87), ("baseline 61%", 0.61)):
        assert label in found["texts"]
        assert any(abs(y - start - slope * value) < 1 for y in flat), f"no line for {label}"


def test_the_page_says_how_sure_it_is_of_each_group(table, evaluation):
    """The tables of what stands in rows with intervals, by group."""
    groups = evaluation["conformal"]["groups"]
    check(
        table("conformal", "Coverage of prediction sets"),
        [
            ("group", None, of(groups, "group")),
            ("conversations", 0, of(groups, "n")),
            ("coverage", 1, of(groups, "coverage")),
            ("interval", 1, of(groups, "interval")),
            ("mean size", 2, of(groups, "mean_size")),
        ],
    )
    rows = table("slices", "Accuracy by group")
    slices = evaluation["survey"][1:]
    assert [row[1] for row in rows[1:]] == of(slices, "value")
    for row, one in zip(rows[1:], slices):
        accuracy = one["figures"]["accuracy"]
        assert tells(row[2], [one["n"]], 0) and tells(row[3], [accuracy["value"]], 1), row
        assert tells(row[4], accuracy["interval"], 1), row
