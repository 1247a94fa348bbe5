import type { Mutants } from "./mutant.ts";

/** Frames before the keys. */
export const HANDSHAKE_FRAMES: Mutants = {
  file: "src/link/handshake-frames.ts",
  tests: ["test/link/handshake-frames.test.ts", "test/link/strangers.test.ts", "test/link/listener.test.ts"],
  mutants: [
    {
      name: "a frame may have 1,025 bytes",
      find: "    if (length > MAX_FRAME_BODY_BYTES) throw tooLong();\n",
      replace: "",
    },
    {
      name: "a frame that is far too long is waited for",
      find: "    if (high > MAX_FRAME_BODY_BYTES >>> 8) throw tooLong();\n",
      replace: "",
    },
    {
      name: "a first frame may have any type",
      find: "    if (this.#first !== undefined && !this.#first.includes(type)) throw notOurs();\n",
      replace: "",
    },
    {
      name: "a first frame without the magic is waited for",
      find: ".some((byte, i) => byte !== MAGIC[i])",
      replace: ".some((byte, i) => byte === i - 1)",
    },
    {
      name: "what follows a frame is lost",
      find: "this.#held = held.subarray(HEADER_BYTES + length);",
      replace: "this.#held = new Uint8Array(0);",
    },
    {
      name: "a relay preface may have any length",
      find: "return body.length === RELAY_BODY_BYTES ?",
      replace: "return body.length > 3 ?",
    },
  ],
};

/** Texts of the protocol. */
export const NAMES: Mutants = {
  file: "src/link/names.ts",
  tests: ["test/link/handshake-names.test.ts", "test/link/handshake-attacks.test.ts"],
  mutants: [
    {
      name: "a name may be empty",
      find: `  if (name === "") return "is empty";\n`,
      replace: "",
    },
    {
      name: "a name may hold invisible characters",
      find: '  if (/[\\p{Cf}\\p{Zl}\\p{Zp}]/u.test(name)) return "holds an invisible character";\n',
      replace: "",
    },
    {
      name: "a name may begin with a space",
      find: "/^\\p{Zs}|\\p{Zs}$/u",
      replace: "/\\p{Zs}$/u",
    },
    {
      name: "a name may have 65 bytes",
      find: "if (bytes > MAX_NAME_BYTES) return `takes",
      replace: "if (bytes > 10 * MAX_NAME_BYTES) return `takes",
    },
    {
      name: "a text may hold control characters",
      find: '  if (/\\p{Cc}/u.test(text)) return "holds a control character";\n',
      replace: "",
    },
    {
      name: "two spellings of one text are two",
      find: `  if (text.normalize("NFC") !== text) return "is not in Unicode normal form C";\n`,
      replace: "",
    },
    {
      name: "a text is cut inside of a character",
      find: "while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;",
      replace: "",
    },
    {
      name: "a byte order mark is skipped",
      find: "ignoreBOM: true",
      replace: "ignoreBOM: false",
    },
  ],
};
