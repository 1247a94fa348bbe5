import type { Mutants } from "./mutant.ts";

/** The second argument of a handler. */
export const HANDLER_CALL: Mutants = {
  file: "src/call/handler-call.ts",
  tests: ["test/call/call-frames.test.ts", "test/call/call-rules.test.ts"],
  mutants: [
    {
      name: "the signal does not fire at the deadline",
      find: "else if (!this.#finished) this.#origin.deadlines.add(this);",
      replace: "",
    },
    {
      name: "a signal that is asked for late missed the cancel",
      find: "if (this.#reason !== undefined) this.#abort.abort(this.#reason);\n      else if",
      replace: "if",
    },
    {
      name: "the signal fires after the handler is done",
      find: "if (this.#reason !== undefined || this.#finished) return;",
      replace: "if (this.#reason !== undefined) return;",
    },
    {
      name: "a call that is done leaves its deadline",
      find: "    this.#finished = true;\n    this.#origin.deadlines.remove(this);",
      replace: "    this.#finished = true;",
    },
  ],
};

/** Both sides of the calls of one peer. */
export const CONVERSATION: Mutants = {
  file: "src/call/conversation.ts",
  tests: ["test/call/call-frames.test.ts", "test/call/call-rules.test.ts"],
  mutants: [
    {
      name: "calls go out by the contract of an ended session",
      find: "    this.#contract = undefined;\n    this.outbox",
      replace: "    this.outbox",
    },
    {
      name: "what an ended session did not commit goes out in the next one",
      find: "    this.outbox.takeUncommitted();\n",
      replace: "",
    },
    {
      name: "the contract is not the first to go out",
      find: `encodeContract(this.registry.contract()), "control")`,
      replace: `encodeContract(this.registry.contract()), "send")`,
    },
    {
      name: "an older contract goes out behind a newer one",
      find: "if (this.#contractSent !== undefined) this.outbox.withdraw(this.#contractSent);",
      replace: "",
    },
    {
      name: "calls are made after the peer said goodbye",
      find: "        this.#contract = undefined;\n        this.#isPeerLeaving = true;",
      replace: "        this.#isPeerLeaving = true;",
    },
    {
      name: "calls are named after the peer said goodbye",
      find: "        this.#isPeerLeaving = true; //",
      replace: "        //",
    },
    {
      name: "a peer that left once is never named anything again",
      find: "    this.#isPeerLeaving = false;\n    this.#tellContract();",
      replace: "    this.#tellContract();",
    },
    {
      name: "what waits does not leave with the contract",
      find: "    this.#tellContract();\n    this.caller.flush();",
      replace: "    this.#tellContract();",
    },
    {
      name: "a frame that means nothing is skipped",
      find: "throw new ProtocolViolation(`frame kind ${kind} means nothing`);",
      replace: "return;",
    },
    {
      name: "the peer is not told of a goodbye",
      find: `this.outbox.push(new OutMessage(GOODBYE, 0, new Uint8Array(0), "control"));`,
      replace: "this.peer.trim();",
    },
    {
      name: "closing does not wait for what runs",
      find: "    await this.dispatcher.idle();\n",
      replace: "",
    },
    {
      name: "calls that wait are not sent when the contract comes",
      find: "(decodeContract(payload));\n        this.caller.flush();",
      replace: "(decodeContract(payload));",
    },
  ],
};

/** What this program handles. */
export const REGISTRY: Mutants = {
  file: "src/call/registry.ts",
  tests: ["test/call/call-frames.test.ts", "test/call/call-rules.test.ts", "test/call/contract-growth.test.ts"],
  mutants: [
    {
      name: "a handler that is registered again has another number",
      find: "      if (before !== method.codec?.fingerprint) this.#tell();\n      return;\n",
      replace: "",
    },
    {
      name: "peers are not told of a method that is added",
      find: "    for (const run of this.#grown) run();\n",
      replace: "",
    },
  ],
};

/** Free messages. */
export const MESSAGES: Mutants = {
  file: "src/call/messages.ts",
  tests: ["test/call/free-messages.test.ts", "test/hostile/memory.test.ts"],
  mutants: [
    {
      name: "one message more than the cap waits",
      find: "share.messages >= Math.min(freeM",
      replace: "share.messages > Math.min(freeM",
    },
    {
      name: "bytes of messages that were taken count as waiting",
      find: "      one.bytes -= bytes;\n",
      replace: "",
    },
    {
      name: "the bytes of messages have no cap",
      find: "share.bytes + bytes <= Math.min(freeMessageBytes, left)",
      replace: "bytes >= 0",
    },
    {
      name: "one peer may fill the queue of all",
      find: "share.bytes + bytes <= Math.min(freeMessageBytes, left)",
      replace: "share.bytes + bytes <= left",
    },
    {
      name: "peers leave no room for others",
      find: "Math.min(freeMessages, FULL_SHARES * freeMessages - allMessages)",
      replace: "freeMessages",
    },
    {
      name: "an iteration that was left takes a message with it",
      find: "this.#readers.splice(this.#readers.indexOf(take), 1);",
      replace: "",
    },
  ],
};

/** How often failures of handlers are logged. */
export const FAILURE_LOG: Mutants = {
  file: "src/call/failure-log.ts",
  tests: ["test/call/failure-log.test.ts"],
  mutants: [
    {
      name: "all methods share one measure",
      find: "this.#floods.take(method, method)",
      replace: 'this.#floods.take("all", method)',
    },
    {
      name: "what was left out is not told with the next failure",
      find: "...(suppressed > 0 ? { suppressed } : {}), ",
      replace: "",
    },
  ],
};
