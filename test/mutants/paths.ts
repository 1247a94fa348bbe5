import type { Mutants } from "./mutant.ts";

/** A pipe to another user through the Room. */
export const RELAYED_PIPE: Mutants = {
  file: "src/link/relayed-pipe.ts",
  tests: ["test/link/relayed-pipe.test.ts"],
  mutants: [
    { name: "every write goes by mail", find: "    if (!this.#hasMailed) {", replace: "    if (true) {" },
    {
      name: "more than may be leaves before the splice",
      find: "if (this.#earlyBytes + bytes > EARLY_BYTES) {",
      replace: "if (false) {",
    },
    {
      name: "what is small overtakes what waits for the splice",
      find: "        this.#earlyBytes = EARLY_BYTES; // what follows keeps its order\n        return;",
      replace:
        "        const [waits] = this.#waiting.splice(0, 1);\n        if (waits !== undefined) this.#waiting.push(waits);\n        return;",
    },
    {
      name: "the writer is not told that there is room",
      find: "if (this.#isFull && hasRoom) this.#drained();",
      replace: "",
    },
    {
      name: "any frame of the Room is a splice",
      find: "if (frame.type !== FRAME.relay)",
      replace: "if (frame.type === 99)",
    },
    {
      name: "a Room that goes away before the splice ends the bytes in order",
      find: "(this.#isSpliced\n",
      replace: "(true\n",
    },
    {
      name: "what comes while paused is delivered",
      find: "this.#isPaused || this.#arrived.length > 0) this.#arrived.push(bytes);",
      replace: "this.#arrived.length > 0) this.#arrived.push(bytes);",
    },
    { name: "a leg that comes too late is kept", find: "if (this.#isOver) return leg.destroy();", replace: "" },
  ],
};

/** One introduction, from the side of a user. */
export const INTRODUCTION: Mutants = {
  file: "src/user/introduction.ts",
  tests: [
    "test/user/paths.test.ts",
    "test/user/introductions.test.ts",
    "test/user/crossing.test.ts",
    "test/user/introducer.test.ts",
    "test/user/room-restarts.test.ts",
  ],
  mutants: [
    {
      name: "what this side answers is dropped for a link of its own",
      find: 'path === "relay" && !this.isAsker;',
      replace: "false;",
    },
    {
      name: "the answer to the HELLO goes nowhere",
      find: "    this.#relayed?.pipe.deliver(frame);\n",
      replace: "",
    },
    {
      name: "no connection is opened for the relay by the one that asked",
      find: "else if (relayed !== undefined) this.#afterHeadStart(() => this.#openLeg(relayed, pass));",
      replace: "",
    },
    {
      name: "nor by the other one",
      find: "      this.#afterHeadStart(() => this.#openLeg({ pipe, signal }, pass));\n",
      replace: "",
    },
    {
      name: "a relay is built though a direct link is there",
      find: "return now === undefined || rankOf(path) < rankOf(now);",
      replace: "return true;",
    },
    {
      name: "a wish for a relay is not believed",
      find: '(path !== "relay" && !this.#improves(path))',
      replace: "!this.#improves(path)",
    },
    {
      name: "a peer that does not know a key of the session is not told apart",
      find: "          this.isRefused = true;\n",
      replace: "",
    },
    {
      name: "a key that was refused is tried again",
      find: "          this.refused.add(key);\n",
      replace: "",
    },
    {
      name: "another key waits until every other attempt has failed",
      find: "    if (!this.isRefused && (",
      replace: "    if ((",
    },
    {
      name: "nobody hears that every attempt failed",
      find: "    this.#context.failed(this, this.#failures);\n",
      replace: "",
    },
  ],
};

/** Who is told when somebody comes, goes, or is reached another way. */
export const WATCH: Mutants = {
  file: "src/peer/watch.ts",
  tests: ["test/peer/watch.test.ts", "test/user/paths.test.ts", "test/peer/peers.test.ts", "test/user/close.test.ts"],
  mutants: [
    { name: "nothing is told after the first look", find: "    wake?.();\n", replace: "" },
    { name: "a change between two looks is lost", find: "    changed = true;\n    wake", replace: "    wake" },
    {
      name: "the signal ends nothing",
      find: "signal?.aborted === true || ",
      replace: "",
    },
    { name: "leaving ends nothing", find: " || directory.closing() !== undefined", replace: "" },
    { name: "the same path is told again", find: "    if (path === last) continue;\n", replace: "" },
    { name: "who was here is here anew", find: "    before = now;\n", replace: "" },
    { name: "nobody goes", find: "if (!now.has(name)) yield", replace: "if (false) yield" },
    { name: "those that watch no more are told", find: "    forget();\n", replace: "" },
  ],
};

