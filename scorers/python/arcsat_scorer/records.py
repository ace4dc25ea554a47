"""The conversation record (docs/formats.md), refused where arcsat itself refuses it."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import Any

Conversation = dict[str, Any]

SPEAKERS = ("customer", "agent", "bot")
CHANNELS = {"chat": 1, "voice": 2}
DEEPEST = 100
_TEXTS = ("language", "agent_id", "customer_id", "problem_type", "team")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)"
                   r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?"
                   r"(?:[Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?", re.ASCII)


class RecordError(ValueError):
    """A conversation that cannot be scored: which field, what was found, what was expected."""


def parse(line: bytes) -> Conversation:
    """One JSON line. RecordError on whatever the schema, or strict JSON, refuses."""
    try:
        text = line.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise RecordError(f"found bytes that are not UTF-8 (at byte {error.start}); "
                          "expected one JSON value in UTF-8") from None
    try:
        record = json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float,
                            parse_constant=_constant)
    except RecursionError:
        raise RecordError(_too_deep()) from None
    except json.JSONDecodeError as error:
        raise RecordError(f"found no whole JSON value (at column {error.colno}: {error.msg}); "
                          "expected one JSON value in UTF-8") from None
    if text.count("[") + text.count("{") > DEEPEST:
        _check_depth(record)
    if "\\u" in text and _SURROGATE.search(json.dumps(record, ensure_ascii=False)):
        raise RecordError("found half of a surrogate pair; expected whole characters")
    check(record)
    return record


def check(record: Any) -> None:
    """The fields that arcsat knows. RecordError names the first that is wrong."""
    if not isinstance(record, dict):
        _refuse("", record, "a conversation, a JSON object")
    if "id" not in record:
        raise RecordError("id: found no such field; expected the conversation's identifier, a string")
    if not isinstance(record["id"], str) or not record["id"]:
        _refuse("id", record["id"], "a string that is not empty")
    if "turns" not in record:
        raise RecordError("turns: found no such field; expected the list of turns")
    if not isinstance(record["turns"], list):
        _refuse("turns", record["turns"], "a list of turns")
    for index, turn in enumerate(record["turns"]):
        _check_turn(turn, f"turns[{index}]")
    for name in _TEXTS:
        if not isinstance(record.get(name), (str, type(None))):
            _refuse(name, record[name], "a string")
    channel = record.get("channel")
    if channel is not None and (not isinstance(channel, str) or channel not in CHANNELS):
        _refuse("channel", channel, '"chat" or "voice"')
    _check_time(record.get("started_at"), "started_at")
    if not isinstance(record.get("escalated"), (bool, type(None))):
        _refuse("escalated", record["escalated"], "true or false")
    if not isinstance(record.get("attributes"), (dict, type(None))):
        _refuse("attributes", record["attributes"], "an object")
    if record.get("survey") is not None:
        _check_survey(record["survey"])


def _check_turn(turn: Any, place: str) -> None:
    if not isinstance(turn, dict):
        _refuse(place, turn, "an object")
    for name, meaning in (("speaker", "who said it"), ("text", "what was said")):
        if name not in turn:
            raise RecordError(f"{place}.{name}: found no such field; expected {meaning}")
    if not isinstance(turn["speaker"], str) or turn["speaker"] not in SPEAKERS:
        _refuse(f"{place}.speaker", turn["speaker"], '"customer", "agent" or "bot"')
    if not isinstance(turn["text"], str):
        _refuse(f"{place}.text", turn["text"], "a string")
    at = turn.get("at")
    if at is not None and (not _number(at) or not at >= 0):
        _refuse(f"{place}.at", at, "seconds from the start, 0 or more")
    ratings = turn.get("satisfaction")
    if ratings is not None and (not isinstance(ratings, list) or not all(
            _number(rating) and 1 <= rating <= 5 for rating in ratings)):
        _refuse(f"{place}.satisfaction", ratings, "a list of ratings from 1 to 5")


def _check_survey(survey: Any) -> None:
    if not isinstance(survey, dict):
        _refuse("survey", survey, "an object")
    offered = survey.get("offered", True)
    if not isinstance(offered, bool):
        _refuse("survey.offered", offered, "true or false")
    scale = survey.get("scale")
    if scale is None:
        scale = [1, 5]
    elif (not isinstance(scale, list) or len(scale) != 2 or not all(map(_number, scale))
          or not scale[0] < scale[1]):
        _refuse("survey.scale", scale, "[lowest, highest], two numbers, the first below the second")
    score = survey.get("score")
    if score is not None and not (_number(score) and scale[0] <= score <= scale[1]):
        _refuse("survey.score", score, f"a number from {scale[0]} to {scale[1]}, the survey's scale")
    if score is not None and not offered:
        _refuse("survey.score", score, "null, since survey.offered is false")
    _check_time(survey.get("answered_at"), "survey.answered_at")


def _check_time(value: Any, place: str) -> None:
    if value is None or value == "":
        return
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        try:
            datetime(year, month, day, hour, minute, 59 if second == 60 else second)
            return  # a leap second is a time too
        except ValueError:
            pass
    _refuse(place, value, "an ISO 8601 time such as 2026-01-05T09:30:00Z")


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _refuse(place: str, found: Any, expected: str) -> None:
    shown = json.dumps(found, default=str)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    raise RecordError(f"{place}{': ' if place else ''}found {shown}; expected {expected}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise RecordError(f"found the key {json.dumps(twice[:60])} twice in one object; expected "
                          "each key once")
    return out


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -2**63 <= int(digits) < 2**64:
        raise RecordError(f"found the integer {digits[:60]}, which does not fit 64 bits; expected a "
                          "smaller number, or the digits as a string")
    return int(digits)


def _float(digits: str) -> float:
    if math.isinf(value := float(digits)):
        raise RecordError(f"found the number {digits[:60]}; expected one that a double can hold")
    return value


def _constant(name: str) -> None:
    raise RecordError(f"found {name}; expected one JSON value")


def _too_deep() -> str:
    return f"found values nested more than {DEEPEST} deep; expected a flatter record"


def _check_depth(record: Any) -> None:
    waiting = [(record, 1)]
    while waiting:
        value, depth = waiting.pop()
        if not isinstance(value, (dict, list)):
            continue
        if depth > DEEPEST:
            raise RecordError(_too_deep())
        parts = value.values() if isinstance(value, dict) else value
        waiting += [(part, depth + 1) for part in parts]
