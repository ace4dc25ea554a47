"""The service of `arcsat triage`: requests, limits, durability under kill -9."""

import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import threading
import time
import urllib.request

import pytest
import tiny
from triage_service import TOKEN, Service, interleaved, lines

jsonschema = pytest.importorskip("jsonschema")
SOURCE = pathlib.Path(__file__).resolve().parents[2]
#: How often the service is killed under load; 50 in the campaign of docs/triage.md.
KILLS = int(os.environ.get("ARCSAT_TRIAGE_KILLS", "3"))


@pytest.fixture(scope="module")
def world(run, trained, sides, calls, tmp_path_factory):
    """Thresholds, events, and the alerts of an undisturbed run."""
    folder = tmp_path_factory.mktemp("service")
    run("triage", "fit", "--model", trained, "--data", calls, "--budget.per_day", 80,
        "--budget.conversations_per_day", 400, "--out", folder / "thresholds.json", "--quiet")
    records = tiny.records(sides / "test.jsonl")
    (folder / "events.jsonl").write_text(lines(interleaved(records)))
    done = run("triage", "--model", trained, "--thresholds", folder / "thresholds.json", "--data",
               folder / "events.jsonl", "--quiet", "--threads", 1)
    (folder / "alerts.json").write_text(json.dumps({a["alert"]: a for a in map(json.loads, done.stdout.splitlines())}))
    return folder


@pytest.fixture
def start(arcsat, trained, world, tmp_path):
    opened = []

    def call(*options, store=None, **keywords):
        service = Service(arcsat, trained, store or tmp_path / "triage.db", "--thresholds",
                          world / "thresholds.json", *options, **keywords).start()
        opened.append(service)
        return service

    yield call
    for service in opened:
        if service.process.poll() is None:
            service.stop(signal.SIGKILL)


def expected_alerts(world):
    return json.loads((world / "alerts.json").read_text())


def post(service, items, size=50):
    results = []
    for at in range(0, len(items), size):
        results += service.json("/v1/turns", items[at:at + size])["results"]
    return results


def test_it_says_the_same_as_the_stream(start, world):
    service = start()
    items = tiny.records(world / "events.jsonl")
    assert set(post(service, items)) == {"new"}
    service.settle()
    assert service.alerts() == expected_alerts(world)
    assert set(post(service, items)) == {"repeated"}
    assert service.json("/healthz") | {"model": ""} == {"status": "ok", "open": 0, "backlog": 0, "due": 0, "model": ""}
    chances = [item["chance"] for item in service.json("/v1/queue")["items"]]
    assert chances == sorted(chances, reverse=True) and len(chances) > 3
    assert service.stop() == 0
    assert not any(event["text"] in "".join(service.log) for event in items if len(event["text"]) > 10)


def test_every_answer_is_as_the_description_says(start, world):
    service = start()
    api = json.loads(service.ask("/openapi.json", token="")[1])
    schemas = api["components"]["schemas"]

    def check(path, answer, method="get", status="200"):
        response = api["paths"][path][method]["responses"][status]
        if "$ref" in response:
            response = api["components"]["responses"][response["$ref"].split("/")[-1]]
        schema = response["content"]["application/json"]["schema"]
        jsonschema.Draft202012Validator(schema | {"components": {"schemas": schemas}}).validate(answer)

    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    own = json.loads((SOURCE / "data/schema/turn_event.schema.json").read_text())
    assert all(schemas["TurnEvent"][key] == own[key] for key in ("required", "properties", "anyOf"))
    assert schemas["Alert"]["properties"] == json.loads((SOURCE / "data/schema/alert.schema.json").read_text())["properties"]
    items = tiny.records(world / "events.jsonl")
    check("/v1/turns", service.json("/v1/turns", items[:500]), "post")
    post(service, items)
    check("/v1/turns", service.json("/v1/turns", items[0]), "post")
    check("/v1/turns", service.json("/v1/turns", {"i": 1}, code=400), "post", "400")
    check("/healthz", service.json("/healthz"))
    service.settle()
    queue = service.json("/v1/queue")
    check("/v1/queue", queue)
    one = queue["items"][0]["conversation"]
    check("/v1/conversation", service.json(f"/v1/conversation?id={one}"))
    check("/v1/conversation", service.json("/v1/conversation?id=none", code=404), "get", "404")
    check("/v1/queue", service.json("/v1/queue?status=lost", code=400), "get", "400")
    check("/v1/queue/claim", service.json("/v1/queue/claim", {"conversation": one, "by": "ann"}), "post")
    check("/v1/queue/claim", service.json("/v1/queue/claim", {"conversation": one, "by": "bob"}, code=409), "post", "409")
    check("/v1/queue/done", service.json("/v1/queue/done", {"conversation": one, "by": "ann"}, code=400), "post", "400")
    check("/v1/queue/done", service.json("/v1/queue/done", {"conversation": one, "by": "ann", "outcome": "unsatisfied"}), "post")
    check("/v1/queue/release", service.json("/v1/queue/release", {"conversation": one, "by": "ann"}, code=409), "post", "409")
    assert service.ask("/v1/unknown")[0] == 404


