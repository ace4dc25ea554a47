// Lines of plain and compressed files, as arcsat's LineReader gives them.
import fs from 'node:fs';
import zlib from 'node:zlib';

const LONGEST = 256 << 20;
const NEWLINE = 10;
const RETURN = 13;

/** The data cannot be read; the message says where and what to do. */
export class InputError extends Error {
  constructor(message) {
    super(message);
    this.name = 'InputError';
  }
}

/**
 * Gives the lines of a file, or of standard input ("-"), as Buffers without their ends; a byte order
 * mark at the start is dropped. .gz and, where Node.js has it, .zst are told by content.
 */
export class Lines {
  constructor(path) {
    this.path = path;
    this.name = path === '-' ? 'standard input' : path;
    this.number = 0;
    this.consumed = 0;  // bytes taken of the file as it lies on disk
    this.total = 0;     // its size, 0 where it is not known
    try {
      const info = path === '-' ? fs.fstatSync(0) : fs.statSync(path);
      if (info.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
      if (info.isFile()) this.total = info.size;
    } catch (error) {
      this.#refuseOpening(error);
    }
  }

  get place() { return `${this.name}:${this.number}`; }

  async* [Symbol.asyncIterator]() {
    let rest = [];  // parts of a line that has not ended
    let size = 0;
    try {
      for await (const block of this.#blocks()) {
        let at = 0;
        for (let end; (end = block.indexOf(NEWLINE, at)) >= 0; at = end + 1) {
          const line = block.subarray(at, end);
          yield this.#finish(rest.length > 0 ? Buffer.concat([...rest, line]) : line);
          rest = [];
          size = 0;
        }
        if (at < block.length) rest.push(block.subarray(at));
        size += block.length - at;
        if (size > LONGEST) this.#refuseLength();
      }
    } catch (error) {
      this.#refuseReading(error);
    }
    if (size > 0) yield this.#finish(Buffer.concat(rest));
  }

  #finish(line) {
    ++this.number;
    if (line.length > LONGEST) this.#refuseLength();
    if (this.number === 1 && line.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf))) {
      line = line.subarray(3);
    }
    return line.at(-1) === RETURN ? line.subarray(0, -1) : line;
  }

  #refuseLength() {
    throw new InputError(`${this.name}:${this.number + 1}: found a line longer than ${LONGEST} ` +
      'bytes. To go on: check that the file has line breaks');
  }

  #refuseOpening(error) {
    throw new InputError(`${this.path}: opening failed: ${error.message}. To go on: check the path ` +
      'and that you may read it');
  }

  #refuseReading(error) {
    if (error.code === undefined || error instanceof InputError) throw error;
    if (error.syscall !== undefined) this.#refuseOpening(error);
    throw new InputError(`${this.name}:${this.number + 1}: found compressed data that is cut off or ` +
      `damaged (${error.message}). To go on: copy or compress the file again`);
  }

  async* #raw() {
    const stream = this.path === '-' ? process.stdin : fs.createReadStream(this.path);
    for await (const block of stream) {
      this.consumed += block.length;
      yield block;
    }
  }

  async* #blocks() {
    const raw = this.#raw();
    let first = Buffer.alloc(0);  // enough to tell the kind of file by
    while (first.length < 10) {
      const { value, done } = await raw.next();
      if (done) break;
      first = Buffer.concat([first, value]);
    }
    const decoder = this.#decoder(first);
    async function* whole() {
      if (first.length > 0) yield first;
      yield* raw;
    }
    if (decoder === null) {
      yield* whole();
    } else {
      const { Readable, pipeline } = await import('node:stream');
      pipeline(Readable.from(whole(), { objectMode: false }), decoder, () => {});
      yield* decoder;
    }
  }

  #decoder(first) {
    const begins = (...bytes) => first.subarray(0, bytes.length).equals(Buffer.from(bytes));
    if (begins(0x1f, 0x8b)) return zlib.createGunzip();
    if (first.toString('latin1').startsWith('PAR1')) {
      throw new InputError(`${this.name}: is Parquet, which this scorer cannot read. To go on: score ` +
        'it with arcsat or with arcsat-score for Python, or write it as JSON lines');
    }
    const tool = begins(0x28, 0xb5, 0x2f, 0xfd) ? 'zstd' : begins(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)
      ? 'xz' : /^BZh.(?:1AY&SY|\x17rE8P\x90)/s.test(first.toString('latin1')) ? 'bzip2' : '';
    if (tool === 'zstd' && zlib.createZstdDecompress) return zlib.createZstdDecompress();
    if (tool === '') return null;
    throw new InputError(`${this.name}: is compressed by ${tool}, which this Node.js cannot read. To ` +
      `go on: ${tool} -dc ${this.name} | arcsat-score --data -`);
  }
}
