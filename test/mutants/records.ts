import type { Mutants } from "./mutant.ts";

/** Keys and counters of records. */
export const RATCHET: Mutants = {
  file: "src/crypto/ratchet.ts",
  tests: ["test/link/records.test.ts", "test/link/records-rekey.test.ts"],
  mutants: [
    {
      name: "every record has the same nonce",
      find: "const counter = ++this.#counter;",
      replace: "const counter = this.#counter;",
    },
    {
      name: "the nonce goes round after 256 records",
      find: "      this.#nonce[5] = counter >>> 8;\n",
      replace: "",
    },
    {
      name: "keys change a record late",
      find: "export const EPOCH_MESSAGES = 65_536;",
      replace: "export const EPOCH_MESSAGES = 65_537;",
    },
    {
      name: "keys change a record early",
      find: "export const EPOCH_MESSAGES = 65_536;",
      replace: "export const EPOCH_MESSAGES = 65_535;",
    },
    {
      name: "keys do not change with the secret",
      find: "    this.#aead?.wipe();\n    this.#aead = undefined;\n    this.#counter = 0;",
      replace: "    this.#counter = 0;",
    },
    {
      name: "the counter goes on after the keys changed",
      find: "    this.#counter = 0;\n    this.#nonce.fill(0);",
      replace: "    this.#nonce.fill(0);",
    },
    {
      name: "a nonce is used again when sealing failed",
      find: "      this.wipe();\n      throw error;",
      replace: "      throw error;",
    },
  ],
};

/** Records sealed, opened and cut. */
export const RECORDS: Mutants = {
  file: "src/link/records.ts",
  tests: ["test/link/records.test.ts", "test/link/records-reader.test.ts"],
  mutants: [
    {
      name: "a payload of the largest size is refused",
      find: "if (payloadBytes > MAX_PAYLOAD_BYTES)",
      replace: "if (payloadBytes >= MAX_PAYLOAD_BYTES)",
    },
    {
      name: "a payload may be a byte over the cap",
      find: "if (payloadBytes > MAX_PAYLOAD_BYTES)",
      replace: "if (payloadBytes > MAX_PAYLOAD_BYTES + 1)",
    },
    {
      name: "a box of the largest size is refused",
      find: "if (plaintext.length > MAX_BOX_BYTES)",
      replace: "if (plaintext.length >= MAX_BOX_BYTES)",
    },
    {
      name: "a type may have two bytes",
      find: "if (typePart === undefined) throw",
      replace: "if (type < 0) throw",
    },
    {
      name: "without encryption the length is not authenticated on the way out",
      find: "records.seal(record.subarray(0, innerEnd), NO_PARTS",
      replace: "records.seal(record.subarray(PREFIX_BYTES, innerEnd), NO_PARTS",
    },
    {
      name: "without encryption the tag is not looked at",
      find: `opened(records.open([lengthPrefix, inner], body.subarray(tagAt)), "record");`,
      replace: "records.open([lengthPrefix, inner], body.subarray(tagAt));",
    },
    {
      name: "after a forged record boxes still open",
      find: '    wipe();\n    throw new LinkError("ERR_RECORD", `a ${what}',
      replace: '    throw new LinkError("ERR_RECORD", `a ${what}',
    },
    {
      name: "a body too short for a tag is opened",
      find: `if (body.length < MIN_BODY_BYTES) opened(undefined, "record");`,
      replace: "",
    },
    {
      name: "boxes share the keys of records",
      find: "secrets.boxes && new Ratchet(engine, suite, secrets.boxes);\n  const wipe",
      replace: "secrets.boxes && new Ratchet(engine, suite, secrets.records);\n  const wipe",
    },
    {
      name: "wiping leaves the keys of boxes",
      find: "      boxes?.wipe();\n",
      replace: "",
    },
    {
      name: "a record of the least length is refused",
      find: "length >= MIN_BODY_BYTES &&",
      replace: "length > MIN_BODY_BYTES &&",
    },
    {
      name: "a record without a tag is waited for",
      find: "length >= MIN_BODY_BYTES &&",
      replace: "length >= 0 &&",
    },
    {
      name: "a record may be a byte too long",
      find: "length <= this.#maxBodyBytes)",
      replace: "length <= this.#maxBodyBytes + 1)",
    },
    {
      name: "a record of the largest length is refused",
      find: "length <= this.#maxBodyBytes)",
      replace: "length < this.#maxBodyBytes)",
    },
    {
      name: "a length of four bytes is read as three",
      find: "(bytes[at] as number) * 0x1000000 +",
      replace: "0 +",
    },
    {
      name: "a wrong length is forgotten",
      find: "    if (this.#failure !== undefined) throw this.#failure;\n",
      replace: "",
    },
    {
      name: "a record that ends with its chunk waits for more",
      find: "if (end <= chunk.length) {",
      replace: "if (end < chunk.length) {",
    },
    {
      name: "a prefix in halves begins anew",
      find: "      this.#prefixBytes = 0;\n",
      replace: "",
    },
    {
      name: "a chunk is freed though a record before its last one is kept",
      find: "if (this.#lent === this.#chunks[0]) this.#isKept = true;",
      replace: "",
    },
    {
      name: "a chunk is freed with its last record though another one is kept",
      find: "if (!this.#isKept) this.#lent = chunk;",
      replace: "this.#lent = chunk;",
    },
    {
      name: "a chunk is freed with its last bytes though a record in it is kept",
      find: "if (end === chunk.length && !isKept)",
      replace: "if (end === chunk.length)",
    },
    {
      name: "a chunk is freed though there is more in it",
      find: "if (lent !== undefined && lent !== this.#chunks[0])",
      replace: "if (lent !== undefined)",
    },
    {
      name: "a chunk is freed though another one has the same buffer",
      find: "if (bytes.length === bytes.buffer.byteLength) discard",
      replace: "discard",
    },
    {
      name: "one record that is kept keeps every later chunk",
      find: "      this.#at = 0;\n      this.#isKept = false;\n",
      replace: "      this.#at = 0;\n",
    },
  ],
};

