"""Recall and precision of `import --redact` by type, on a planted corpus.

The personal data come from Faker, a generator that knows nothing of the detectors, in five
locales; the sentences around them are below. The figures that docs/import.md states are printed by
    python -m pytest -q -s tests/parity/test_redaction.py
"""

import collections
import json
import random
import re
import subprocess

import probes
import pytest

faker = pytest.importorskip("faker")

LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES")
PER_TYPE = 200
CARRIERS = {
    "email": ["My e-mail is {}.", "you can write to {} any time", "it was sent to {}, not to me", "{}"],
    "phone": ["Please call me on {}.", "my number is {}", "reach me at {} after five", "I called from {} yesterday"],
    "card": ["The card is {}.", "I paid with {} last week", "card number {}, it was declined"],
    "iban": ["My IBAN is {}.", "send it to {} please", "the account {} is closed"],
    "id": ["My social security number is {}.", "the ID is {}", "here you are: {}"],
    "address": ["I live at {}.", "send it to {} please", "the parcel went to {}, not here"],
    "name": ["My name is {}.", "Hello, this is {} calling about a bill.", "I'm {}, and my order is late.",
             "Dear Mr. {}, we are sorry."],
    # Nobody says that it is a name, nor does the file: what is not found.
    "mentioned": ["Ask {} about it.", "it was {} who told me so"],
    "link": ["I clicked {} and nothing came", "the link {} is dead"],
}
HARMLESS = [
    "My order {n8} from {date} has not come.", "It costs {price} and not {price2}.", "Invoice {n6}, please.",
    "I waited {small} days and {small} hours.", "See https://example.com/help/{word} for more.",
    "The app says error {n4} since version {version}.", "It was at {time} on {date}.", "The tracking code is {code}.",
    "This is great, thank you.", "I am not happy with the service.", "Is this the right way to do it?",
    "my router at {ip} is down", "{small} of {small} parcels were fine", "Good morning, how can I help you today?",
    "i have been waiting for {small} weeks this is ridiculous", "Thanks, that is all for today.",
]


def link(fake, rng):
    token = "".join(rng.choices("abcdefghijkmnpqrstuvwxyz23456789", k=24))
    return rng.choice([f"https://{fake.domain_name()}/reset?token={token}",
                       f"https://{fake.domain_name()}/s/{token}",
                       f"https://{fake.user_name()}:{token}@{fake.domain_name()}/a",
                       f"http://www.{fake.domain_name()}/track?id={rng.randrange(10**8)}&u={fake.user_name()}"])


def ssn(fake, locale):
    return fake.ssn() if locale in ("en_US", "en_GB", "fr_FR") else fake.nie() if locale == "es_ES" else "%s" % fake.ssn()


def plant(kind, rng, fakes):
    locale = rng.choice(LOCALES)
    fake = fakes[locale]
    return {
        "email": fake.email, "phone": fake.phone_number, "card": fake.credit_card_number, "iban": fake.iban,
        "id": lambda: ssn(fake, locale), "address": lambda: fake.street_address().replace("\n", ", "),
        "mentioned": lambda: f"{fake.first_name()} {fake.last_name()}",
        "name": lambda: f"{fake.first_name()} {fake.last_name()}", "link": lambda: link(fake, rng),
    }[kind](), locale