def test_only_the_token_opens_it(start):
    service = start()
    for path in ("/v1/queue", "/v1/turns", "/metrics", "/v1/events", "/v1/labels", "/v1/conversation?id=x"):
        for token in ("", "wrong", TOKEN + "x"):
            status, text, headers = service.ask(path, token=token, body=b"[]" if path == "/v1/turns" else None)
            assert status == 401 and headers["WWW-Authenticate"] == "Bearer" and "items" not in text
    for path in ("/", "/healthz", "/openapi.json"):
        assert service.ask(path, token="")[0] == 200
    assert service.ask("/v1/queue")[0] == 200


def test_a_token_is_made_and_shown_where_none_is_given(start):
    service = start(token="")
    service.log.append(service.process.stderr.readline())
    token = service.log[-1].split()[-1]
    assert len(token) == 64 and service.ask("/v1/queue", token=token)[0] == 200
    assert service.ask("/v1/queue", token="")[0] == 401


def test_limits(start, world):
    service = start("--service.body_bytes", 20000, "--service.most_events", 5, "--service.events_per_second", 10)
    items = tiny.records(world / "events.jsonl")
    assert service.ask("/v1/turns", items[:6])[0] == 413
    assert service.ask("/v1/turns", b"[" + b" " * 30000 + b"]")[0] == 413
    statuses = [service.ask("/v1/turns", items[at:at + 5]) for at in range(0, 100, 5)]
    assert statuses[0][0] == 200 and 429 in [status for status, _, _ in statuses]
    assert all(headers["Retry-After"] == "1" for status, _, headers in statuses if status == 429)
    for broken in (b"", b"{", b"[1]", b"\xff", b'{"event":"a\\u0000"}', b"[" * 200):
        assert service.ask("/v1/turns", broken)[0] == 400
    kept = sum(status == 200 for status, _, _ in statuses) * 5
    service.stop()
    with sqlite3.connect(service.arguments[service.arguments.index("--store") + 1]) as store:
        assert store.execute("select count(*) from events").fetchone() == (kept,)


def test_a_list_with_a_broken_event_is_refused_whole(start, world):
    service = start()
    items = tiny.records(world / "events.jsonl")
    answer = service.json("/v1/turns", [*items[:3], {"event": "x"}], code=400)
    assert "body[3]" in answer["error"]["place"]
    assert post(service, items[:3]) == ["new"] * 3


def test_alerts_are_told_as_they_happen(start, world):
    service = start()
    request = urllib.request.Request(service.url + "/v1/events", headers={"Authorization": f"Bearer {TOKEN}"})
    heard = {}
    with urllib.request.urlopen(request, timeout=30) as stream:
        post(service, tiny.records(world / "events.jsonl"))
        wanted = expected_alerts(world)
        while heard.keys() != wanted.keys():
            line = stream.readline().decode()
            if line.startswith("data: ") and "alert" in line:
                alert = json.loads(line[6:])
                heard[alert["alert"]] = alert
    assert heard == wanted


def test_labels_train(start, run, encoder, sides, world, tmp_path):
    service = start()
    post(service, tiny.records(world / "events.jsonl"))
    service.settle()
    items = service.json("/v1/queue")["items"]
    for n, item in enumerate(items):
        act = ("done", {"outcome": ("satisfied", "unsatisfied", "unreached")[n % 3]}) if n % 4 else ("dismiss", {"reason": "false_alarm"})
        service.json(f"/v1/queue/{act[0]}", {"conversation": item["conversation"], "by": "ann"} | act[1])
    text = service.ask("/v1/labels")[1]
    service.stop()
    out = tmp_path / "labels.jsonl"
    run("triage", "export-labels", "--store", tmp_path / "triage.db", "--out", out, "--quiet")
    assert out.read_text() == text
    labels = tiny.records(out)
    assert len(labels) == sum(n % 4 == 0 or n % 3 != 2 for n in range(len(items)))
    original = {record["id"]: record for record in tiny.records(sides / "test.jsonl")}
    validator = jsonschema.Draft202012Validator(json.loads((SOURCE / "data/schema/conversation.schema.json").read_text()))
    for label in labels:
        validator.validate(label)
        assert [t["text"] for t in label["turns"]] == [t["text"] for t in original[label["id"]]["turns"]]
    run("train", "--encoder", encoder, "--data", out, "--validation", out, "--out", tmp_path / "run", *tiny.TRAINING,
        "--train.epochs", 1, "--survey.target", "attribute:triage.satisfied")


