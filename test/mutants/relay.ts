import type { Mutants } from "./mutant.ts";

/** Who is spliced with whom, and what that may cost. */
export const RELAY: Mutants = {
  file: "src/room/relay.ts",
  tests: ["test/room/relay.test.ts"],
  mutants: [
    {
      name: "what a user asks for is not counted",
      find: "`asked by ${asker.name}`, most: splicesPerUser",
      replace: "`asked by ${asker.name}`, most: 1e9",
    },
    {
      name: "what others ask of a user is not counted",
      find: "`asked of ${other.name}`, most: splicesPerUser",
      replace: "`asked of ${other.name}`, most: 1e9",
    },
    { name: "there is any number of pairs", find: "most: splices, ", replace: "most: 1e9, " },
    {
      name: "what others ask of a user is what it asks for",
      find: "{ key: `asked of ${other.name}`",
      replace: "{ key: `asked by ${other.name}`",
    },
    {
      name: "who has a partner waiting is kept out",
      find: "this.#live.has(pair) || this.#isRoomFor",
      replace: "this.#isRoomFor",
    },
    {
      name: "a leg that comes when all is full is let in",
      find: " || this.#isRoomFor(pair.places))",
      replace: " || pair.places.length > 0)",
    },
    { name: "nobody gives way", find: '      this.#fail(greedy, CODE.timeout, "others have fewer");\n', replace: "" },
    {
      name: "places are never free again",
      find: "share?.delete(pair) === true && share.size === 0",
      replace: "share === undefined",
    },
    {
      name: "more is held than may be",
      find: "heldBytes > DEFAULT_LIMITS.wire.earlyBytes",
      replace: "heldBytes > 65_536",
    },
    {
      name: "less is held than may be",
      find: "heldBytes > DEFAULT_LIMITS.wire.earlyBytes",
      replace: "heldBytes >= DEFAULT_LIMITS.wire.earlyBytes",
    },
    { name: "what came with the pass is lost", find: "    if (early.length > 0) hold(early);\n", replace: "" },
    {
      name: "a leg waits for ever",
      find: '        this.#fail(pair, CODE.timeout, "the other one did not come");\n',
      replace: "",
    },
    {
      name: "a leg that went away is spliced",
      find: 'end: () => this.#fail(pair, CODE.timeout, "the other one went away")',
      replace: "end() {}",
    },
    {
      name: "who comes too late waits for nobody",
      find: '    if (pair.isOver) return { code: CODE.timeout, text: "the other one went away" };\n',
      replace: "",
    },
    { name: "a pair is never over", find: "    pair.isOver = true;\n", replace: "" },
    {
      name: "passes outlive their introduction",
      find: "      this.#revoke(pair);\n      if (pair.splice",
      replace: "      if (pair.splice",
    },
    {
      name: "the timer outlives the wait",
      find: "    pair.timer?.cancel();\n    pair.since",
      replace: "    pair.since",
    },
    {
      name: "an introduction takes its splice along",
      find: 'if (pair.splice === undefined) this.#fail(pair, CODE.timeout, "the introduction is over");',
      replace: 'this.#fail(pair, CODE.timeout, "the introduction is over");',
    },
    {
      name: "an introduction leaves its passes",
      find: 'if (pair.splice === undefined) this.#fail(pair, CODE.timeout, "the introduction is over");',
      replace: "",
    },
    {
      name: "a pair has any number of splices",
      find: "same.size > limits.splicesPerPair && ",
      replace: "same.size > 1_000 && ",
    },
    {
      name: "a ban leaves what is spliced",
      find: "      const hosts = pair.legs",
      replace: "      if (pair.splice !== undefined) continue;\n      const hosts = pair.legs",
    },
    {
      name: "a ban leaves what waits",
      find: "      const hosts = pair.legs",
      replace: "      if (pair.splice === undefined) continue;\n      const hosts = pair.legs",
    },
    {
      name: "a ban ends all",
      find: "hosts.some((host) => host !== undefined && isBarred(host))",
      replace: "hosts.length > 0",
    },
    {
      name: "a closed Room relays on",
      find: 'for (const pair of this.#live) this.#fail(pair, CODE.shuttingDown, "the Room is closing");',
      replace: "",
    },
    { name: "each pair has a budget of its own", find: "    this.#budgets.set(name, budget);\n", replace: "" },
    {
      name: "the partner of who is refused waits on",
      find: '    this.#fail(pair, CODE.timeout, "the other one was refused", pipe);\n',
      replace: "",
    },
  ],
};

