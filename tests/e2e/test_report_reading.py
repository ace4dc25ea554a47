"""The report: a reader finds what they look for, by any hand, eye and paper."""

import pytest
import report_sample
from report_browser import Reader, browser, hostile_page, probe, reader, render, sample  # noqa: F401


def rows(reader):
    return reader.page.eval_on_selector_all(
        ".list tr[data-row]", "rows => rows.map((row) => Number(row.dataset.row))"
    )


def deltas(reader):
    return [
        float(text.replace("−", "-")) for text in reader.texts(".list tr[data-row] td:nth-child(3)")
    ]


def test_search_by_id_and_by_words(reader):
    search = reader.page.get_by_label("Search")
    search.fill("S-000123")
    reader.until("document.querySelector('.count').textContent.includes('found')")
    assert reader.texts(".list .pick") == ["s-000123"]
    assert reader.page.locator(".count").inner_text() == "1 found in 600"
    search.fill("debit card train")
    reader.until("!document.querySelector('.pick').textContent.includes('000123')")
    reader.page.locator(".list tr[data-row]").first.click()
    assert any("lost my debit card on the train" in text for text in reader.texts(".turns .words"))
    search.fill("no such words anywhere")
    reader.until("document.querySelectorAll('.list tr[data-row]').length === 0")
    assert reader.page.locator(".count").inner_text() == "No conversation is like that."


def test_filters_and_order(reader):
    page = reader.page
    page.locator("select[data-key=outcome]").select_option(label="Dissatisfied")
    assert set(reader.texts(".list .badge")) == {"✕ no"}
    page.locator("select[data-key=channel]").select_option(label="voice")
    assert all("voice" in text for text in reader.texts(".list .meta"))
    page.locator("select[data-key=channel]").select_option(label="Any")
    page.locator("select[data-key=outcome]").select_option(label="Any")
    for label, reverse in (("Largest rise first", True), ("Largest fall first", False)):
        page.locator("select[data-key=order]").select_option(label=label)
        found = deltas(reader)
        assert len(found) == 12 and found == sorted(found, reverse=reverse)
    assert found[0] < 0
    page.locator("select[data-key=order]").select_option(label="Highest chance first")
    chances = [int(text[:-1]) for text in reader.texts(".list tr[data-row] td:nth-child(4)")]
    assert chances == sorted(chances, reverse=True) and chances[0] > 90
    page.locator("select[data-key=outcome]").select_option(label="Told wrong")
    page.locator(".list tr[data-row]").first.click()
    assert "told wrong" in page.locator(".reader .about").inner_text()


def test_filter_by_length(reader):
    """Each choice lists just the conversations of so many turns, in the order of the data."""
    page = reader.page
    ids, turns, channels = page.evaluate(
        "(({id, turns, channel}) => [id, turns, channel.codes.map((code) => channel.values[code])])"
        "(JSON.parse(document.getElementById('data').textContent).conversations)"
    )
    assert {8, 9, 16, 17, 32, 33} <= set(turns), "both ends of every choice are there"
    choices = {"1-8": (1, 8), "9-16": (9, 16), "17-32": (17, 32), "33+": (33, 10**9)}
    assert reader.texts("select[data-key=length] option") == ["Any", *choices]
    length = page.locator("select[data-key=length]")
    page.locator("select[data-key=order]").select_option(label="As in the data")
    for label, (least, most) in choices.items():
        within = [name for name, n in zip(ids, turns) if least <= n <= most]
        assert len(within) > 12
        length.select_option(label=label)
        assert page.locator(".count").inner_text() == f"1 to 12 of {len(within)} found in 600"
        assert reader.texts(".list .pick") == within[:12]
        page.get_by_role("button", name="Last page").click()
        assert reader.texts(".list .pick") == within[(len(within) - 1) // 12 * 12 :]
    page.locator("select[data-key=channel]").select_option(label="voice")
    spoken = [name for name, channel in zip(ids, channels) if name in within and channel == "voice"]
    assert reader.texts(".list .pick") == spoken[:12] != within[:12], "two filters at once"
    assert f"{len(spoken)} found in 600" in page.locator(".count").inner_text()
    page.locator("select[data-key=channel]").select_option(label="Any")
    length.select_option(label="Any")
    assert page.locator(".count").inner_text() == "1 to 12 of 600"


def test_pages(reader):
    first = rows(reader)
    reader.page.get_by_role("button", name="Next page").click()
    assert not set(first) & set(rows(reader)) and len(rows(reader)) == 12
    assert reader.page.evaluate("document.activeElement.ariaLabel") == "Next page"
    reader.page.get_by_role("button", name="Last page").click()
    assert reader.page.locator(".count").inner_text() == "589 to 600 of 600"
    assert reader.page.get_by_role("button", name="Next page").is_disabled()


def test_arcs_unpack_to_what_went_in(browser, render):
    states = [[0, 0.0, 1.0], [5, 0.123, 0.4567], [70, 0.999, 0.5], [900, 1.0, None]]
    data = report_sample.sample(200, seed=5)
    data["conversations"] = [
        {**data["conversations"][0], "states": states, "turns": 901, "transcript": []}
    ]
    del data["choose"]
    reader = Reader(browser, render(data))
    assert reader.page.evaluate(
        "unpackArc(JSON.parse(document.getElementById('data').textContent).conversations.arcs[0])"
        ".map((p) => [p.turn, p.state, Number.isNaN(p.outlook) ? null : p.outlook])"
    ) == [[0, 0, 1], [5, 0.123, 0.457], [70, 0.999, 0.5], [900, 1, None]]
    assert (
        "The words of this conversation are not in this file"
        in reader.page.locator(".turns").inner_text()
    )
    reader.check()


def test_keyboard(reader):
    page = reader.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"
    page.locator(".list .pick").first.focus()
    before = page.locator(".reader h3").inner_text()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    third = reader.texts(".list .pick")[2]
    assert page.locator(".reader h3").inner_text() == third != before
    assert page.locator(".list tr[aria-current=true] .pick").inner_text() == third
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    assert "13 to 24" in page.locator(".count").inner_text(), "over the end of the page"
    slider = page.get_by_role("slider")
    slider.focus()
    assert slider.get_attribute("aria-valuenow") == "1"
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuenow") == "2"
    assert page.locator(".turn.here").count() == 1
    assert page.locator(".now").inner_text() == slider.get_attribute("aria-valuetext")
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
    summary = page.locator("#calibration summary").first
    summary.focus()
    page.keyboard.press("Enter")
    reader.until("document.querySelectorAll('#calibration figure table tbody tr').length === 12")


def test_a_click_on_the_arc_goes_to_the_turn(reader):
    page = reader.page
    slider = page.get_by_role("slider")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 14, box["y"] + 60)
    assert slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")


