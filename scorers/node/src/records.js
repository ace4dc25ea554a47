// The conversation record (docs/formats.md), refused where arcsat itself refuses it.
import { parseStrict } from './json.js';

export const SPEAKERS = ['customer', 'agent', 'bot'];
export const CHANNELS = { chat: 1, voice: 2 };
const TEXTS = ['language', 'agent_id', 'customer_id', 'problem_type', 'team'];
const TIME = new RegExp('^(\\d{4})-(\\d\\d)-(\\d\\d)' +
  '(?:[Tt ](\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.\\d+)?)?(?:[Zz]|[+-](?:[01]\\d|2[0-3])(?::?[0-5]\\d)?)?)?$');

/** A conversation that cannot be scored: which field, what was found, what was expected. */
export class RecordError extends Error {
  constructor(message) {
    super(message);
    this.name = 'RecordError';
  }
}

/** One JSON line, a Buffer. RecordError on whatever the schema, or strict JSON, refuses. */
export function parse(line) {
  let record;
  try {
    record = parseStrict(line);
  } catch (error) {
    throw new RecordError(error.message);
  }
  check(record);
  return record;
}

/** The fields that arcsat knows. RecordError names the first that is wrong. */
export function check(record) {
  if (!isObject(record)) refuse('', record, 'a conversation, a JSON object');
  if (!Object.hasOwn(record, 'id')) missing('id', 'the conversation\'s identifier, a string');
  if (typeof record.id !== 'string' || record.id === '') {
    refuse('id', record.id, 'a string that is not empty');
  }
  if (!Object.hasOwn(record, 'turns')) missing('turns', 'the list of turns');
  if (!Array.isArray(record.turns)) refuse('turns', record.turns, 'a list of turns');
  record.turns.forEach((turn, i) => checkTurn(turn, `turns[${i}]`));
  for (const name of TEXTS) {
    if (typeof (record[name] ?? '') !== 'string') refuse(name, record[name], 'a string');
  }
  const channel = record.channel ?? null;
  if (channel !== null && (typeof channel !== 'string' || !Object.hasOwn(CHANNELS, channel))) {
    refuse('channel', channel, '"chat" or "voice"');
  }
  checkTime(record.started_at, 'started_at');
  if (typeof (record.escalated ?? true) !== 'boolean') {
    refuse('escalated', record.escalated, 'true or false');
  }
  if (!isObject(record.attributes ?? {})) refuse('attributes', record.attributes, 'an object');
  if (record.survey !== undefined && record.survey !== null) checkSurvey(record.survey);
}

function checkTurn(turn, place) {
  if (!isObject(turn)) refuse(place, turn, 'an object');
  for (const [name, meaning] of [['speaker', 'who said it'], ['text', 'what was said']]) {
    if (!Object.hasOwn(turn, name)) missing(`${place}.${name}`, meaning);
  }
  if (!SPEAKERS.includes(turn.speaker)) {
    refuse(`${place}.speaker`, turn.speaker, '"customer", "agent" or "bot"');
  }
  if (typeof turn.text !== 'string') refuse(`${place}.text`, turn.text, 'a string');
  const at = turn.at ?? 0;
  if (!isNumber(at) || at < 0) refuse(`${place}.at`, at, 'seconds from the start, 0 or more');
  const ratings = turn.satisfaction ?? [];
  if (!Array.isArray(ratings) || !ratings.every((one) => isNumber(one) && one >= 1 && one <= 5)) {
    refuse(`${place}.satisfaction`, ratings, 'a list of ratings from 1 to 5');
  }
}

function checkSurvey(survey) {
  if (!isObject(survey)) refuse('survey', survey, 'an object');
  const offered = survey.offered === undefined ? true : survey.offered;
  if (typeof offered !== 'boolean') refuse('survey.offered', offered, 'true or false');
  const scale = survey.scale ?? [1, 5];
  if (!Array.isArray(scale) || scale.length !== 2 || !scale.every(isNumber) || scale[0] >= scale[1]) {
    refuse('survey.scale', scale, '[lowest, highest], two numbers, the first below the second');
  }
  const score = survey.score ?? null;
  if (score !== null && !(isNumber(score) && scale[0] <= score && score <= scale[1])) {
    refuse('survey.score', score, `a number from ${scale[0]} to ${scale[1]}, the survey's scale`);
  }
  if (score !== null && !offered) refuse('survey.score', score, 'null, since survey.offered is false');
  checkTime(survey.answered_at, 'survey.answered_at');
}

function checkTime(value, place) {
  if (value === undefined || value === null || value === '') return;
  const match = typeof value === 'string' ? TIME.exec(value) : null;
  if (match) {
    const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0));
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    if (year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 &&
        minute < 60 && second <= 60) {
      return;  // 60 is a leap second
    }
  }
  refuse(place, value, 'an ISO 8601 time such as 2026-01-05T09:30:00Z');
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value) { return typeof value === 'number' && Number.isFinite(value); }

function missing(place, expected) {
  throw new RecordError(`${place}: found no such field; expected ${expected}`);
}

function refuse(place, found, expected) {
  let shown = JSON.stringify(found) ?? 'nothing';
  if (shown.length > 60) shown = `${shown.slice(0, 57)}...`;
  throw new RecordError(`${place}${place ? ': ' : ''}found ${shown}; expected ${expected}`);
}
