import type { Mutants } from "./mutant.ts";

/** What waits to be sent, and in which order. */
export const OUTBOX: Mutants = {
  file: "src/session/outbox.ts",
  tests: ["test/session/outbox.test.ts", "test/session/outbox-order.test.ts", "test/session/stream.test.ts"],
  mutants: [
    {
      name: "sends of different channels overtake each other",
      find: `const key = lane === "send" ? SEND_FLOW : message.flow;`,
      replace: "const key = message.flow;",
    },
    {
      name: "control messages wait among the small ones",
      find: `    else if (lane === "control") this.#control.add(message);\n`,
      replace: "",
    },
    {
      name: "a small message overtakes the big one of its flow",
      find: "const isBulk = flow !== undefined || ",
      replace: "const isBulk = ",
    },
    {
      name: "a message may be a byte over the cap",
      find: "if (length > this.limits.messageBytes)",
      replace: "if (length > this.limits.messageBytes + 1)",
    },
    {
      name: "a message of the largest size is refused",
      find: "if (length > this.limits.messageBytes)",
      replace: "if (length >= this.limits.messageBytes)",
    },
    {
      name: "the hard cap is soft",
      find: " > this.limits.queueHardBytes)",
      replace: " > 2 * this.limits.queueHardBytes)",
    },
    {
      name: "small and big messages share the hard cap",
      find: "(isBulk ? this.#bulkBytes : this.#smallBytes) + length",
      replace: "this.queuedBytes + length",
    },
    {
      name: "empty messages cost nothing",
      find: "return message.payload.length + MESSAGE_COST_BYTES;",
      replace: "return message.payload.length;",
    },
    {
      name: "a message can be pushed twice",
      find: `if (message.state !== "new") throw`,
      replace: "if (message === undefined) throw",
    },
    {
      name: "a push wakes nobody",
      find: `    this.#host?.wake();\n    return "queued";`,
      replace: `    return "queued";`,
    },
    {
      name: "a file keeps small messages waiting at the soft cap",
      find: "const queued = isBulk ? this.#bulkBytes : this.#smallBytes;",
      replace: "const queued = this.queuedBytes;",
    },
    {
      name: "a message over the soft cap never finds room",
      find: "if (queued === 0 || queued",
      replace: "if (queued",
    },
    {
      name: "who asked for room is told again and again",
      find: "if (small) this.#smallAsked = false;",
      replace: "",
    },
    {
      name: "who asked for room for a big message is told by small ones",
      find: "const bulk = this.#bulkAsked && this.#bulkBytes < queueSoftBytes;",
      replace: "const bulk = this.#bulkAsked;",
    },
    {
      name: "who asked for room is never told",
      find: "    this.#onRoom?.();\n",
      replace: "",
    },
    {
      name: "a message of which a part left can't be withdrawn",
      find: `if (message.state !== "queued" && message.state !== "partly") return false;`,
      replace: `if (message.state !== "queued") return false;`,
    },
    {
      name: "a withdrawal wakes nobody",
      find: "    this.#host?.wake(); // a DROP may wait, or what was behind it, or a caller for room\n",
      replace: "",
    },
    {
      name: "the peer is not told of a message that was withdrawn half way",
      find: "      this.own.drop(message.number);\n",
      replace: "",
    },
    {
      name: "what is taken out is in the order of its lanes",
      find: "return taken.toSorted((one, other) => one.pushed - other.pushed);",
      replace: "return taken;",
    },
    {
      name: "two sessions may pull from one outbox",
      find: "if (this.#host !== undefined) throw",
      replace: "if (host === undefined) throw",
    },
    {
      name: "a message that had begun goes on in the middle in the next session",
      find: "message.sentBytes = message.creditBytes = 0;",
      replace: "message.creditBytes = 0;",
    },
    {
      name: "a message that had begun counts as begun in the next session",
      find: `      message.state = "queued";\n      message.number = -1;`,
      replace: "      message.number = -1;",
    },
    {
      name: "the numbers of big messages go on in the next session",
      find: "this.#nextNumber = this.#fragmentsEnd = 0;",
      replace: "this.#fragmentsEnd = 0;",
    },
    {
      name: "the session's own frames go on in the next session",
      find: "    this.own.clear();\n",
      replace: "",
    },
    {
      name: "places and credit of a session go on in the next one",
      find: "    this.#flows.restart();\n",
      replace: "",
    },
    {
      name: "big messages need no credit",
      find: "return message.number < 0 || message.creditBytes - message.sentBytes >= fragmentBytes(message);",
      replace: "return true;",
    },
    {
      name: "credit takes the place of what was there",
      find: "message.creditBytes + bytes);",
      replace: "bytes);",
    },
    {
      name: "all of a big message may come without credit",
      find: "message.creditBytes = this.limits.freeBytes;",
      replace: "message.creditBytes = message.payload.length;",
    },
    {
      name: "a big message that gets credit does not go on",
      find: "if (message.list !== this.#control && hasCredit(message)) this.#flows.ready.add(message.list as Flow);",
      replace: "",
    },
    {
      name: "messages overtake the session's own frames",
      find: "    if (!this.own.isEmpty) return;\n",
      replace: "",
    },
    {
      name: "what has not begun overtakes a control message",
      find: "const mayBegin = this.#fillControl(commit);",
      replace: "this.#fillControl(commit);\n    const mayBegin = true;",
    },
    {
      name: "a control message that waits holds up what has begun",
      find: "      if (!mayBegin && message.number < 0) continue;",
      replace: "      if (!mayBegin) continue;",
    },
    {
      name: "a control message that waits lets big ones begin",
      find: "      if (!mayBegin && message.number < 0) continue;",
      replace: "",
    },
    {
      name: "small messages that never end starve big ones",
      find: "this.#fragmentFirst = this.#small.first !== undefined && this.#flows.ready.size > 0;",
      replace: "this.#fragmentFirst = false;",
    },
    {
      name: "big messages have no turn while the window is full of small ones",
      find: " && this.#fragmentsEnd > acked;",
      replace: ";",
    },
    {
      name: "big messages fill the window",
      find: "commit.offset - acked >= (this.#host?.bulkBytes() ?? 0) &&",
      replace: "commit.offset < 0 &&",
    },
    {
      name: "a big message does not come to its turn again",
      find: "if (hasCredit(message)) this.#flows.ready.add(flow); //",
      replace: "//",
    },
    {
      name: "a big message goes on until it is through, without turns",
      find: "      this.#flows.ready.delete(flow);\n      if (hasCredit(message))",
      replace: "      if (this.#fragment(commit, message))",
    },
    {
      name: "all big messages have one number",
      find: "      this.#nextNumber = (this.#nextNumber + 1) >>> 0;\n",
      replace: "",
    },
    {
      name: "a big message that is through counts as queued",
      find: "else this.#bulkBytes -= bytes;",
      replace: "",
    },
    {
      name: "a small message that left opens no gate",
      find: "    if (list === this.#small) this.#flows.openGates();\n    else if",
      replace: "    if",
    },
    {
      name: "a message taken from the middle of a flow frees its place",
      find: "else if (list !== this.#control && isFirst)",
      replace: "else if (list !== this.#control)",
    },
    {
      name: "the last place is not kept for a control message",
      find: "this.limits.assemblyMessages - 1",
      replace: "this.limits.assemblyMessages",
    },
  ],
};

