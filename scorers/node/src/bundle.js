// Opens a bundle (docs/bundle.md), and refuses one that is not as it was exported.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { externalFiles } from './external_data.js';

const FORMAT = 'arcsat-bundle';
const VERSION = 1;
const MANIFEST = 'manifest.json';
// What a scorer feeds, by name: element type and shape.
const INPUTS = {
  input_ids: ['int64', ['batch', 'turns', 'tokens']],
  turn_tokens: ['int64', ['batch', 'turns']],
  speaker: ['int64', ['batch', 'turns']],
  channel: ['int64', ['batch']],
  gap_seconds: ['float32', ['batch', 'turns']],
};
// What it reads.
const OUTPUTS = {
  state: ['batch', 'turns'], outlook: ['batch', 'turns'], entry: ['batch'], exit: ['batch'],
  delta: ['batch'], p_satisfied: ['batch'], interval: ['batch', 2], csat: ['batch'],
};
const LAYOUTS = ['wordpiece', 'xlm-roberta', 'albert'];
const LARGEST_MANIFEST = 16 << 20;
const EXPORT = 'copy the bundle again, or export the model again';

/** The bundle is not as it should be; the message says which file, what, and the remedy. */
export class BundleError extends Error {
  constructor(place, found, remedy = EXPORT) {
    super(`${place}: ${found}. To go on: ${remedy}`);
    this.name = 'BundleError';
  }
}

/**
 * A bundle's folder and manifest. `variant` names a graph: "fp32", or a key of the manifest's
 * "variants" ({"int8": {"file": "model.int8.onnx", …}}).
 */
export class Bundle {
  constructor(folder, variant = 'fp32') {
    this.folder = folder;
    this.manifest = readManifest(folder);
    this.#checkFields();
    this.graph = this.#choose(variant);
    this.#checkFiles();
    this.#checkExternal();
  }

  get graphPath() { return path.join(this.folder, this.graph.file); }

  /** Names that `variant` may have. */
  variants() { return ['fp32', ...Object.keys(this.manifest.variants ?? {})]; }

  /** Refuses a manifest that tells other inputs or outputs than the graph has. */
  checkSession(session) {
    for (const [part, values] of [['inputs', session.inputMetadata],
      ['outputs', session.outputMetadata]]) {
      const told = this.graph[part];
      const names = (list) => JSON.stringify(list.map((one) => one.name));
      if (names(told) !== names(values)) {
        this.#refuse(`graph.${part}: the graph has ${names(values)}, the manifest says ${names(told)}`);
      }
      told.forEach((tensor, i) => {
        const { name, type, shape } = values[i];
        // An operator may leave the shape of what it makes open; then there is no lie.
        if (shape?.length > 0 && !sameShape(tensor.shape, shape)) {
          this.#refuse(`graph.${part}: ${name} has the shape ${JSON.stringify(shape)}, the manifest ` +
            `says ${JSON.stringify(tensor.shape)}`);
        }
        if (type !== tensor.type) {
          this.#refuse(`graph.${part}: ${name} is ${type}, the manifest says ${tensor.type}`);
        }
      });
    }
  }

  #refuse(found) { throw new BundleError(path.join(this.folder, MANIFEST), found); }

  #checkFields() {
    const { text, graph, files, model, variants } = this.manifest;
    if (!isObject(text) || !LAYOUTS.includes(text.layout)) {
      this.#refuse(`text.layout: expected one of ${LAYOUTS.join(', ')}`);
    }
    for (const name of ['begin_id', 'end_id', 'pad_id', 'unknown_id', 'ids', 'max_turn_tokens']) {
      if (!isWhole(text[name])) this.#refuse(`text.${name}: expected a whole number of 0 or more`);
    }
    if (text.max_turn_tokens < 2) this.#refuse('text.max_turn_tokens: expected 2 or more');
    if (typeof model !== 'string') this.#refuse('model: expected the model\'s name');
    if (!isObject(files)) this.#refuse('files: expected an object');
    for (const [name, told] of Object.entries(files)) {
      if (!isPlain(name) || !isObject(told) || !isWhole(told.bytes) ||
          typeof told.sha256 !== 'string') {
        this.#refuse(`files: ${JSON.stringify(name)} is no plain file's name, size and sum`);
      }
    }
    this.#checkGraph('graph', graph);
    if (variants !== undefined && variants !== null && !isObject(variants)) {
      this.#refuse('variants: expected an object');
    }
    for (const name of [text.file, graph.file]) this.#demandListed(name);
  }

  #demandListed(name) {
    if (typeof name !== 'string' || !Object.hasOwn(this.manifest.files, name)) {
      this.#refuse(`files: ${JSON.stringify(name)} is not listed`);
    }
  }

  #checkGraph(place, graph) {
    if (!isObject(graph) || !isPlain(graph.file)) {
      this.#refuse(`${place}.file: expected the name of a file in the bundle`);
    }
    for (const part of ['inputs', 'outputs']) {
      const good = Array.isArray(graph[part]) && graph[part].every((tensor) => isObject(tensor) &&
        typeof tensor.name === 'string' && Array.isArray(tensor.shape) &&
        typeof tensor.type === 'string');
      if (!good) {
        this.#refuse(`${place}.${part}: expected a list of tensors with name, type and shape`);
      }
    }
    const inputs = new Map(graph.inputs.map(({ name, type, shape }) => [name, [type, shape]]));
    const known = Object.entries(INPUTS);
    if (inputs.size !== known.length || !known.every(([name, tensor]) => same(inputs.get(name), tensor))) {
      this.#refuse(`${place}.inputs: expected ${Object.keys(INPUTS).join(', ')} of the types and ` +
        'shapes that this scorer feeds');
    }
    const outputs = new Map(graph.outputs.map(({ name, shape }) => [name, shape]));
    for (const [name, shape] of Object.entries(OUTPUTS)) {
      if (!same(outputs.get(name), shape)) {
        this.#refuse(`${place}.outputs: ${name} has the shape ${JSON.stringify(outputs.get(name))}; ` +
          `expected ${JSON.stringify(shape)}`);
      }
    }
  }

  #choose(variant) {
    if (variant === 'fp32') return this.manifest.graph;
    const variants = this.manifest.variants ?? {};
    if (!Object.hasOwn(variants, variant) || !isObject(variants[variant])) {
      throw new BundleError(this.folder, `has no variant '${variant}'; expected one of ` +
        this.variants().join(', '), 'choose one of these');
    }
    const graph = { ...this.manifest.graph, ...variants[variant] };
    this.#checkGraph(`variants.${variant}`, graph);
    this.#demandListed(graph.file);
    return graph;
  }

  #checkFiles() {
    const { files } = this.manifest;
    for (const name of fs.readdirSync(this.folder).sort()) {
      if (name !== MANIFEST && !Object.hasOwn(files, name)) {
        throw new BundleError(path.join(this.folder, name), 'is not in the manifest',
          'take it away, or export the model again');
      }
    }
    for (const [name, told] of Object.entries(files)) {
      const file = path.join(this.folder, name);
      const info = regular(file);
      if (info.size !== told.bytes) {
        throw new BundleError(file, `has ${info.size} bytes, the manifest says ${told.bytes}`);
      }
      const found = sha256(file);
      if (found !== told.sha256) {
        throw new BundleError(file, `was changed: its SHA-256 is ${found}, the manifest says ` +
          told.sha256);
      }
    }
  }

  #checkExternal() {
    let names;
    try {
      names = externalFiles(fs.readFileSync(this.graphPath));
    } catch (error) {
      throw new BundleError(this.graphPath, `cannot be read: ${error.message}`);
    }
    for (const name of names) {
      if (!isPlain(name) || !Object.hasOwn(this.manifest.files, name)) {
        throw new BundleError(this.graphPath, `keeps weights in ${JSON.stringify(name)}, which is ` +
          'no file of the bundle');
      }
    }
  }
}

