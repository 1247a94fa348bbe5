import type { Mutants } from "./mutant.ts";

/** The stream cut into messages. */
export const DEFRAMER: Mutants = {
  file: "src/session/deframer.ts",
  tests: ["test/session/deframer.test.ts"],
  mutants: [
    {
      name: "a frame of the largest size is refused",
      find: "if (length > MAX_PAYLOAD_BYTES)",
      replace: "if (length >= MAX_PAYLOAD_BYTES)",
    },
    {
      name: "a frame may be a byte over the cap",
      find: "if (length > MAX_PAYLOAD_BYTES)",
      replace: "if (length > MAX_PAYLOAD_BYTES + 1)",
    },
    {
      name: "the bytes of a frame that begins are not counted",
      find: "this.#halfBytes = bytes.length;",
      replace: "this.#halfBytes = 0;",
    },
    {
      name: "a frame without a payload waits for more bytes",
      find: "bytes.length - at >= FRAME_HEADER_BYTES",
      replace: "bytes.length - at > FRAME_HEADER_BYTES",
    },
    {
      name: "a frame that ends with the bytes waits for more",
      find: "if (end > bytes.length) break;",
      replace: "if (end >= bytes.length) break;",
    },
    {
      name: "a header that came in halves ends its frame",
      find: " || frameBytes(half, 0) === FRAME_HEADER_BYTES",
      replace: " || frameBytes(half, 0) > 0",
    },
    {
      name: "a half frame takes bytes of the next one",
      find: "Math.min(bytes.length, half.length - this.#halfBytes)",
      replace: "Math.min(bytes.length, half.length)",
    },
    {
      name: "after stop the rest of the bytes is read",
      find: "while (!this.#stopped && bytes",
      replace: "while (bytes",
    },
    {
      name: "the bit for more fragments means nothing",
      find: "const more = first !== kind;",
      replace: "const more = false;",
    },
    {
      name: "the last fragment is taken for a message",
      find: "if (!more && !this.#assemblies.has(kind, channel))",
      replace: "if (!more)",
    },
    {
      name: "the session's own frames may be fragments",
      find: "return this.#ownFrame(first,",
      replace: "return this.#ownFrame(kind,",
    },
    {
      name: "a kind of the session's own goes to its user",
      find: "if (kind < FIRST_USER_KIND)",
      replace: "if (kind <= CREDIT)",
    },
    {
      name: "the first kind of the user is the session's own",
      find: "if (kind < FIRST_USER_KIND)",
      replace: "if (kind <= FIRST_USER_KIND)",
    },
    {
      name: "a CREDIT of any length is read",
      find: "kind === CREDIT && payload.length === 4",
      replace: "kind === CREDIT",
    },
    {
      name: "a DROP with a payload is taken",
      find: "kind === DROP && payload.length === 0",
      replace: "kind === DROP",
    },
  ],
};