def test_another_file_is_not_taken_for_a_store(run, trained, tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("create table mine (x)")
    done = run("triage", "--model", trained, "--listen", "127.0.0.1:0", "--store", tmp_path / "other.db", code=1)
    assert "no store of arcsat triage" in done.stderr


def campaign(start, world, folder, kills, seed):
    """Sends all events, from two senders, while the service is killed `kills` times. A sender that
    gets no answer sends the same again. Gives the acknowledged events and the last service."""
    chance = random.Random(seed)
    items = tiny.records(world / "events.jsonl")
    store = folder / "campaign.db"
    pause = 0.5 * kills * 7 / (len(items) / 2)  # so that sending outlasts the kills
    state = {"service": start(store=store), "acknowledged": set()}
    lock = threading.Lock()

    def send(mine):
        at = 0
        while at < len(mine):
            batch = mine[at:at + 7]
            try:
                status, text, _ = state["service"].ask("/v1/turns", batch, timeout=20)
            except OSError:
                time.sleep(0.05)
                continue
            if status != 200:
                time.sleep(0.05)
                continue
            assert set(json.loads(text)["results"]) <= {"new", "repeated"}, text
            with lock:
                state["acknowledged"] |= {event["event"] for event in batch}
            at += len(batch)
            time.sleep(pause)

    # Each conversation has one sender, as its turns come from one line.
    senders = [threading.Thread(target=send, args=([e for e in items if hash_of(e) % 2 == n],)) for n in (0, 1)]
    for sender in senders:
        sender.start()
    under_load = 0
    for _ in range(kills):
        under_load += any(sender.is_alive() for sender in senders)
        time.sleep(chance.uniform(0.05, 0.4))
        state["service"].stop(signal.SIGKILL)
        seen = set(state["acknowledged"])
        check_kept(store, seen)
        state["service"] = start(store=store)
    for sender in senders:
        sender.join(timeout=120)
    assert under_load >= 0.8 * kills
    return items, state


def hash_of(event):
    return sum(event["conversation"].encode())


def check_kept(store, acknowledged):
    """Opens a copy of what lies on the disk, as the killed process left it."""
    copy = store.with_suffix(".copy")
    for suffix in ("", "-wal"):
        part = store.with_name(store.name + suffix)
        if part.exists():
            shutil.copy(part, copy.with_name(copy.name + suffix))
    with sqlite3.connect(copy) as kept:
        ids = [row[0] for row in kept.execute("select event from events")]
        assert kept.execute("pragma integrity_check").fetchone() == ("ok",)
    assert len(ids) == len(set(ids)) and acknowledged <= set(ids)
    for suffix in ("", "-wal", "-shm"):
        copy.with_name(copy.name + suffix).unlink(missing_ok=True)


def test_nothing_is_lost_or_doubled_by_kill_9(start, world, tmp_path):
    items, state = campaign(start, world, tmp_path, KILLS, seed=1)
    service = state["service"]
    assert state["acknowledged"] == {event["event"] for event in items}
    service.settle()
    assert service.alerts() == expected_alerts(world)
    service.stop()
    with sqlite3.connect(tmp_path / "campaign.db") as store:
        kept = [row[0] for row in store.execute("select event from events")]
    assert sorted(kept) == sorted(event["event"] for event in items)


def test_a_restart_scores_only_what_was_not_judged(start, world):
    service = start()
    running = [event | {"ended": False} for event in tiny.records(world / "events.jsonl")]
    post(service, running)
    service.settle()
    before = service.alerts()
    store = pathlib.Path(service.arguments[service.arguments.index("--store") + 1])
    service.stop(signal.SIGKILL)
    service = start(store=store)
    time.sleep(0.5)
    metrics = service.ask("/metrics")[1]
    assert "arcsat_triage_scored_total 0" in metrics
    assert service.json("/healthz")["open"] == len({event["conversation"] for event in running})
    assert service.alerts() == before
