import type { Mutants } from "./mutant.ts";

/** What the dialling side checks. */
export const INITIATOR: Mutants = {
  file: "src/link/handshake-initiator.ts",
  tests: [
    "test/link/handshake-order.test.ts",
    "test/link/handshake-attacks.test.ts",
    "test/link/handshake-flips.test.ts",
    "test/link/dial.test.ts",
  ],
  mutants: [
    {
      name: "another name than the one that was dialled may answer",
      find: `if (peerName !== "" && remoteName !== peerName) {`,
      replace: `if (peerName === remoteName && peerName === "") {`,
    },
    {
      name: "REPLY may have another encryption setting",
      find: "if (reply.encryption !== encryption) {",
      replace: "if (reply.encryption === undefined) {",
    },
    {
      name: "the proof in REPLY is not looked at",
      find: "if (!engine.equal(Tb, reply.Tb)) {",
      replace: "if (Tb === undefined) {",
    },
    {
      name: "our own point may come back as the answer's",
      find: "engine.equal(reply.Yb, this.#Ya) ? undefined : this.#ya",
      replace: "this.#ya",
    },
    {
      name: "a point of low order gives a key",
      find: "this.#ya.times(engine.point(reply.Yb));",
      replace: "(this.#ya.times(engine.point(reply.Yb)) ?? new Uint8Array(32));",
    },
    {
      name: "a suite that was not offered may be chosen",
      find: "return offered.includes(chosen) && isSuite(chosen) ? chosen : undefined;",
      replace: "return isSuite(chosen) ? chosen : undefined;",
    },
    {
      name: "a suite may be chosen where none was offered",
      find: "return reply.suite === undefined ? 1 : undefined;",
      replace: "return 1;",
    },
    {
      name: "an answer of another version is read",
      find: "if (!isOurVersion(frame.body)) {",
      replace: "if (frame.body === undefined) {",
    },
    {
      name: "an initiator takes a second answer",
      find: `if (this.#isOver) throw new Error("an initiator takes one frame");`,
      replace: "",
    },
    {
      name: "a secret of another purpose is used",
      find: "if (secret.purpose !== purpose)",
      replace: "if (secret === undefined)",
    },
    {
      name: "a ticket goes with every purpose",
      find: "if (needsTicket !== (ticketId !== undefined))",
      replace: "if (needsTicket && ticketId === undefined)",
    },
  ],
};

/** What the answering side checks. */
export const RESPONDER: Mutants = {
  file: "src/link/handshake-responder.ts",
  tests: [
    "test/link/handshake-order.test.ts",
    "test/link/handshake-attacks.test.ts",
    "test/link/handshake-flips.test.ts",
  ],
  mutants: [
    {
      name: "CONFIRM is not looked at",
      find: "if (isRight(frame.body)) return undefined;",
      replace: "return undefined;",
    },
    {
      name: "CONFIRM may have any length",
      find: "frame.type !== FRAME.confirm || frame.body.length !== CONFIRM_BYTES",
      replace: "frame.type !== FRAME.confirm",
    },
    {
      name: "any frame is a CONFIRM",
      find: "frame.type !== FRAME.confirm || frame.body.length",
      replace: "frame.body.length",
    },
    {
      name: "HELLO may have another encryption setting",
      find: "if (hello.encryption !== config.encryption) {",
      replace: "if (hello.encryption === undefined) {",
    },
    {
      name: "a purpose that is not served is served",
      find: "if (!isPurpose(hello.purpose) || !config.serves(hello.purpose)) {",
      replace: "if (!isPurpose(hello.purpose)) {",
    },
    {
      name: "purpose 6 is one",
      find: "return purpose >= 1 && purpose <= 5;",
      replace: "return purpose >= 1 && purpose <= 6;",
    },
    {
      name: "a point of low order gives a key",
      find: "const K = yb.times(engine.point(hello.Ya));",
      replace: "const K = yb.times(engine.point(hello.Ya)) ?? new Uint8Array(32);",
    },
    {
      name: "this side's order of suites decides",
      find: "[...offered].find((id): id is Suite => isSuite(id) && have.includes(id))",
      replace: "[...have].find((id): id is Suite => isSuite(id) && offered.includes(id))",
    },
    {
      name: "a suite that this side does not have is chosen",
      find: "isSuite(id) && have.includes(id)",
      replace: "isSuite(id)",
    },
    {
      name: "a purpose without tickets takes one",
      find: "if (takesNoTicket && hello.ticketId.some((byte) => byte !== 0))",
      replace: "if (takesNoTicket && hello.ticketId.length === 0)",
    },
    {
      name: "a ticket for another name is looked up",
      find: `if (info.purpose >= 3) return refuse(CODE.ticket, "ERR_TICKET", message);`,
      replace: "",
    },
    {
      name: "HELLO for another name is answered",
      find: `if (info.peerName !== "") return refuse(CODE.nameInvalid, "ERR_NAME", message);`,
      replace: "",
    },
    {
      name: "HELLO of another version is read",
      find: "if (body.length > 3 && body[3] !== MAGIC[3]) {",
      replace: "if (body.length < 3) {",
    },
    {
      name: "HELLO without the magic is read",
      find: "frame.type !== FRAME.hello || !beginsLikeMagic(body)",
      replace: "frame.type !== FRAME.hello",
    },
    {
      name: "a responder takes a second HELLO",
      find: `    this.#state = { at: "over" };\n    return this.#hello(frame);`,
      replace: "    return this.#hello(frame);",
    },
    {
      name: "a responder takes a second CONFIRM",
      find: `    this.#state = { at: "over" };\n    const { engine`,
      replace: "    const { engine",
    },
    {
      name: "a secret of another purpose is used",
      find: "if (secret.purpose !== info.purpose)",
      replace: "if (secret === null)",
    },
    {
      name: "an invalid name is taken",
      find: "if (name === undefined || peerName === undefined) return undefined;",
      replace: "if (name === undefined) return undefined;",
    },
  ],
};