/** What comes over an open link. */
export const RECORD_RECEIVER: Mutants = {
  file: "src/link/record-receiver.ts",
  tests: ["test/link/record-receiver.test.ts", "test/link/link.test.ts", "test/link/keepalive.test.ts"],
  mutants: [
    {
      name: "what comes is no sign of life",
      find: "        options.heard();\n",
      replace: "",
    },
    {
      name: "a flood is read in one turn",
      find: "let left = limits.recordsPerTurn;",
      replace: "let left = 2 ** 53;",
    },
    {
      name: "an end without a close is nothing",
      find: "if (this.#pipeEnd !== undefined) this.#options.ended(this.#pipeEnd.error);",
      replace: "",
    },
    {
      name: "the end of the pipe comes before the records that are held",
      find: "        this.#pipeEnd = { error };\n",
      replace: "        options.ended(error);\n",
    },
    {
      name: "a record that does not open is skipped",
      find: "      this.#options.broken(error);\n      return false;",
      replace: "      void error;\n      return true;",
    },
    {
      name: "a payload that its owner keeps is freed",
      find: "if (isDone && encryption) discard(",
      replace: "if (encryption) discard(",
    },
    {
      name: "without encryption a payload that its owner keeps is freed",
      find: "if (isDone || encryption) this.#reader.done();",
      replace: "this.#reader.done();",
    },
    {
      name: "a payload with which its owner is done is not freed",
      find: "if (isDone && encryption) discard(opened.payload.buffer);",
      replace: "",
    },
    {
      name: "a turn that is over goes on with the next chunk",
      find: "if (!isReady() || this.#isTurnOver) return;",
      replace: "if (!isReady()) return;",
    },
  ],
};

/** An open link. */
export const RECORD_LINK: Mutants = {
  file: "src/link/record-link.ts",
  tests: ["test/link/link.test.ts", "test/link/keepalive.test.ts"],
  mutants: [
    {
      name: "a ping of any length is answered",
      find: `if (payload.length !== PING_BYTES) return this.#broken("a ping of a wrong length");`,
      replace: "",
    },
    {
      name: "a pong of any length is taken",
      find: "payload.length === PING_BYTES && this.#keepalive",
      replace: "this.#keepalive",
    },
    {
      name: "a pong that nobody asked for is taken",
      find: "payload.length === PING_BYTES && this.#keepalive.acceptPong(payload)",
      replace: "payload.length === PING_BYTES",
    },
    {
      name: "pings have no limit",
      find: "if (this.#keepalive.acceptPing()) return",
      replace: "if (this.#isOpen) return",
    },
    {
      name: "a record of an unknown type is nothing",
      find: "return this.#broken(`a record of the type ${type}, which has no place here`);",
      replace: "return;",
    },
    {
      name: "an owner that ignores writable fills memory",
      find: "if (this.#pipe.buffered <= this.#limits.bufferedBytes) return;",
      replace: "return;",
    },
    {
      name: "a close does not say why",
      find: "this.#pipe.write([this.#sealer.seal(RECORD.close, [encodeClose(code, text)])]);",
      replace: "",
    },
    {
      name: "a full pipe leaves the link writable",
      find: "    this.#isWritable = false;\n    if (this.#pipe.buffered",
      replace: "    if (this.#pipe.buffered",
    },
    {
      name: "a drained pipe leaves the link unwritable",
      find: "    this.#isWritable = true;\n    try {",
      replace: "    try {",
    },
    {
      name: "the end of a link is told before it has an owner, and lost",
      find: "if (this.#untold !== undefined) return this.#tell(this.#untold.error);",
      replace: "",
    },
    {
      name: "keys outlive the link",
      find: "    this.#sealer.wipe();\n    this.#opener.wipe();\n",
      replace: "",
    },
    {
      name: "pings go on after the end",
      find: "    this.#keepalive.stop();\n",
      replace: "",
    },
  ],
};
