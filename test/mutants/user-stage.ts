import type { Mutants } from "./mutant.ts";

const PURE = ["test/link/user-stage.test.ts"];
const LOGINS = ["test/link/user-logins.test.ts"];

/** What the user checks before it signs. */
export const USER: Mutants = {
  file: "src/link/user-stage-initiator.ts",
  tests: [...PURE, "test/link/user-stage-flips.test.ts", "test/link/handshake-vectors.test.ts"],
  mutants: [
    {
      name: "the user signs for whoever asks",
      find: "if (!engine.equal(Tr, confirmation.Tr)) return this.#notProven();",
      replace: "",
    },
    {
      name: "the user derives for any setting",
      find: "if (!isSetting(text)) {",
      replace: "if (text === undefined) {",
    },
    {
      name: "the user takes its own point back",
      find: " || engine.equal(Yu, Yr)) return",
      replace: ") return",
    },
    {
      name: "the user says nothing when the proof is wrong",
      find: 'return this.#failed(new LinkError("ERR_AUTH", message), CODE.authentication);',
      replace: 'return this.#failed(new LinkError("ERR_AUTH", message));',
    },
    {
      name: "a second question is answered",
      find: `throw new LinkError("ERR_MALFORMED", "a record came before the user answered");`,
      replace: `return { kind: "derive", setting: "" };`,
    },
    {
      name: "the chain outlives the stage",
      find: "    this.#run.chain.fill(0);\n",
      replace: "",
    },
  ],
};

/** What the Room checks before it takes a user in. */
export const USER_RESPONDER: Mutants = {
  file: "src/link/user-stage-responder.ts",
  tests: [...PURE, "test/link/user-stage-flips.test.ts", ...LOGINS],
  mutants: [
    {
      name: "the user's tag is not looked at",
      find: "if (!engine.equal(login.subarray(0, CONFIRM_BYTES), Tu)) return this.#notProven();",
      replace: "",
    },
    {
      name: "the user's signature is not looked at",
      find: "if (signature === undefined || !engine.ed25519Verify(this.#entry.P, userLogin(th2), signature))",
      replace: "if (signature === undefined)",
    },
    {
      name: "the signature is of no link",
      find: "!engine.ed25519Verify(this.#entry.P, userLogin(th2), signature)",
      replace:
        "(!engine.ed25519Verify(this.#entry.P, userLogin(th2), signature) && signature.some((byte) => byte === 0))",
    },
    {
      name: "the Room's own point may come back",
      find: "engine.equal(Yu, Yr) ? undefined : yr",
      replace: "yr",
    },
    {
      name: "a guess that was answered is none",
      find: "    this.#hasProved = true;\n",
      replace: "",
    },
  ],
};

/** Who has which password. */
export const USER_TABLE: Mutants = {
  file: "src/link/user-table.ts",
  tests: [...PURE, "test/user/passwords.test.ts"],
  mutants: [
    {
      name: "an unknown name has another setting each time",
      find: `this.#engine.hmacSha512(this.#secret, utf8("CRP1 fake salt"), utf8(name)).subarray(0, 16)`,
      replace: "this.#random(16)",
    },
    {
      name: "an unknown name always has the same keys",
      find: "prsU: this.#random(32), P: NO_KEY",
      replace: "prsU: NO_KEY, P: NO_KEY",
    },
    {
      name: "of several costs the highest is made up",
      find: "Math.min(...common)",
      replace: "Math.max(...common)",
    },
    {
      name: "an entry that is none is left out",
      find: "if (entry === undefined)\n        throw new TypeError(",
      replace: "if (entry === undefined) continue;\n      if (entry === undefined)\n        throw new TypeError(",
    },
    {
      name: "a short secret serves",
      find: "if (bytes.length < MIN_SECRET_BYTES)",
      replace: "if (bytes.length < 1)",
    },
  ],
};

/** What an entry of a table may be. */
export const VERIFIER: Mutants = {
  file: "src/crypto/verifier.ts",
  tests: ["test/crypto/verifier.test.ts"],
  mutants: [
    {
      name: "a key of small order is a public key",
      find: "return isEd25519Key(P) ? { setting, prsU: bytes.slice(0, 32), P } : undefined;",
      replace: "return { setting, prsU: bytes.slice(0, 32), P };",
    },
    {
      name: "a verifier may begin with $2a$",
      find: "!entry.startsWith(setting) || ",
      replace: "",
    },
    {
      name: "a bcrypt hash may have unused bits set",
      find: "[./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/",
      replace: "[./A-Za-z0-9]{31}$/",
    },
  ],
};

/** The answering side on a pipe: what it counts, and when it gives up. */
export const USER_CHECK: Mutants = {
  file: "src/link/user-check.ts",
  tests: LOGINS,
  mutants: [
    {
      name: "an answered guess is not charged",
      find: "        this.#config.chargeUser?.(this.#name);\n",
      replace: "",
    },
    {
      name: "a name that failed is asked at once",
      find: "const delayMs = config.userDelayMs?.(this.#name) ?? 0;",
      replace: "const delayMs = 0;",
    },
    {
      name: "a stage has no deadline",
      find: "clock.after(userStageMs, () => this.#late(userStageMs));",
      replace: "clock.after(1e9, () => this.#late(userStageMs));",
    },
    {
      name: "who went away before it was answered is penalised",
      find: `    this.#fail("hung up", error);\n  }\n\n  #late`,
      replace: `    this.#fail("hung up", error, "wrongSecret");\n  }\n\n  #late`,
    },
    {
      name: "bytes behind CONFIRM are forgotten",
      find: "if (rest.length > 0) this.#data(rest);\n    else {",
      replace: "{",
    },
    {
      name: "records of any length are gathered",
      find: "new RecordReader(MAX_STAGE_BODY_BYTES)",
      replace: "new RecordReader()",
    },
  ],
};

/** How long a name waits after its failures. */
export const USER_FAILURES: Mutants = {
  file: "src/link/user-failures.ts",
  tests: ["test/link/admission.test.ts", ...LOGINS],
  mutants: [
    {
      name: "the wait of a name does not grow",
      find: "userDelayMs * 2 ** Math.min(count - 1, 30)",
      replace: "userDelayMs",
    },
    {
      name: "the wait of a name has no end",
      find: "Math.min(userDelayMostMs, ",
      replace: "Math.min(1e9, ",
    },
    {
      name: "a name waits wherever it failed",
      find: "return `${source} ${name}`;",
      replace: "return `${source.length < 0} ${name}`;",
    },
    {
      name: "failures of names are kept for ever",
      find: "now - known.at > this.#limits.most * 1_000",
      replace: "now < known.at",
    },
    {
      name: "names are remembered without a bound",
      find: "if (this.#table.size > this.#most && oldest !== undefined) this.#table.delete(oldest);",
      replace: "void oldest;",
    },
    {
      name: "a proof does not clear a name",
      find: "    this.#table.delete(keyOf(source, name));\n",
      replace: "    void keyOf(source, name);\n",
    },
  ],
};

/** The signature keys that are taken. */
export const ED25519_KEY: Mutants = {
  file: "src/crypto/ed25519-key.ts",
  tests: ["test/crypto/ed25519.test.ts"],
  mutants: [
    { name: "a key need not be canonical", find: "y >= P || ", replace: "" },
    { name: "a key may have a small order", find: "|| SMALL_ORDER.has(y)", replace: "" },
    {
      name: "a key need not be on the curve",
      find: "return legendre((((numerator * denominator) % P) * 121_666n) % P) === 1n;",
      replace: "return legendre((((numerator * denominator) % P) * 121_666n) % P) !== 0n;",
    },
  ],
};
