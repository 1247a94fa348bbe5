import type { Mutants } from "./mutant.ts";

/** Values without keys, read. */
export const SHAPE_READER: Mutants = {
  file: "src/wire/shape-reader.ts",
  tests: ["test/wire/shapes.test.ts", "test/codegen/codec.test.ts"],
  mutants: [
    {
      name: "bytes behind the value are skipped",
      find: `if (this.#at < bytes.length) throw malformed(this.#at, "more bytes after the value");`,
      replace: "",
    },
    {
      name: "a value may reach beyond its bytes",
      find: "if (this.#at > bytes.length) throw cut(bytes.length);",
      replace: "",
    },
    {
      name: "arrays and objects of a shape take no memory",
      find: "    this.memory -= CONTAINER_MEMORY;\n",
      replace: "",
    },
    {
      name: "what is in a value of a shape takes no memory",
      find: "this.memory -= members * NODE_MEMORY;",
      replace: "",
    },
    {
      name: "a text need not be UTF-8",
      find: `if (text === undefined) throw malformed(from, "a text that is not UTF-8");`,
      replace: `if (text === undefined) return "";`,
    },
    {
      name: "a count may be anything",
      find: "if (!(count >= 0 && Number.isInteger(count))) throw",
      replace: "if (!(count > -9)) throw",
    },
    {
      name: "one level more than the cap is read",
      find: "if (++this.#depth > this.#maxDepth)",
      replace: "if (this.#depth++ > this.#maxDepth)",
    },
    {
      name: "one container more than the cap is read",
      find: "if (--this.containers < 0)",
      replace: "if (this.containers-- < 0)",
    },
    {
      name: "one value more than the cap is read",
      find: "if (this.nodes < 0)",
      replace: "if (this.nodes < -1)",
    },
    {
      name: "members that may be absent are not counted",
      find: "this.#take(2);",
      replace: "",
    },
    {
      name: "what describes itself has limits of its own",
      find: "this.#limits as ValueLimits, this, this.#depth);",
      replace: "this.#limits as ValueLimits, { nodes: 2 ** 30, containers: 2 ** 30 }, this.#depth);",
    },
    {
      name: "what describes itself is as deep as if it stood alone",
      find: "this.#limits as ValueLimits, this, this.#depth);",
      replace: "this.#limits as ValueLimits, this, 0);",
    },
    {
      name: "a key may be __proto__",
      find: `if (key === "__proto__") throw`,
      replace: `if (key === "__prot0__") throw`,
    },
    {
      name: "a key is not checked to be UTF-8",
      find: "from + length <= bytes.length && isAscii(bytes, from, length)",
      replace: "from + length <= bytes.length",
    },
    {
      name: "another word than there is",
      find: "if (!(at >= 0 && at < words.length && Number.isInteger(at)))",
      replace: "if (!(at >= 0))",
    },
    {
      name: "another shape than there is",
      find: "if (!(at < count))",
      replace: "if (!(at <= 255))",
    },
    {
      name: "any byte is a boolean",
      find: "if (token !== 0xc2 && token !== 0xc3) throw",
      replace: "if (token === 0xc1) throw",
    },
  ],
};

/** Values without keys, written. */
export const SHAPE_WRITER: Mutants = {
  file: "src/wire/values-encode.ts",
  tests: ["test/wire/shapes.test.ts", "test/codegen/codec.test.ts"],
  mutants: [
    {
      name: "members that no shape names are dropped",
      find: "if (left !== 0) throw MISFIT;",
      replace: "if (left < 0) throw MISFIT;",
    },
    {
      name: "a member that is no key is taken for one, among many",
      find: "if (Object.getOwnPropertyNames(value).length !== length) throw MISFIT;",
      replace: "",
    },
    {
      name: "a list of another length than the shape's is written",
      find: "if (count !== undefined && length !== count) throw MISFIT;",
      replace: "",
    },
    {
      name: "a text may be anything",
      find: `if (typeof value !== "string") throw MISFIT;`,
      replace: "value = String(value);",
    },
    {
      name: "a number may be anything",
      find: `if (typeof value !== "number") throw MISFIT;`,
      replace: "value = Number(value);",
    },
    {
      name: "a boolean may be anything",
      find: `if (typeof value !== "boolean") throw MISFIT;`,
      replace: "",
    },
    {
      name: "a word that is none is the first one",
      find: "if (at < 0) throw MISFIT;\n    this.number(at);",
      replace: "this.number(Math.max(0, at));",
    },
    {
      name: "an object of a class is taken apart",
      find: `return typeof value === "object" && value !== null && kindOf(value) === "object";`,
      replace: `return typeof value === "object" && value !== null;`,
    },
    {
      name: "one level more than the cap is written without keys",
      find: "if (++this.#depth > this.#maxDepth ||",
      replace: "if (this.#depth++ > this.#maxDepth ||",
    },
    {
      name: "one container more than the cap is written without keys",
      find: "|| --this.#containers < 0) throw MISFIT;",
      replace: "|| this.#containers-- < 0) throw MISFIT;",
    },
    {
      name: "one value more than the cap is written without keys",
      find: "if (this.#nodes < 0) throw MISFIT;",
      replace: "if (this.#nodes < -1) throw MISFIT;",
    },
    {
      name: "a key __proto__ is written without keys",
      find: `if (key === "__proto__") throw MISFIT;`,
      replace: "",
    },
  ],
};