def fill(text, rng):
    values = {"n8": rng.randrange(10**7, 10**8), "n6": rng.randrange(10**5, 10**6), "n4": rng.randrange(1000, 10000),
              "date": f"2026-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}", "time": "09:30",
              "price": f"{rng.randrange(1, 2000)}.99", "price2": f"1,{rng.randrange(100, 1000)}.00",
              "small": rng.randrange(2, 60), "word": rng.choice(["returns", "billing", "orders"]),
              "version": "10.2.31", "ip": "192.168.1.20", "code": f"ZX{rng.randrange(10**5)}Q"}
    return text.format(**values)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Rows (kind, locale, planted, text out), and the folder with everything the program wrote."""
    program = probes.FOLDER / "arcsat_import"
    if not program.exists():
        pytest.skip(f"no {program}: build the tests")
    rng = random.Random(2)
    fakes = {}
    for locale in LOCALES:
        fakes[locale] = faker.Faker(locale)
        fakes[locale].seed_instance(2)
    rows = []
    for kind, carriers in CARRIERS.items():
        for _ in range(PER_TYPE):
            planted, locale = plant(kind, rng, fakes)
            rows.append((kind, locale, planted, rng.choice(carriers).format(planted)))
    for _ in range(4 * PER_TYPE):
        rows.append(("none", "", "", fill(rng.choice(HARMLESS), rng)))
    folder = tmp_path_factory.mktemp("redact")
    with open(folder / "in.jsonl", "w", encoding="utf-8") as out:
        for i, row in enumerate(rows):
            out.write(json.dumps({"id": f"r{i}", "turns": [{"speaker": "customer", "text": row[3]}]}) + "\n")
        # Broken records, whose errors must not quote what was planted.
        for kind, _, planted, _ in rows[:: PER_TYPE // 4]:
            if kind in ("email", "phone", "card", "iban"):
                out.write(json.dumps({"id": "bad", "turns": [], "channel": planted}) + "\n")
    done = subprocess.run([program, folder / "in.jsonl", "--redact", "--skip-bad", "--out", folder / "out.jsonl"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "stdout").write_text(done.stdout)
    (folder / "stderr").write_text(done.stderr)
    texts = {r["id"]: r["turns"][0]["text"] for r in map(json.loads, open(folder / "out.jsonl", encoding="utf-8"))}
    return [(*row[:3], texts[f"r{i}"]) for i, row in enumerate(rows)], folder, done


def figures(rows):
    """{type: (planted, taken out, placeholders of the type, of them right)}."""
    counts = collections.defaultdict(lambda: [0, 0, 0, 0])
    for kind, _, planted, text in rows:
        if kind != "none":
            counts[kind][0] += 1
            # Every part that names somebody has to be gone, not only the whole.
            parts = planted.split() if kind in ("name", "mentioned") else [planted]
            counts[kind][1] += all(part not in text for part in parts)
        for found in re.findall(r"\[(name|email|phone|card|iban|id|address|link) \d+\]", text):
            counts[found][2] += 1
            counts[found][3] += found == kind
    return counts


# What was measured, less a margin of about two percent. The detectors were mended on the corpus of
# seed 1; seed 2, which counts, was not looked at.
RECALL = {"email": 0.98, "link": 0.98, "iban": 0.98, "card": 0.98, "id": 0.86, "phone": 0.97, "address": 0.95,
          "name": 0.97}
PRECISION = {"email": 0.98, "link": 0.98, "iban": 0.98, "card": 0.97, "id": 0.97, "phone": 0.97, "address": 0.97,
             "name": 0.97}


def test_recall_and_precision_by_type(result):
    rows, _, _ = result
    counts = figures(rows)
    print()
    for kind, (planted, gone, placed, right) in sorted(counts.items()):
        print(f"{kind:8} recall {gone / planted:.3f} ({gone}/{planted})  precision {right / max(placed, 1):.3f} ({right}/{placed})")
    for kind, (planted, gone, placed, right) in counts.items():
        if kind == "mentioned":
            continue
        assert gone / planted >= RECALL[kind], kind
        assert right / placed >= PRECISION[kind], kind


def test_harmless_sentences_stay(result):
    rows, _, _ = result
    changed = [text for kind, _, _, text in rows if kind == "none" and re.search(r"\[\w+ \d+\]", text)]
    assert len(changed) <= 0.01 * 4 * PER_TYPE, changed[:10]


def test_nothing_planted_is_told(result):
    """What was taken out of the texts is in no message, settings file or summary either."""
    rows, folder, done = result
    assert "left out" in done.stdout
    for name in ("stdout", "stderr", "out.jsonl.cfg"):
        text = (folder / name).read_text()
        for kind, _, planted, out in rows:
            if kind in ("email", "phone", "card", "iban") and planted not in out:
                assert planted not in text, (name, kind)
