import type { Mutants } from "./mutant.ts";

/** Who is told what when two are introduced. */
export const INTRODUCTIONS: Mutants = {
  file: "src/room/introductions.ts",
  tests: ["test/room/introductions.test.ts"],
  mutants: [
    {
      name: "a ticket id in use is taken again",
      find: "this.#live.has(key) || (",
      replace: "(",
    },
    {
      name: "crossing wishes are two introductions",
      find: "this.#live.has(key) || (last?.asker !== asker && this.#isUnderWay(last, hello !== undefined))",
      replace: "this.#live.has(key)",
    },
    {
      name: "who wishes again waits for its own last wish",
      find: "last?.asker !== asker && this.#isUnderWay",
      replace: "this.#isUnderWay",
    },
    {
      name: "who wishes again has two under way",
      find: "    if (last?.asker === asker && !last.isAnswered) this.#end(last);\n",
      replace: "",
    },
    {
      name: "who wishes again ends what was answered",
      find: "last?.asker === asker && !last.isAnswered",
      replace: "last?.asker === asker",
    },
    {
      name: "a pair has no pace",
      find: "    if (!this.#paceOf(pair).take(this.#clock.now())) return true;\n",
      replace: "",
    },
    { name: "an answered one is still under way", find: "last.isAnswered || ", replace: "" },
    {
      name: "a wish with a HELLO waits for one without",
      find: " || (bringsHello && !last.hasHello)",
      replace: "",
    },
    {
      name: "one is under way for ever",
      find: "return this.#clock.now() - last.since < this.#limits.pairWaitMs;",
      replace: "return true;",
    },
    {
      name: "passes without a HELLO",
      find: "hello === undefined ? undefined : this.#options.relay?.(asker, other)",
      replace: "this.#options.relay?.(asker, other)",
    },
    {
      name: "a HELLO that can't be answered over a relay",
      find: "hello: relay === undefined ? undefined : hello",
      replace: "hello",
    },
    { name: "both get one pass", find: "pass: itsPass", replace: "pass" },
    { name: "anybody answers", find: "introduction?.other !== member", replace: "introduction === undefined" },
    { name: "answers without end", find: " || introduction.isAnswered) return;", replace: ") return;" },
    {
      name: "an answer to no HELLO",
      find: " || introduction.relay === undefined",
      replace: "",
    },
    {
      name: "anybody punches",
      find: "    if (member !== asker && member !== other) return;\n",
      replace: "",
    },
    {
      name: "rounds without end",
      find: "introduction === undefined || introduction.hasPunched",
      replace: "introduction === undefined",
    },
    {
      name: "who left stays introduced",
      find: "for (const introduction of this.#ofMember.get(member) ?? []) this.#end(introduction);",
      replace: "",
    },
    { name: "passes outlive their introduction", find: "    relay?.end();\n", replace: "" },
    {
      name: "introductions never expire",
      find: "if (introduction.since + ticketMs > this.#clock.now()) break;",
      replace: "break;",
    },
    { name: "the second one never expires", find: "      this.#arm();\n    };", replace: "    };" },
    { name: "there are as many as one likes", find: "    this.#makeRoomFor(asker);\n", replace: "" },
    {
      name: "others' introductions go first",
      find: "const victim = own ?? oldest;",
      replace: "const victim = oldest;",
    },
  ],
};

/** Passes. */
export const PASSES: Mutants = {
  file: "src/room/passes.ts",
  tests: ["test/room/passes.test.ts"],
  mutants: [
    {
      name: "a pass is good twice",
      find: "    this.revoke(id);\n    return errand.connected();",
      replace: "    return errand.connected();",
    },
    {
      name: "a pass is good for ever",
      find: "pass === undefined || pass.endsAt <= this.#clock.now()",
      replace: "pass === undefined",
    },
    { name: "late ones are kept", find: "      this.#live.delete(key);\n    }", replace: "    }" },
    { name: "all are forgotten at the next", find: "      if (endsAt > now) break;\n", replace: "" },
    { name: "the table grows", find: "    if (this.#live.size >= this.#most) return undefined;\n", replace: "" },
    { name: "anybody's word counts", find: " || errand.member !== member", replace: "" },
    {
      name: "a word counts twice",
      find: "    this.revoke(id);\n    errand.called();",
      replace: "    errand.called();",
    },
  ],
};

/** Where a member may be reached. */
export const MEMBER: Mutants = {
  file: "src/room/member.ts",
  tests: ["test/room/introductions.test.ts"],
  mutants: [
    { name: "the old addresses are told", find: "    this.#addresses = addresses;\n  }", replace: "  }" },
    {
      name: "a public host is believed",
      find: "this.#join.publicHost === seen",
      replace: "this.#join.publicHost !== undefined",
    },
    { name: "everybody is reachable", find: "this.isReachable === true", replace: "this.isReachable !== undefined" },
    { name: "dialled back in vain", find: " || this.isReachable === true", replace: "" },
    {
      name: "two protocols are two networks",
      find: "other.#claimsLinkOf(this) ? hosts.add(seen) : hosts",
      replace: "hosts",
    },
    {
      name: "any address is on that link",
      find: "return this.#addresses.some((host) => link.has(host));",
      replace: "return true;",
    },
    {
      name: "links are behind routers",
      find: '!there.includes(":") || !other.#isUntranslated',
      replace: '!there.includes(":")',
    },
    { name: "named networks are one's own", find: "!isAuto || ", replace: "" },
    { name: "the public address is cut off", find: "slice(0, MAX_ADDRESSES - 1)", replace: "slice()" },
    {
      name: "public addresses are local ones",
      find: "if (PRIVATE.has(host)) hosts.add(host)",
      replace: "hosts.add(host)",
    },
  ],
};