/** In what order and form the parts of a value travel. */
export const LAYOUT: Mutants = {
  file: "codegen/src/layout.ts",
  tests: ["test/codegen/codec.test.ts"],
  mutants: [
    {
      name: "members stand in the order of the schema",
      find: ".toSorted(([a], [b]) => compareTexts(a, b));",
      replace: ";",
    },
    {
      name: "a member that may be undefined is taken to be there",
      find: `optional: optional || ["any", "choice", "same"].includes(layout.kind)`,
      replace: "optional",
    },
    {
      name: "an optional member is taken to be there",
      find: `optional: optional || ["any", "choice", "same"].includes(layout.kind)`,
      replace: `optional: ["any", "choice", "same"].includes(layout.kind)`,
    },
    {
      name: "an object that begins with a member that is absent is taken for absent",
      find: "optional ? marked(one, cycles) : layoutOf(one, cycles)",
      replace: "layoutOf(one, cycles)",
    },
    {
      name: "members that are data are left out",
      find: `typeof shape.others === "object" || `,
      replace: "",
    },
    {
      name: "objects whose literals overlap are told apart by them",
      find: "literals.includes(undefined) || new Set(all).size < all.length",
      replace: "literals.includes(undefined)",
    },
    {
      name: "an object is told by a member that it may lack",
      find: `field?.shape.kind === "values" && !field.optional`,
      replace: `field?.shape.kind === "values"`,
    },
    {
      name: "of two lists the first is taken",
      find: "lists[0] !== undefined && lists.length === 1",
      replace: "lists[0] !== undefined",
    },
    {
      name: "of two objects the first is taken",
      find: "objects[0] !== undefined && objects.length === 1",
      replace: "objects[0] !== undefined",
    },
    {
      name: "a tuple with a rest has none",
      find: "shape.rest !== undefined || ",
      replace: "",
    },
    {
      name: "a tuple has all that it may have",
      find: " || shape.items.some((item) => item.optional)",
      replace: "",
    },
    {
      name: "numbers among words are left out",
      find: `words.every((word) => typeof word === "string")`,
      replace: `words.some((word) => typeof word === "string")`,
    },
    {
      name: "what is not known is any object",
      find: `if (those("unknown", "custom", "union", "same").length > 0) return ANY;`,
      replace: "",
    },
    {
      name: "an object without members takes no byte",
      find: " || fields.length === 0",
      replace: "",
    },
    {
      name: "a record is taken at its word for other keys",
      find: "shape.loose ? ANY : ",
      replace: "",
    },
    {
      name: "answers are not in the fingerprint",
      find: "[1, layoutsOf(input), layoutsOf(output)]",
      replace: "[1, layoutsOf(input)]",
    },
    {
      name: "what contains itself is not in the fingerprint",
      find: "cycles: cycles.map((cycle) => layoutOf(cycle, cycles)) };",
      replace: "cycles: [] };",
    },
  ],
};

/** The code that writes and reads them. */
export const EMIT_CODEC: Mutants = {
  file: "codegen/src/emit-codec.ts",
  tests: ["test/codegen/codec.test.ts"],
  mutants: [
    {
      name: "members that are undefined are absent",
      find: "if (${member} === undefined && !Object.hasOwn(value, ${JSON.stringify(name)})) out.absent();",
      replace: "if (${member} === undefined) out.absent();",
    },
    {
      name: "a member that is there is not counted",
      find: "else {\n  unwritten--;",
      replace: "else {",
    },
    {
      name: "a key that no shape names stands in for a member that is no key",
      find: "else out.misfit();",
      replace: "else unwritten++;",
    },
    {
      name: "what contains itself is taken for another that does",
      find: `this.#scope = cycles.length === 0 ? "" : JSON.stringify(cycles);`,
      replace: `this.#scope = "";`,
    },
    {
      name: "a name that is no identifier is written as one",
      find: "IDENTIFIER.test(name) ? `${value}.${name}`",
      replace: "name !== '' ? `${value}.${name}`",
    },
    {
      name: "choices are counted without the one that describes itself",
      find: "from.choice(${layout.options.length + 1})",
      replace: "from.choice(${layout.options.length})",
    },
  ],
};

/** To whom values go without keys. */
export const CODECS: Mutants = {
  file: "src/call/caller.ts",
  tests: ["test/call/codec.test.ts"],
  mutants: [
    {
      name: "an input that waited goes as it is",
      find: "else if (isShaped(payload, CALL_HEADER_BYTES)) {",
      replace: "else if (call.payload === NOTHING) {",
    },
    {
      name: "nobody says that they have the same schema",
      find: "flags |= SAME_SCHEMA",
      replace: "flags |= 0",
    },
    {
      name: "answers without keys are not read",
      find: "decodeGiven(payload, 0, call.method?.codec?.output)",
      replace: "decodeGiven(payload, 0)",
    },
  ],
};

export const EARLY_FLUSH: Mutants = {
  file: "src/session/session.ts",
  tests: ["test/session/session.test.ts"],
  mutants: [
    {
      name: "answers wait for the end of the tick",
      find: "if (this.#isFlushDue && this.#outbox.queuedBytes >= EARLY_FLUSH_BYTES) this.#flush();",
      replace: "",
    },
    {
      name: "each answer leaves alone",
      find: "if (this.#isFlushDue && this.#outbox.queuedBytes >= EARLY_FLUSH_BYTES) this.#flush();",
      replace: "if (this.#isFlushDue) this.#flush();",
    },
  ],
};
