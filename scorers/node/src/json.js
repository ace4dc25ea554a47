// JSON as arcsat reads it (data/json.h): what JSON.parse lets pass and a record must not hold is
// refused, in a second walk over a text whose syntax is known to be right.
const DEEPEST = 100;
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|-?\d[\d.eE+-]*|[a-z]+/g;
const LOWEST = -(2n ** 63n);
const HIGHEST = 2n ** 64n - 1n;

/** One JSON value of UTF-8 bytes. Error on broken syntax or UTF-8, a key twice in one object, depth
 * beyond 100, an integer beyond 64 bits, a number beyond a double's range, half of a surrogate pair. */
export function parseStrict(bytes) {
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('found bytes that are not UTF-8; expected one JSON value in UTF-8');
  }
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`found no whole JSON value (${error.message.slice(0, 200)}); expected one JSON ` +
      'value in UTF-8');
  }
  walk(text);
  return value;
}

function walk(text) {
  const open = [];  // an object's keys, or null for a list
  let keyNext = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const first = token[0];
    if (first === '{' || first === '[') {
      open.push(first === '{' ? new Set() : null);
      if (open.length > DEEPEST) {
        throw new Error(`found values nested more than ${DEEPEST} deep; expected a flatter record`);
      }
      keyNext = first === '{';
    } else if (first === '}' || first === ']') {
      open.pop();
      keyNext = false;
    } else if (first === ',') {
      keyNext = open.at(-1) !== null && open.length > 0;
    } else if (first === '"') {
      checkString(token, keyNext ? open.at(-1) : null);
      keyNext = false;
    } else if (first === '-' || (first >= '0' && first <= '9')) {
      checkNumber(token);
    }
  }
}

function checkString(token, keys) {
  const escaped = token.includes('\\');
  const value = escaped ? JSON.parse(token) : token.slice(1, -1);
  if (escaped && !value.isWellFormed()) {
    throw new Error('found half of a surrogate pair; expected whole characters');
  }
  if (!keys) return;
  if (keys.has(value)) {
    throw new Error(`found the key ${JSON.stringify(value.slice(0, 60))} twice in one object; ` +
      'expected each key once');
  }
  keys.add(value);
}

function checkNumber(token) {
  if (/[.eE]/.test(token)) {
    if (!Number.isFinite(Number(token))) {
      throw new Error(`found the number ${token.slice(0, 60)}; expected one that a double can hold`);
    }
  } else if (token.length > 15) {
    const value = BigInt(token);
    if (value < LOWEST || value > HIGHEST) {
      throw new Error(`found the integer ${token.slice(0, 60)}, which does not fit 64 bits; expected ` +
        'a smaller number, or the digits as a string');
    }
  }
}
