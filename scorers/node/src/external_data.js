// Which files an ONNX graph keeps weights in (onnx.proto of ONNX 1.15, field numbers from there).

// Message -> { field: message }: the ways from a model to its tensors.
const WAYS = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  function: { 7: 'node', 11: 'attribute' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
};
const DEEPEST = 64;

/** Locations that the model's tensors name, each once. Error where `data` is no ONNX model. */
export function externalFiles(data) {
  if (data.length === 0) throw new Error('it is empty');
  const found = new Set();
  walk(data, 0, data.length, 'model', 0, found);
  return [...found];
}

function walk(data, at, end, message, depth, found) {
  if (depth > DEEPEST) throw new Error(`graphs are nested more than ${DEEPEST} deep`);
  for (const [field, start, stop] of fields(data, at, end)) {
    if (message === 'tensor') {
      if (field !== 13) continue;
      const entry = {};
      for (const [key, a, b] of fields(data, start, stop)) entry[key] = data.toString('utf8', a, b);
      if (entry[1] === 'location') found.add(entry[2] ?? '');
    } else if (WAYS[message][field] !== undefined) {
      walk(data, start, stop, WAYS[message][field], depth + 1, found);
    }
  }
}

/** [field, start, stop] of a message's fields that have a length. */
export function* fields(data, at, end) {
  while (at < end) {
    let tag;
    [tag, at] = varint(data, at, end);
    const kind = tag % 8;
    if (kind === 2) {
      let size;
      [size, at] = varint(data, at, end);
      if (at + size > end) throw new Error('it is cut short');
      yield [Math.floor(tag / 8), at, at + size];
      at += size;
    } else if (kind === 0) {
      const before = at;
      [, at] = varint(data, at, end);
      yield [Math.floor(tag / 8), before, at];
    } else if (kind === 1 || kind === 5) {
      const before = at;
      at += kind === 1 ? 8 : 4;
      if (at > end) throw new Error('it is cut short');
      yield [Math.floor(tag / 8), before, at];
    } else {
      throw new Error('it is of another kind');
    }
  }
}

/** [value, place after it]. Numbers of more than 53 bits lose their low ones; sizes have none. */
export function varint(data, at, end) {
  let value = 0;
  let unit = 1;
  for (let i = 0; at < end && i < 10; ++i, unit *= 128) {
    const byte = data[at++];
    value += (byte & 127) * unit;
    if (byte < 128) return [value, at];
  }
  throw new Error('it is cut short');
}