/** Turns and places of big messages. */
export const FLOWS: Mutants = {
  file: "src/session/flows.ts",
  tests: ["test/session/outbox.test.ts", "test/session/outbox-order.test.ts", "test/session/stream.test.ts"],
  mutants: [
    {
      name: "a big message overtakes small ones that were queued before it",
      find: "return first === undefined || first.serial > flow.gate;",
      replace: "return true;",
    },
    {
      name: "a big message waits for small ones that were queued behind it",
      find: "return first === undefined || first.serial > flow.gate;",
      replace: "return first === undefined;",
    },
    {
      name: "one big message more than there are places is begun",
      find: "if (this.#places >= this.#maxPlaces) {",
      replace: "if (this.#places > this.#maxPlaces) {",
    },
    {
      name: "a place is not given back",
      find: "if (flow.placed) this.#places--;",
      replace: "",
    },
    {
      name: "a message that had no place gives one back",
      find: "if (flow.placed) this.#places--;",
      replace: "this.#places--;",
    },
    {
      name: "a place that became free stays empty",
      find: "      this.#unplaced.delete(next);\n      this.#place(next);",
      replace: "",
    },
    {
      name: "what is small behind a big message waits for the next big one",
      find: "      flow.remove(first);\n      handOut(first);",
      replace: "      break;",
    },
    {
      name: "the big message behind a big one does not line up",
      find: "    else this.#line(flow);\n    for (const next",
      replace: "    for (const next",
    },
    {
      name: "an empty flow stays known",
      find: "    if (flow.first === undefined) this.#byKey.delete(flow.key);\n    else this.#line(flow);",
      replace: "    if (flow.first !== undefined) this.#line(flow);",
    },
    {
      name: "a gate that opens lets nobody through",
      find: "      this.#gated.delete(flow);\n      this.#place(flow);",
      replace: "      this.#gated.delete(flow);",
    },
    {
      name: "places of an ended session stay taken",
      find: "    this.#places = 0;\n    for",
      replace: "    for",
    },
  ],
};