/** Who is connected to before anybody calls. */
export const EAGER: Mutants = {
  file: "src/user/introducer.ts",
  tests: ["test/user/introducer.test.ts", "test/user/paths.test.ts", "test/user/room-restarts.test.ts"],
  mutants: [
    {
      name: "only the first key is tried",
      find: "this.#ask(peer, { relay: true, refused: introduction.refused });",
      replace: "this.#ask(peer, { relay: true });",
    },
    {
      name: "a look for a better path holds up a link that is needed",
      find: "asked?.isUnderWay === true && asked.isForAny",
      replace: "asked?.isUnderWay === true",
    },
    {
      name: "what is under way to a peer is given up at each round",
      find: "asked?.isUnderWay === true && asked.isForAny",
      replace: "false",
    },
    { name: "nobody is eager", find: "(isEager && roster.has(peer) && mayTalk(peer))", replace: "false" },
    {
      name: "everybody is eager",
      find: "(isEager && roster.has(peer) && mayTalk(peer))",
      replace: "(roster.has(peer) && mayTalk(peer))",
    },
    { name: "the eager reach whom they deny", find: " && mayTalk(peer));\n  }", replace: ");\n  }" },
    {
      name: "the eager try once",
      find: "    if (this.#options.table.isLinked(peer) || !this.#isWanted(peer)) {",
      replace: "    if (this.#options.table.isLinked(peer) || !this.#options.table.isWanted(peer)) {",
    },
  ],
};

/** Who looks for a better path, and when. */
export const IMPROVER: Mutants = {
  file: "src/user/improver.ts",
  tests: ["test/user/improver.test.ts"],
  mutants: [
    { name: "nobody looks for a better path", find: "if (!isBefore(name, peer)) return;", replace: "return;" },
    {
      name: "one look is all",
      find: "    this.#wait(peer, course);\n  }\n}",
      replace: "  }\n}",
    },
    {
      name: "what the Room says of holes comes too late",
      find: "    course.timer.cancel();\n    this.#wait(peer, course);\n",
      replace: "",
    },
    { name: "every try is worth another one soon", find: "course.isHopeless ? LONGEST_MS : ", replace: "" },
    { name: "another network is as hopeless", find: "      course.isHopeless = false;\n", replace: "" },
    {
      name: "a hole is enough for good",
      find: '    if (path === "public") return',
      replace: '    if (path !== "relay" && path !== "lan") return',
    },
    {
      name: "a public path is looked at without end",
      find: "last === undefined || last.hasLan",
      replace: "true",
    },
  ],
};

/** Links that are not needed any more. */
export const SPARES: Mutants = {
  file: "src/session/session.ts",
  tests: ["test/user/crossing.test.ts"],
  mutants: [
    {
      name: "links that nothing needs stay",
      find: '      this.#take(id)?.close(0, "");\n      this.#perform(this.#machine.linkLost(id));\n',
      replace: "",
    },
  ],
};

/** What a link to a user is made by. */
export const LINK_MAKER: Mutants = {
  file: "src/user/link-maker.ts",
  tests: ["test/user/room-restarts.test.ts", "test/user/paths.test.ts", "test/user/crossing.test.ts"],
  mutants: [
    {
      name: "a ticket is tried at a session that another introduction made",
      find: "return table.isOpen(peer) && !(table.isMadeBy(peer, ticketId) && tickets.isGood(ticketId, purpose));",
      replace: "return table.isOpen(peer) && !tickets.isGood(ticketId, purpose);",
    },
    {
      name: "a refused key is tried again",
      find: ".find((key) => !refused.has(key))",
      replace: "[0]",
    },
  ],
};

/** Keys of sessions. */
export const SESSION_KEYS: Mutants = {
  file: "src/node/resume-keys.ts",
  tests: ["test/node/resume-keys.test.ts", "test/limits/peers.test.ts"],
  mutants: [
    {
      name: "the key that was used last is not the first",
      find: "    if (at > 0) list.unshift",
      replace: "    if (at > 9) list.unshift",
    },
  ],
};

/** Which introduction made a session. */
export const MADE_BY: Mutants = {
  file: "src/node/peer-table.ts",
  tests: ["test/node/peer-table.test.ts"],
  mutants: [
    {
      name: "the first introduction counts, whatever the peer knows",
      find: "      if (link.purpose !== 5) entry.ticketId = link.ticketId;\n",
      replace: "",
    },
    { name: "a key counts as an introduction", find: "if (link.purpose !== 5) entry", replace: "entry" },
  ],
};