def test_what_can_be_used_shows_its_focus(reader):
    """Tab goes through everything that can be used, and each shows an outline."""
    page = reader.page
    usable = page.evaluate(
        "[...document.querySelectorAll('a[href], button:enabled, select, input, summary, [tabindex=\"0\"]')]"
        ".filter((e) => e.checkVisibility() && !(e.type === 'radio' && !e.checked)).length"
    )
    seen, bare = set(), []
    for _ in range(usable + 5):
        page.keyboard.press("Tab")
        key, outlined = page.evaluate("""() => {
          const e = document.activeElement;
          window.order ??= [];
          if (!order.includes(e)) order.push(e);
          const shown = e.type === 'radio' ? e.nextElementSibling : e;
          return [order.indexOf(e), getComputedStyle(shown).outlineStyle !== 'none'];
        }""")
        seen.add(key)
        if not outlined and page.evaluate("document.activeElement !== document.body"):
            bare.append(page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
    assert bare == []
    assert len(seen) >= usable


def test_theme(reader):
    page = reader.page
    ground = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")  # noqa: E731
    light = ground()
    page.locator(".theme label", has_text="dark").click()
    dark = ground()
    assert light == "rgb(251, 250, 248)" and dark == "rgb(19, 21, 23)"
    page.emulate_media(color_scheme="dark")
    page.locator(".theme label", has_text="light").click()
    assert ground() == light, "the choice goes before the system's"
    page.locator(".theme label", has_text="auto").click()
    assert ground() == dark


CONTRASTS = """() => {
  const probe = document.body.appendChild(document.createElement('i'));
  const rgb = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number);
  };
  const light = (color) => {
    const [r, g, b] = color.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const result = {};
  for (const ground of ['page', 'surface']) {
    for (const ink of ['ink', 'muted', 'accent', 'second', 'satisfied', 'dissatisfied', 'unanswered', 'good', 'open', 'bad']) {
      const [a, b] = [light(rgb(ink)), light(rgb(ground))].sort((x, y) => y - x);
      result[`${ink} on ${ground}`] = (a + 0.05) / (b + 0.05);
    }
  }
  probe.remove();
  return result;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(browser, sample, scheme):
    reader = Reader(browser, sample, color_scheme=scheme)
    weak = {name: ratio for name, ratio in reader.page.evaluate(CONTRASTS).items() if ratio < 4.5}
    assert weak == {}
    reader.check()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(browser, sample, scheme):
    """axe-core's rules, WCAG 2.2 AA among them."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    reader = Reader(browser, sample, color_scheme=scheme)
    found = axe.run(
        reader.page,
        options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
    )
    wrong = {v["id"]: [n["html"][:160] for n in v["nodes"]] for v in found.response["violations"]}
    assert wrong == {}
    reader.check()


def test_charts_say_what_they_show(reader):
    """What they draw, and their tables, are looked at by test_report_charts.py."""
    reader.until("document.querySelectorAll('figure .plot svg').length === 28")
    labels = reader.page.eval_on_selector_all(
        "figure .plot svg", "all => all.map((svg) => [svg.getAttribute('role'), svg.ariaLabel])"
    )
    assert all(role == "img" and len(label) > 20 for role, label in labels)
    assert any(label.startswith("Reliability. ") and "12 bins" in label for _, label in labels)
    untabled = reader.page.eval_on_selector_all(
        "figure.chart",
        "all => all.filter((f) => !f.querySelector('details'))"
        ".map((f) => f.querySelector('h3').textContent)",
    )
    assert untabled == ["Accuracy from baseline to target"], "its table stands below it"


@pytest.mark.parametrize("name", ["sample", "hostile_page"])
def test_a_phone_of_360_pixels(browser, name, request):
    reader = Reader(browser, request.getfixturevalue(name), width=360)
    reader.unfold()
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 360
    cut = reader.page.eval_on_selector_all(
        "main section, .chart, .list, .reader",
        "all => all.filter((e) => e.getBoundingClientRect().right > 361).map((e) => e.className)",
    )
    assert cut == []
    reader.check()


def test_paper(browser, sample, tmp_path):
    reader = Reader(browser, sample, color_scheme="dark")
    page = reader.page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for selector in (".controls", ".list", ".top", ".contents"):
        assert not page.locator(selector).first.is_visible()
    assert page.locator(".reader").is_visible()
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    pages = (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n") or (
        tmp_path / "report.pdf"
    ).read_bytes().count(b"/Type/Page")
    assert pages >= 8
    widths = page.eval_on_selector_all(
        "figure .plot svg", "all => all.map((svg) => Number(svg.getAttribute('width')))"
    )
    page.emulate_media(media="screen")
    assert max(widths) <= 1300
    reader.check()