/** manifest.json; BundleError where it is missing, no JSON, of another format or newer. */
function readManifest(folder) {
  const file = path.join(folder, MANIFEST);
  const info = regular(file, 'give a folder that arcsat export made');
  if (info.size > LARGEST_MANIFEST) {
    throw new BundleError(file, `has ${info.size} bytes; expected at most ${LARGEST_MANIFEST}`);
  }
  let manifest;
  try {
    manifest = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fs.readFileSync(file)));
  } catch (error) {
    throw new BundleError(file, `is no JSON (${error.message})`);
  }
  if (!isObject(manifest) || manifest.format !== FORMAT || !isWhole(manifest.version)) {
    throw new BundleError(file, `is no manifest of a bundle; expected "format": "${FORMAT}" and a ` +
      'version');
  }
  if (manifest.version > VERSION) {
    throw new BundleError(file, `found version ${manifest.version}; expected at most ${VERSION}`,
      'use a newer arcsat-scorer');
  }
  return manifest;
}

function same(one, two) { return JSON.stringify(one) === JSON.stringify(two); }

function sameShape(told, found) {
  return told.length === found.length && told.every((one, i) => one === found[i] ||
    (typeof one === 'string' && typeof found[i] === 'string'));
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(value) { return Number.isSafeInteger(value) && value >= 0; }

function isPlain(name) {
  return typeof name === 'string' && !['', '.', '..', MANIFEST].includes(name) &&
    !/[/\\\0:]/.test(name);
}

function regular(file, remedy = EXPORT) {
  let info;
  try {
    info = fs.lstatSync(file);
  } catch (error) {
    throw new BundleError(file, `is missing (${error.code})`, remedy);
  }
  if (!info.isFile()) {
    const kind = info.isSymbolicLink() ? 'a link' : 'no regular file';
    throw new BundleError(file, `is ${kind}; expected a regular file`, remedy);
  }
  return info;
}

function sha256(file) {
  const total = createHash('sha256');
  const block = Buffer.alloc(1 << 20);
  const handle = fs.openSync(file);
  try {
    for (let size; (size = fs.readSync(handle, block)) > 0;) total.update(block.subarray(0, size));
  } finally {
    fs.closeSync(handle);
  }
  return total.digest('hex');
}