/** The bodies of HELLO and REPLY. */
export const HELLO: Mutants = {
  file: "src/link/handshake-hello.ts",
  tests: ["test/link/handshake-attacks.test.ts", "test/link/handshake-vectors.test.ts"],
  mutants: [
    {
      name: "bytes behind the last field are taken",
      find: "return !this.#isShort && this.at === this.#body.length;",
      replace: "return !this.#isShort;",
    },
    {
      name: "fields that are missing read as empty",
      find: "return !this.#isShort && this.at === this.#body.length;",
      replace: "return this.at === this.#body.length;",
    },
    {
      name: "an extension may be there twice",
      find: "list.#isShort || byId.has(id)",
      replace: "list.#isShort",
    },
    {
      name: "extensions may be longer than their cap",
      find: "    if (length > MAX_EXTENSIONS_BYTES) return undefined;\n",
      replace: "",
    },
    {
      name: "a session end may have any length",
      find: "return end !== undefined && end.length !== END_BYTES ? undefined : byId;",
      replace: "return byId;",
    },
    {
      name: "reserved flags of HELLO mean nothing",
      find: "(flags & ~FLAG_ENCRYPTION) !== 0) return undefined;\n  const suites",
      replace: "false) return undefined;\n  const suites",
    },
    {
      name: "reserved flags of REPLY mean nothing",
      find: "(flags & ~FLAG_ENCRYPTION) !== 0) return undefined;\n  const userStage",
      replace: "false) return undefined;\n  const userStage",
    },
    {
      name: "nine suites may be offered",
      find: "(suites.length === 0 || suites.length > MAX_SUITES)) return",
      replace: "suites.length === 0) return",
    },
    {
      name: "two suites may be chosen",
      find: "if (suite !== undefined && suite.length !== 1) return undefined;",
      replace: "",
    },
  ],
};

/** What both sides derive alike. */
export const KEYS: Mutants = {
  file: "src/link/handshake-keys.ts",
  tests: ["test/link/handshake-attacks.test.ts", "test/link/handshake-vectors.test.ts"],
  mutants: [
    {
      name: "both sides seal with the same keys",
      find: `facts.role === "initiator" ? [i2r, r2i] : [r2i, i2r]`,
      replace: "[i2r, r2i]",
    },
    {
      name: "the master key outlives the handshake",
      find: "  master.fill(0);\n",
      replace: "",
    },
    {
      name: "K outlives the handshake",
      find: "  K.fill(0);\n",
      replace: "",
    },
  ],
};
