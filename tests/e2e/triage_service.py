"""Turn events of conversations, and the service as a process, for the tests of arcsat triage."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

TOKEN = "0123456789abcdef-test"


def events(records):
    """Every turn as an event, conversations one after the other, the last turn with the end."""
    out = []
    for record in records:
        turns = record["turns"]
        for i, turn in enumerate(turns):
            event = {"event": f"{record['id']}:{i}", "conversation": record["id"], "i": i,
                     "speaker": turn["speaker"], "text": turn["text"]}
            if "at" in turn:
                event["at"] = turn["at"]
            if i == 0:
                event |= {k: record[k] for k in ("channel", "agent_id", "problem_type") if k in record}
            if i == len(turns) - 1:
                event["ended"] = True
            out.append(event)
    return out


def interleaved(records):
    """The same in the order in which conversations that run beside each other would bring them."""
    rows = {}
    for event in events(records):
        rows.setdefault(event["i"], []).append(event)
    return [event for i in sorted(rows) for event in rows[i]]


def lines(items):
    return "".join(json.dumps(item) + "\n" for item in items)


class Service:
    """`with Service(arcsat, model, store, *options) as service:` on a free port."""

    def __init__(self, arcsat, model, store, *options, token=TOKEN, threads=1):
        self.arguments = [str(arcsat), "triage", "--model", str(model), "--store", str(store), "--threads", str(threads),
                          "--listen", "127.0.0.1:0", *map(str, options)]
        self.token = token
        self.process = None

    def start(self):
        environment = {k: v for k, v in os.environ.items() if k != "ARCSAT_TRIAGE_TOKEN"}
        if self.token:
            environment["ARCSAT_TRIAGE_TOKEN"] = self.token
        self.process = subprocess.Popen(self.arguments, stderr=subprocess.PIPE, text=True, env=environment)
        self.log = []
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(r"listening at (http://\S+)/", line)
            if found:
                self.url = found.group(1)
                return self
        raise AssertionError("the service did not start:\n" + "".join(self.log))

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.log += self.process.stderr.readlines()
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            self.stop(signal.SIGKILL)

    def ask(self, path, body=None, token=None, timeout=60):
        """(status, body, headers)"""
        token = self.token if token is None else token
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def json(self, path, body=None, code=200):
        status, text, _ = self.ask(path, body)
        assert status == code, f"{status}: {text}"
        return json.loads(text)

    def settle(self, seconds=60):
        """Waits until everything taken in is judged."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            health = self.json("/healthz")
            if health["backlog"] == 0 and health["due"] == 0:
                return
            time.sleep(0.1)
        raise AssertionError(f"scoring does not come to an end: {health}")

    def alerts(self):
        """Every alert in the queue by its name."""
        found = {}
        for status in ("waiting", "done", "dismissed"):
            for item in self.json(f"/v1/queue?status={status}&limit=1000")["items"]:
                found |= {alert["alert"]: alert for alert in item["alerts"]}
        return found
