// A kernel in JavaScript as a program that attnspec judges; for Node, without packages.
// It shares no memory: operands come in the payloads, and go back behind the results.
import { Console } from "node:console";
import { readSync, writeSync } from "node:fs";

// What the kernel prints must not come between the answers.
globalThis.console = new Console(process.stderr);

let ahead = Buffer.alloc(0); // what has been read beyond the last message

// Return the next question with its payload; null at the end of the input.
function nextQuestion() {
  let end;
  while ((end = ahead.indexOf("\n")) < 0) {
    const chunk = Buffer.alloc(1 << 16);
    const count = readSync(0, chunk);
    if (count === 0) return null;
    ahead = Buffer.concat([ahead, chunk.subarray(0, count)]);
  }
  const question = JSON.parse(ahead.toString("utf8", 0, end));
  ahead = ahead.subarray(end + 1);
  return { ...question, payload: readPayload(question.payload ?? 0) };
}

function readPayload(size) {
  const payload = new Uint8Array(size);
  let filled = ahead.copy(payload);
  ahead = ahead.subarray(filled);
  while (filled < size) {
    const count = readSync(0, payload.subarray(filled));
    if (count === 0) throw new Error("a payload is cut off");
    filled += count;
  }
  return payload.buffer;
}

function write(header, payloads = []) {
  const line = Buffer.from(JSON.stringify(header) + "\n");
  for (let bytes of [line, ...payloads.map((payload) => Buffer.from(payload))])
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(1, bytes));
}

// An array of up to four axes, as it lies in the block.
class Operand {
  constructor({ dtype, shape, strides, offset }, block) {
    const view = new DataView(block);
    const float32 = (at) => view.getFloat32(at, true);
    const bool = (at) => view.getUint8(at) !== 0;
    this.read = { float32, bool }[dtype];
    this.strides = [0, 0, 0, 0, ...strides].slice(-4);
    Object.assign(this, { view, shape, offset });
  }
  at(b, h, i, j) {
    const [ofB, ofH, ofI, ofJ] = this.strides;
    return this.read(this.offset + b * ofB + h * ofH + i * ofI + j * ofJ);
  }
  // The same, with the one element along an axis of length 1 at every index.
  broadcast() {
    const lengths = [1, 1, 1, 1, ...this.shape].slice(-4);
    this.strides = this.strides.map((own, axis) => (lengths[axis] === 1 ? 0 : own));
    return this;
  }
}

// Answer questions until the input ends. The kernel gets its arguments by name, and by
// name a Float32Array for each result.
export function serve(description, kernel) {
  let question;
  while ((question = nextQuestion()) !== null) {
    const answer = question.number;
    if (question.question === "open") write({ answer, attnspec: 1, description });
    else if (question.question === "call") call(question, kernel);
    else write({ answer, unknown: true });
  }
}

function call({ number: answer, payload: block, ...question }, kernel) {
  const read = (one) => ("value" in one ? one.value : new Operand(one, block));
  const told = [...question.operands, ...question.options];
  const given = told.map((one) => [one.name, read(one)]);
  const results = question.results.map((one) => ({ ...one, dtype: "float32" }));
  const size = ({ shape }) => shape.reduce((product, length) => product * length, 1);
  const arrays = results.map((one) => new Float32Array(size(one)).fill(NaN));
  const named = results.map(({ name }, index) => [name, arrays[index]]);
  try {
    kernel(Object.fromEntries(given), Object.fromEntries(named));
  } catch (error) {
    return write({ answer, raised: String(error).slice(0, 1000) });
  }
  const payloads = [...arrays.map((array) => array.buffer), block];
  const payload = payloads.reduce((size, { byteLength }) => size + byteLength, 0);
  write({ answer, results, payload }, payloads);
}
