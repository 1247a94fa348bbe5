import type { Mutants } from "./mutant.ts";

const LINK = ["test/link/identity.test.ts"];

/** What an identity record says, and what is checked of it. */
export const IDENTITY: Mutants = {
  file: "src/link/identity.ts",
  tests: LINK,
  mutants: [
    {
      name: "the signature is not looked at",
      find: "return engine.ed25519Verify(publicKey, message, payload.slice(KEY_BYTES)) ? keyText(publicKey) : undefined;",
      replace: "return message.length > 0 ? keyText(publicKey) : undefined;",
    },
    {
      name: "the signature is of no link",
      find: "linkId, lvCat(",
      replace: "lvCat(",
    },
    {
      name: "the signature is of no names",
      find: ", lvCat(utf8(nameI), utf8(nameR))]",
      replace: "]",
    },
    {
      name: "names run into each other",
      find: "lvCat(utf8(nameI), utf8(nameR))",
      replace: "utf8(nameI + nameR)",
    },
    {
      name: "one's own signature may come back",
      find: `const message = signed(facts, facts.role === "initiator" ? "responder" : "initiator");`,
      replace: "const message = signed(facts, facts.role);",
    },
  ],
};

/** Who waits for an identity, and for a yes. */
export const IDENTITY_GATE: Mutants = {
  file: "src/link/identity-gate.ts",
  tests: LINK,
  mutants: [
    {
      name: "whatever is shown is the pinned one",
      find: "this.#settle(key === judge ? undefined :",
      replace: "this.#settle(key !== undefined ? undefined :",
    },
    {
      name: "who shows none is taken for the pinned one",
      find: "this.#settle(key === judge ? undefined :",
      replace: "this.#settle((key ?? judge) === judge ? undefined :",
    },
    {
      name: "anything that is no no is a yes",
      find: "answer === true ? undefined",
      replace: "answer !== false ? undefined",
    },
    {
      name: "a function that throws says yes",
      find: "(error: unknown) => this.#settle(this.#notApproved(key, messageOf(error))),",
      replace: "() => this.#settle(undefined),",
    },
    {
      name: "it waits for ever",
      find: "options.clock.after(options.waitMs, () => this.#late());",
      replace: "options.clock.after(1e9, () => this.#late());",
    },
    {
      name: "a link that ended leaves the timer",
      find: "    this.#timer.cancel();\n",
      replace: "",
    },
  ],
};

/** When a link is its owner's. */
export const IDENTITY_LINK: Mutants = {
  file: "src/link/record-link.ts",
  tests: LINK,
  mutants: [
    {
      name: "an identity may come at any time",
      find: "    this.#isFirst = false;\n",
      replace: "",
    },
    {
      name: "a wrong identity that nobody asked for is nothing",
      find: `      return this.#refuse(refusal("malformed",`,
      replace: `      return void (this.#gate && refusal("malformed",`,
    },
    {
      name: "what follows the identity is read before the yes",
      find: "this.#gate?.gate.isJudging === false);",
      replace: "this.#gate !== undefined);",
    },
    {
      name: "the first record of a peer without an identity is lost",
      find: "if (early !== undefined) this.#take(early.type, early.payload);",
      replace: "",
    },
    {
      name: "nobody is pinged: who is silent is waited for",
      find: "      void this.ping(this.#identityMs); // whoever shows no identity is known by its pong\n",
      replace: "",
    },
    {
      name: "the other side does not learn why",
      find: "    this.#pipe.write([this.#sealer.seal(RECORD.close, [encodeClose(CODE.authentication, said)])]);\n",
      replace: "",
    },
    {
      name: "this side's own identity is not shown",
      find: "if (own !== undefined) this.#send(",
      replace: "if (own === null) this.#send(",
    },
    {
      name: "who is given up on is kept",
      find: `signal?.addEventListener("abort", abort, { once: true });`,
      replace: "",
    },
  ],
};

/** Where the rules of a link come from: each way to a peer asks it. */
export const IDENTITY_WAYS: readonly Mutants[] = [
  {
    file: "src/link/dial.ts",
    tests: LINK,
    mutants: [
      {
        name: "a dialler has its link before the other side is identified",
        find: "await link.identified(config.signal);",
        replace: "void link.identified(config.signal).catch(() => {});",
      },
    ],
  },
  {
    file: "src/link/listener.ts",
    tests: [...LINK, "test/user/identity.test.ts"],
    mutants: [
      {
        name: "a listener forgets those that it waits for",
        find: "    for (const link of this.#unidentified) link.close(CODE.shuttingDown,",
        replace: "    for (const link of [] as RecordLink[]) link.close(CODE.shuttingDown,",
      },
      {
        name: "the owner of a listener never hears of them",
        find: "this.#guard(() => this.#config.onUnidentified?.(link.remoteName, error));",
        replace: "void error;",
      },
    ],
  },
  {
    file: "src/node/redialer.ts",
    tests: ["test/user/identity.test.ts", "test/server/identity.test.ts"],
    mutants: [
      {
        name: "who resumes a session shows nothing and asks for nothing",
        find: "      identity: identitiesFor?.(peer),\n",
        replace: "",
      },
    ],
  },
  {
    file: "src/node/peer-table.ts",
    tests: ["test/node/peer-table.test.ts"],
    mutants: [
      {
        name: "a session takes links of any identity",
        find: "  if (identity !== its) return false;\n",
        replace: "",
      },
    ],
  },
  {
    file: "src/user/introducer.ts",
    tests: ["test/user/identity.test.ts"],
    mutants: [
      {
        name: "who was refused comes again as fast as it can",
        find: "this.#failures.set(peer, { count, why });",
        replace: "this.#failures.set(peer, { count: 0, why });",
      },
    ],
  },
  {
    file: "src/user/introducer.ts",
    tests: ["test/user/introducer.test.ts"],
    mutants: [
      {
        name: "names that were refused are kept for good",
        find: "      this.#refusals.delete(peer);\n      return;",
        replace: "      return;",
      },
    ],
  },
  {
    file: "src/user/reception.ts",
    tests: ["test/user/identity.test.ts"],
    mutants: [
      {
        name: "who is dialled asks for nothing",
        find: "      identity: options.identities,\n",
        replace: "",
      },
    ],
  },
  {
    file: "src/state/known-peers.ts",
    tests: ["test/state/known-peers.test.ts"],
    mutants: [
      {
        name: "a changed identity takes the place of the old one",
        find: "if (before !== undefined) {",
        replace: "if (before === key) {",
      },
      {
        name: "a damaged file is begun anew",
        find: "    return parse((await file.read())?.text);",
        replace: "    try { return parse((await file.read())?.text); } catch { return new Map(); }",
      },
      {
        name: "of two entries the last one counts",
        find: "  checkShape(text); // of two entries of one name JSON.parse takes the last\n",
        replace: "",
      },
      {
        name: "the entry of another program is lost",
        find: "const now = await read(file);",
        replace: "const now = peers;",
      },
    ],
  },
];
