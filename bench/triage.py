"""The service of `arcsat triage` under load: turns a second of real conversations replayed, from the
moment a turn is sent to its alert, and memory while many conversations are open.

    .deps/venv/bin/python bench/triage.py --model runs/first --data star.jsonl --rate 200 \\
        --seconds 600 --open 50000 [--thresholds thresholds.json]

Conversations are replayed over and over under new ids, --beside of them at a time, the next turn of any
of them. An alert's time is that of its server-sent event at the sender; the turn's is when its request
was begun. --open conversations with one turn each are there before the clock starts.
"""

import argparse
import collections
import http.client
import itertools
import json
import pathlib
import random
import statistics
import sys
import tempfile
import threading
import time
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "tests" / "e2e"))
from triage_service import Service, events  # noqa: E402


def replay(records, beside):
    """Events without an end: the next turn of any of `beside` conversations, drawn evenly. (One of each
    in order would be a wave of customers, then a wave of agents.)"""
    numbers = itertools.count()
    draw = random.Random(1)

    def fresh():
        number = next(numbers)
        record = records[number % len(records)]
        return collections.deque(events([record | {"id": f"r{number}-{record['id']}"}]))

    running = [fresh() for _ in range(beside)]
    while True:
        place = draw.randrange(beside)
        yield running[place].popleft()
        if not running[place]:
            running[place] = fresh()


def megabytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def listen(service, heard):
    request = urllib.request.Request(service.url + "/v1/events", headers={"Authorization": f"Bearer {service.token}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as stream:
            for line in stream:
                if line.startswith(b"data: ") and b'"alert"' in line:
                    alert = json.loads(line[6:])
                    heard.append((alert["conversation"], alert["reason"], alert["i"], time.monotonic()))
    except OSError:
        pass  # the service has ended


class Sender:
    """Batches of turns over one connection that stays open, as a program that sends all day has it."""

    def __init__(self, service):
        self.connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=60)
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {service.token}"}

    def send(self, batch):
        self.connection.request("POST", "/v1/turns", json.dumps(batch), self.headers)
        with self.connection.getresponse() as answer:
            text = answer.read()
            if answer.status != 200:
                raise SystemExit(f"POST /v1/turns: {answer.status}: {text.decode()}")


def quantiles(values):
    if len(values) < 2:
        return {"n": len(values)}
    cuts = statistics.quantiles(values, n=1000, method="inclusive")
    return {"n": len(values), "p50_ms": 1000 * cuts[499], "p90_ms": 1000 * cuts[899], "p99_ms": 1000 * cuts[989],
            "max_ms": 1000 * max(values)}


def fill(service, records, number):
    """`number` conversations with a customer's first turn, which stay open."""
    turn = next(t for t in records[0]["turns"] if t["speaker"] == "customer")
    for start in range(0, number, 1000):
        service.json("/v1/turns", [{"event": f"o{n}", "conversation": f"open-{n}", "i": 0, "speaker": "customer",
                                    "text": turn["text"]} for n in range(start, min(number, start + 1000))])
    service.settle(3600)


def scoring(service):
    """Seconds spent in scoring, rounds of it, and conversations scored, since the service began."""
    request = urllib.request.Request(service.url + "/metrics", headers={"Authorization": f"Bearer {service.token}"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        lines = dict(line.rsplit(" ", 1) for line in reply.read().decode().splitlines() if not line.startswith("#"))
    return [float(lines[f"arcsat_triage_{name}_total"]) for name in ("scoring_seconds", "rounds", "scored")]


def load(service, records, options):
    sent, taken, heard, memory = {}, [], [], []
    before = scoring(service)
    threading.Thread(target=listen, args=(service, heard), daemon=True).start()
    stream = replay(records, options.beside)
    sender = Sender(service)
    start = time.monotonic()
    done, next_look = 0, start
    while (now := time.monotonic()) < start + options.seconds:
        if now >= next_look:
            memory.append(round(megabytes(service.process.pid)))
            next_look += options.seconds / 10
        due = int((now - start) * options.rate) - done
        if due < 1:
            time.sleep(0.5 / options.rate)
            continue
        batch = list(itertools.islice(stream, min(due, 100)))
        for event in batch:
            sent[event["conversation"], event["i"]] = now
            if event.get("ended"):
                sent[event["conversation"], "ended"] = now
        sender.send(batch)
        taken.append(time.monotonic() - now)
        done += len(batch)
    took = time.monotonic() - start
    busy, rounds, scored = (after - was for after, was in zip(scoring(service), before))
    time.sleep(3)
    late = [at - sent[talk, "ended" if reason == "ended" else i] for talk, reason, i, at in heard
            if (talk, i) in sent]
    return {"turns_per_second": done / took, "turns": done, "request": quantiles(taken), "turn_to_alert": quantiles(late),
            "scoring": {"share_of_time": busy / took, "rounds": rounds, "conversations_a_round": scored / max(1, rounds)},
            "memory_mb": memory}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--arcsat", default=SOURCE / "build" / "arcsat")
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True, help="conversations to replay")
    parser.add_argument("--thresholds")
    parser.add_argument("--outlook", type=float, default=0.4, help="the threshold where no file is given")
    parser.add_argument("--rate", type=float, default=200, help="turns a second")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--beside", type=int, default=400, help="conversations at a time")
    parser.add_argument("--open", type=int, default=0, help="conversations that are open besides")
    parser.add_argument("--threads", type=int, default=0, help="of the service; 0: its own choice")
    parser.add_argument("settings", nargs="*", help="after --: more of the service's options")
    options = parser.parse_args()
    with open(options.data, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    records = [record for record in records if record["turns"]]
    rules = ["--thresholds", options.thresholds] if options.thresholds else ["--triage.outlook", options.outlook]
    with tempfile.TemporaryDirectory() as folder:
        limits = ["--service.events_per_second", 1000000, "--service.requests_per_second", 1000000]
        with Service(options.arcsat, options.model, pathlib.Path(folder) / "triage.db", *rules, *limits,
                     *options.settings, threads=options.threads) as service:
            fill(service, records, options.open)
            result = {"open_before": service.json("/healthz")["open"], **load(service, records, options)}
            result["open_after"] = service.json("/healthz")["open"]
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