/** Who gives way to whom. */
export const SHARE: Mutants = {
  file: "src/room/share.ts",
  tests: ["test/room/relay.test.ts"],
  mutants: [
    { name: "names count for sources", find: "(its) => its.source, source)", replace: "(its) => its.name, name)" },
    {
      name: "names do not count",
      find: "    lastOfGreediest(share, (its) => (its.source === source ? its.name : undefined), name) ??\n",
      replace: "",
    },
    { name: "names of others count", find: "(its.source === source ? its.name : undefined)", replace: "its.name" },
    { name: "who has as few gives way", find: "(counts.get(ownKey) ?? 0) + 1", replace: "counts.get(ownKey) ?? 0" },
    { name: "who came first gives way", find: "[...share].findLast(", replace: "[...share].find(" },
    { name: "each /64 is a source", find: "128 : 48", replace: "128 : 64" },
  ],
};

/** How bytes go through. */
export const SPLICE: Mutants = {
  file: "src/room/splice.ts",
  tests: ["test/room/relay.test.ts"],
  mutants: [
    {
      name: "nobody is told that it is spliced",
      find: "this.#write([SPLICED, ...this.#from.held], false);\n    this.bytes -= SPLICED.length;",
      replace: "this.#write([...this.#from.held], false);",
    },
    { name: "what was held is lost", find: "[SPLICED, ...this.#from.held]", replace: "[SPLICED]" },
    {
      name: "the other one never waits",
      find: "if (!this.#to.write(parts, isGiven)) this.#isFull = true;",
      replace: "this.#to.write(parts, isGiven);",
    },
    {
      name: "who waits waits for ever",
      find: "        drain: () => back.drained(),\n",
      replace: "        drain() {},\n",
    },
    { name: "the wrong one goes on", find: "drain: () => back.drained()", replace: "drain: () => there.drained()" },
    {
      name: "a flood has all the turn",
      find: "    if (this.#turnBytes >= this.#bytesPerTurn) this.#isTurnOver = true;\n",
      replace: "",
    },
    { name: "a turn is never over", find: "    this.#isTurnOver = false;\n    this.#readOn();", replace: "" },
    { name: "turns add up", find: "    this.#turnBytes = 0;\n", replace: "" },
    { name: "no budget", find: "    if (waitMs > 0)\n", replace: "    if (waitMs > 1e9)\n" },
    {
      name: "a splice lives on with one leg",
      find: "        end: () => this.#end(),\n",
      replace: "        end() {},\n",
    },
    {
      name: "the survivor loses what was sent",
      find: "for (const pipe of this.#pipes) pipe.close();",
      replace: "for (const pipe of this.#pipes) pipe.destroy();",
    },
    { name: "dead ends are kept", find: "      else this.#end();", replace: "" },
    { name: "bytes do not count as life", find: "          this.#lastAt = options.clock.now();\n", replace: "" },
    { name: "timers outlive the splice", find: "    this.#timer.cancel();\n", replace: "" },
    { name: "an end leaves its place", find: "    this.#options.over();\n", replace: "" },
  ],
};

/** What only memory that is given away shows. */
export const SPLICE_TCP: Mutants = {
  file: "src/room/splice.ts",
  tests: ["test/hostile/room-relay.test.ts"],
  mutants: [
    {
      name: "what was given away counts nothing",
      find: "    this.#turnBytes += length;",
      replace: "    this.#turnBytes += chunk.length;",
    },
  ],
};

/** Bytes per second. */
export const BYTE_BUDGET: Mutants = {
  file: "src/room/byte-budget.ts",
  tests: ["test/room/relay.test.ts"],
  mutants: [
    {
      name: "it gathers without end",
      find: "Math.min(this.#burst, this.#level + (now - this.#at) * this.#perMs)",
      replace: "(this.#level + (now - this.#at) * this.#perMs + 1e9)",
    },
    { name: "it never comes back", find: " + (now - this.#at) * this.#perMs", replace: "" },
    {
      name: "one waits ten times too long",
      find: "Math.ceil(-this.#level / this.#perMs)",
      replace: "Math.ceil((-10 * this.#level) / this.#perMs)",
    },
  ],
};