/** The Room dials back. */
export const DIAL_BACK: Mutants = {
  file: "src/room/dial-back.ts",
  tests: ["test/room/dial-back.test.ts"],
  mutants: [
    { name: "private addresses are dialled", find: "isPrivate(host) || ", replace: "" },
    { name: "multicast is dialled", find: "NEVER_DIALLED.has(host) || ", replace: "" },
    { name: "services are dialled", find: " || member.port < FIRST_DIALLED_PORT", replace: "" },
    { name: "all at once", find: " || this.#calls.size >= this.#limits.dialBacks", replace: "" },
    {
      name: "who left is dialled",
      find: "    this.#waiting.delete(member);\n    this.#end(member);",
      replace: "    this.#end(member);",
    },
    {
      name: "the next one waits for ever",
      find: "    call.pipe?.destroy();\n    this.#next();",
      replace: "    call.pipe?.destroy();",
    },
    { name: "connections stay open", find: "    call.pipe?.destroy();\n", replace: "" },
    {
      name: "who is dialled is reachable",
      find: "        pipe.write([encodeRelayPreface(call.pass)]);",
      replace: "        this.#settle(member, true);",
    },
    {
      name: "who can't be dialled is unknown",
      find: "if (this.#calls.get(member) === call) this.#settle(member, false);",
      replace: "this.#end(member);",
    },
    { name: "a late word counts", find: "    this.#options.passes.revoke(call.pass);\n", replace: "" },
    { name: "dialled once", find: "    if (failure === undefined || ", replace: "    if (failure !== undefined || " },
    { name: "dialled again at once", find: "failure.at < waitMs", replace: "failure.at < 0" },
    { name: "dialled again as often as before", find: "2 ** Math.min(failure.count - 1, 10)", replace: "1" },
    {
      name: "who was reached is dialled again",
      find: "    if (isReachable) this.#failures.delete(member);\n    else {",
      replace: "    if (!isReachable) {",
    },
    {
      name: "who has not read it yet is dialled",
      find: "    void member.link.ping(this.#limits.dialBackMs).then((rttMs) => {",
      replace: "    void Promise.resolve(0).then((rttMs) => {",
    },
  ],
};

/** Who is sent where for a hole. */
export const PUNCHING: Mutants = {
  file: "src/room/punching.ts",
  tests: ["test/room/punching.test.ts"],
  mutants: [
    {
      name: "who waits for one that left is not told",
      find: "if (side.member !== member) side.member.tell",
      replace: "if (false) side.member.tell",
    },
    { name: "a hole that was decided is taken back", find: "      if (isDecided) continue;\n", replace: "" },
    { name: "the port that changes is told", find: " && first.port === second.port", replace: "" },
    { name: "the host that changes is told", find: "first.host === second.host && ", replace: "" },
    { name: "one probe is enough", find: "(second !== undefined || this.#options.probePort === 0)", replace: "true" },
    {
      name: "one probe is never enough",
      find: "(second !== undefined || this.#options.probePort === 0)",
      replace: "second !== undefined",
    },
    { name: "where the Room does not see it", find: " || first.host !== member.link.remote.host", replace: "" },
    { name: "services are told", find: "port >= FIRST_DIALLED_PORT && ", replace: "" },
    { name: "loopback is told", find: "!isLoopback(host) && ", replace: "" },
    { name: "link-local is told", find: " && !NEVER_DIALLED.has(host)", replace: "" },
    {
      name: "each is told its own address",
      find: "const { host, port } = its.seen[0] as Address;",
      replace: "const { host, port } = side.seen[0] as Address;",
    },
    { name: "the farther one waits", find: "(longestMs - side.rttMs) / 2", replace: "(longestMs - its.rttMs) / 2" },
    { name: "nobody waits", find: "Math.round((longestMs - side.rttMs) / 2)", replace: "0" },
    { name: "the whole difference", find: "(longestMs - side.rttMs) / 2", replace: "longestMs - side.rttMs" },
    {
      name: "the second probe is timed",
      find: "if (side.seen.every((address) => address === undefined))\n        side.rttMs",
      replace: "side.rttMs",
    },
    {
      name: "probes are closed at once",
      find: "this.#decided(round, this.#limits.probeKeepMs);",
      replace: "this.#decided(round, 0);",
    },
    { name: "probes stay open", find: "      for (const pipe of pipes) pipe.destroy();\n", replace: "" },
    {
      name: "passes stay",
      find: "      for (const pass of passes ?? []) this.#options.passes.revoke(pass);\n",
      replace: "",
    },
    {
      name: "whose probe: both mine",
      find: 'isOneMissing ? "my probe" : "its probe", isOtherMissing',
      replace: '"my probe", isOtherMissing',
    },
  ],
};
