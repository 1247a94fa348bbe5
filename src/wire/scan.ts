import {
  checkExtension,
  cut,
  extensionBody,
  extensionLength,
  isExtension,
  malformed,
  readLength,
  skipKey,
  skipScalar,
  skipText,
} from "./scan-parts.ts";
import { ValueError, ValueTooHeavy } from "./values-error.ts";
import { MAX_DEPTH, type ValueLimits } from "./values-limits.ts";
import { CONTAINER_MEMORY, DATE_MEMORY, NODE_MEMORY } from "./values-memory.ts";
import { TAG_DATE, TAG_FIRST_TYPED_ARRAY, TAG_MAP, TAG_SET } from "./values-tags.ts";

// The containers around the current one. Scanning calls nobody, so one set for the process is enough.
const leftOf = new Int32Array(MAX_DEPTH + 1);
const isObjectOf = new Uint8Array(MAX_DEPTH + 1);
const endOf = new Int32Array(MAX_DEPTH + 1);

/** What a value may still have, of {@link ValueLimits} and of memory; less, when a part of it was scanned. */
export interface Budget {
  nodes: number;
  containers: number;
  memory: number;
}

const whole: Budget = { nodes: 0, containers: 0, memory: 0 };

/**
 * Reads one value's bytes, from `start` to `end`, without building anything, and throws unless they are exactly one
 * value of ours within the limits, which takes at most `memory`. Whatever passes can be decoded; the keys of Maps and Sets are looked at then.
 * @returns how much of that memory is left
 * @throws ValueError
 */
export function scan(bytes: Uint8Array, start: number, end: number, limits: ValueLimits, memory: number): number {
  whole.nodes = limits.nodes - 1;
  whole.containers = limits.containers;
  whole.memory = memory;
  const at = scanPart(bytes, start, end, limits, whole, 0);
  if (at !== end) throw malformed(at, "more bytes after the value");
  return whole.memory;
}

/**
 * The same of a value that ends before `end`, so many containers deep. Takes what it has from the budget.
 * @returns where it ends
 * @throws ValueError
 */
export function scanPart(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: ValueLimits,
  budget: Budget,
  outer: number,
): number {
  const maxDepth = Math.min(limits.depth, MAX_DEPTH) - outer;
  let at = start;
  let { nodes, containers } = budget;
  let dates = 0;
  let depth = 0;
  let left = 1; // members of the current container still to come; of an object, pairs
  let isObject = false;
  let containerEnd = -1; // where the bytes of a Map or a Set must end

  for (;;) {
    while (left === 0) {
      if (containerEnd >= 0 && at !== containerEnd) throw malformed(at, "a Map or Set of another length than declared");
      if (depth === 0) {
        budget.memory -=
          (budget.nodes - nodes) * NODE_MEMORY +
          (budget.containers - containers) * CONTAINER_MEMORY +
          dates * DATE_MEMORY;
        if (budget.memory < 0) throw new ValueTooHeavy();
        budget.nodes = nodes;
        budget.containers = containers;
        return at;
      }
      depth--;
      left = leftOf[depth] as number;
      isObject = isObjectOf[depth] === 1;
      containerEnd = endOf[depth] as number;
    }
    left--;
    if (isObject) at = skipKey(bytes, at, end, limits);
    if (at >= end) throw cut(at);

    const token = bytes[at] as number;
    let count = -1; // becomes the number of members when a container begins
    let pairs = false;
    let memberEnd = -1;
    if (token < 0x80 || token >= 0xe0) {
      at += 1; // small integers
    } else if (token < 0x90) {
      count = token & 0x0f;
      pairs = true;
      at += 1;
    } else if (token < 0xa0) {
      count = token & 0x0f;
      at += 1;
    } else if (token < 0xc0 || (token >= 0xd9 && token <= 0xdb)) {
      at = skipText(bytes, at, end);
    } else if (token === 0xdc || token === 0xdd || token === 0xde || token === 0xdf) {
      const lengthBytes = token & 1 ? 4 : 2;
      count = readLength(bytes, at + 1, lengthBytes, end);
      pairs = token >= 0xde;
      at += 1 + lengthBytes;
    } else if (isExtension(token)) {
      const body = extensionBody(bytes, at, end);
      const bodyEnd = body + extensionLength(bytes, at);
      if (bodyEnd > end) throw cut(at);
      const tag = bytes[body - 1] as number;
      if (tag === TAG_MAP || tag === TAG_SET) {
        memberEnd = bodyEnd;
        const inner = body === bodyEnd ? -1 : (bytes[body] as number);
        const small = tag === TAG_MAP ? 0x80 : 0x90;
        const wide = tag === TAG_MAP ? 0xde : 0xdc;
        if (inner >= small && inner < small + 0x10) {
          count = inner & 0x0f;
          at = body + 1;
        } else if (inner === wide || inner === wide + 1) {
          count = readLength(bytes, body + 1, inner === wide ? 2 : 4, memberEnd);
          at = body + 1 + (inner === wide ? 2 : 4);
        } else throw malformed(body, "a Map or Set without its members");
        if (tag === TAG_MAP) count *= 2;
      } else {
        checkExtension(bytes, body, bodyEnd, limits);
        if (tag >= TAG_FIRST_TYPED_ARRAY && --containers < 0) throw tooManyContainers(limits);
        if (tag === TAG_DATE) dates++;
        at = bodyEnd;
      }
    } else {
      if (token >= 0xc4 && token <= 0xc6 && --containers < 0) throw tooManyContainers(limits); // a Uint8Array
      at = skipScalar(bytes, at, end, token);
    }

    if (count >= 0) {
      const members = pairs ? count * 2 : count;
      nodes -= members;
      if (--containers < 0) throw tooManyContainers(limits);
      if (nodes < 0) throw new ValueError("", `more than ${limits.nodes} values`);
      if (members > end - at) throw cut(at); // each takes a byte at least
      if (depth >= maxDepth) throw new ValueError("", `more than ${maxDepth + outer} levels deep`);
      leftOf[depth] = left;
      isObjectOf[depth] = isObject ? 1 : 0;
      endOf[depth] = containerEnd;
      depth++;
      left = count;
      isObject = pairs;
      containerEnd = memberEnd;
    }
  }
}

function tooManyContainers({ containers }: ValueLimits): ValueError {
  return new ValueError("", `more than ${containers} arrays and objects`);
}