/** Big messages that are being put together, their caps and their credit. */
export const ASSEMBLIES: Mutants = {
  file: "src/session/assemblies.ts",
  tests: ["test/session/deframer.test.ts"],
  mutants: [
    {
      name: "a fragment may be smaller than the least",
      find: "if (more && data.length < MIN_FRAGMENT_BYTES)",
      replace: "if (more && data.length < 1)",
    },
    {
      name: "the smallest fragment is refused",
      find: "if (more && data.length < MIN_FRAGMENT_BYTES)",
      replace: "if (more && data.length <= MIN_FRAGMENT_BYTES)",
    },
    {
      name: "the last fragment is refused for being small",
      find: "if (more && data.length < MIN_FRAGMENT_BYTES)",
      replace: "if (data.length < MIN_FRAGMENT_BYTES)",
    },
    {
      name: "more bytes come than the total says",
      find: "if (received > assembly.total)",
      replace: "if (received > assembly.total + 1)",
    },
    {
      name: "a message ends before its total",
      find: "if (more === (received === assembly.total))",
      replace: "if (more && received === assembly.total)",
    },
    {
      name: "a message goes on behind its total",
      find: "if (more === (received === assembly.total))",
      replace: "if (!more && received !== assembly.total)",
    },
    {
      name: "a message of the largest size is refused",
      find: "if (total > messageBytes)",
      replace: "if (total >= messageBytes)",
    },
    {
      name: "a message may be a byte over the cap",
      find: "if (total > messageBytes)",
      replace: "if (total > messageBytes + 1)",
    },
    {
      name: "a small message may come in fragments",
      find: "if (total <= MAX_PAYLOAD_BYTES)",
      replace: "if (total < MAX_PAYLOAD_BYTES)",
    },
    {
      name: "one unfinished message more than the cap is taken",
      find: "if (this.#byKey.size >= assemblyMessages)",
      replace: "if (this.#byKey.size > assemblyMessages)",
    },
    {
      name: "a first fragment needs no total",
      find: "if (payload.length < TOTAL_BYTES)",
      replace: "if (payload.length < 0)",
    },
    {
      name: "a fragment needs no credit",
      find: "if (received > assembly.buffer.length)",
      replace: "if (received > assembly.total)",
    },
    {
      name: "memory is taken for a message that has no credit",
      find: "assembly.buffer = allocate(freeBytes);",
      replace: "assembly.buffer = allocate(total);",
    },
    {
      name: "credit counts what comes without it",
      find: "assembly.total - this.#limits.freeBytes",
      replace: "assembly.total",
    },
    {
      name: "a message that needs no credit gets some",
      find: "if (total <= freeBytes)",
      replace: "if (total < freeBytes)",
    },
    {
      name: "credit that was given is not taken from the budget",
      find: "this.#creditLeft -= assembly.total;",
      replace: "",
    },
    {
      name: "a finished message gives nothing back to the budget",
      find: "if (assembly.credited) this.#creditLeft += assembly.total;",
      replace: "",
    },
    {
      name: "a message without credit gives some back",
      find: "if (assembly.credited) this.#creditLeft += assembly.total;",
      replace: "this.#creditLeft += assembly.total;",
    },
    {
      name: "the budget that became free goes to nobody",
      find: "if (assembly.credited) this.#creditLeft += assembly.total;\n    this.#giveCredit();",
      replace: "if (assembly.credited) this.#creditLeft += assembly.total;",
    },
    {
      name: "credit goes to whoever fits, not to the first that came",
      find: "if (assembly.total > this.#creditLeft) return;",
      replace: "if (assembly.total > this.#creditLeft) continue;",
    },
    {
      name: "what came before the credit is lost",
      find: "assembly.buffer.set(buffer.subarray(0, assembly.received));",
      replace: "",
    },
    {
      name: "a dropped message still waits for credit",
      find: "this.#byKey.delete(assembly.key);\n    this.#waiting.delete(assembly);",
      replace: "this.#byKey.delete(assembly.key);",
    },
    {
      name: "a finished message keeps its place",
      find: "this.#byKey.delete(assembly.key);",
      replace: "",
    },
    {
      name: "credit goes out for a message that was dropped",
      find: "this.#grants.forgetGrant(number);",
      replace: "",
    },
    {
      name: "a DROP of a message that is not under way is nothing",
      find: "throw new ProtocolViolation(`message ${number} was dropped",
      replace: "void new ProtocolViolation(`message ${number} was dropped",
    },
    {
      name: "all big messages have one number",
      find: "this.#nextNumber = (this.#nextNumber + 1) >>> 0;",
      replace: "",
    },
    {
      name: "fragments of one channel belong together whatever their kinds",
      find: "return channel * MORE + kind;",
      replace: "return channel;",
    },
    {
      name: "fragments of one kind belong together whatever their channels",
      find: "return channel * MORE + kind;",
      replace: "return kind;",
    },
  ],
};
