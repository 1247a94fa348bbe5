import type { Mutants } from "./mutant.ts";

/** Calls that come, and their answers. */
export const DISPATCHER: Mutants = {
  file: "src/call/dispatcher.ts",
  tests: ["test/call/call-frames.test.ts", "test/call/call-rules.test.ts", "test/hostile/calls.test.ts"],
  mutants: [
    {
      name: "a call of number 0 is taken",
      find: "if (channel === 0 || this.#running",
      replace: "if (this.#running",
    },
    {
      name: "a call that runs can be opened again",
      find: "channel === 0 || this.#running.has(channel) ||",
      replace: "channel === 0 ||",
    },
    {
      name: "a send that waits can be opened again",
      find: " || this.#held.has(channel)",
      replace: "",
    },
    {
      name: "a call whose answer waits can be opened again",
      find: " || this.#answers.has(channel))",
      replace: ")",
    },
    {
      name: "calls are handled while this side closes",
      find: `if (closing !== undefined) return this.#refuse(channel, "CLOSED", closing);`,
      replace: "",
    },
    {
      name: "a peer may have any number of calls running",
      find: "if ((isSend ? this.#held.size : this.#running.size - this.#sending) >= most) {",
      replace: "if (channel < 0) {",
    },
    {
      name: "sends that run count as gets",
      find: "this.#running.size - this.#sending) >= most",
      replace: "this.#running.size) >= most",
    },
    {
      name: "any kind may call",
      find: "if (method.from !== undefined && (kind === undefined || !method.from.includes(kind))) {",
      replace: "if (method.from === null) {",
    },
    {
      name: "a peer of no kind may call what is for one",
      find: "kind === undefined || !method.from.includes(kind)",
      replace: "kind !== undefined && !method.from.includes(kind)",
    },
    {
      name: "a get may come as a send",
      find: `if (method.word !== "any" && method.word !== word)\n      return ["NOT_FOUND"`,
      replace: `if (method === null)\n      return ["NOT_FOUND"`,
    },
    {
      name: "a send is answered twice",
      find: "if (!this.#finish(channel, isSend, call) || isSend) return;",
      replace: "if (!this.#finish(channel, isSend, call)) return;",
    },
    {
      name: "a send that fails is answered twice",
      find: "if (wanted && !isSend) this.#error",
      replace: "if (wanted) this.#error",
    },
    {
      name: "a cancelled call is answered",
      find: "const wanted = !call.isCancelled;",
      replace: "const wanted = true;",
    },
    {
      name: "a send does not wait for those before it",
      find: "if (isSend && (this.#queue !== undefined || this.#areSendsMany)) {",
      replace: "if (isSend && this.#areSendsMany) {",
    },
    {
      name: "closing does not wait for handlers",
      find: "while ([...this.#running.values(), ...this.#held.values()].some((call) => !call.isCancelled)) {",
      replace: "while (this.#running.size < 0) {",
    },
    {
      name: "closing waits for handlers whose callers do not",
      find: ".some((call) => !call.isCancelled)",
      replace: ".some(() => true)",
    },
    {
      name: "a call that ends with its session does not know",
      find: `for (const call of ended) call.cancel(new DOMException(text, "AbortError"));`,
      replace: "",
    },
    {
      name: "calls of an ended session still run in the next one",
      find: "    this.#running = new IdTable();\n",
      replace: "",
    },
    {
      name: "sends of an ended session still wait in the next one",
      find: "    this.#held = new Map();\n",
      replace: "",
    },
    {
      name: "answers of an ended session go to the next one",
      find: "    this.#answers.clear();\n",
      replace: "",
    },
    {
      name: "a cancel does not reach the handler",
      find: "const call = this.#running.get(channel) ?? this.#held.get(channel);",
      replace: "const call = this.#held.get(channel);",
    },
    {
      name: "a cancelled call's answer still waits",
      find: "    this.#dropAnswer(channel);\n    const call",
      replace: "    const call",
    },
    {
      name: "a big answer that waits holds up small ones",
      find: "if (!this.#home.outbox.hasRoom(payload.length)) continue;",
      replace: "if (!this.#home.outbox.hasRoom(payload.length)) return;",
    },
    {
      name: "answers fill the queue at once",
      find: "if (this.#home.outbox.hasRoom(length)) return",
      replace: "if (length >= 0) return",
    },
    {
      name: "a declared error of a get that was cancelled is sent",
      find: "      if (!wanted) return;\n      try",
      replace: "      try",
    },
    {
      name: "meta may hold anything",
      find: `!Object.values(meta).every((text) => typeof text === "string")`,
      replace: "meta === undefined",
    },
  ],
};

/** Calls that come, as users see them. */
export const CALLS_HANDLED: Mutants = {
  file: "src/call/dispatcher.ts",
  tests: ["test/call/calls.test.ts", "test/call/session-ends.test.ts"],
  mutants: [
    {
      name: "any name may call",
      find: "if (method.fromNames !== undefined && !method.fromNames.includes(from))",
      replace: "if (method.fromNames === null)",
    },
    {
      name: "a handler sees input that its schema refuses",
      find: "if (!input.ok) {",
      replace: "if (input === null) {",
    },
    {
      name: "handlers of sends run without end",
      find: "if (isSend && (this.#queue !== undefined || this.#areSendsMany)) {",
      replace: "if (isSend && this.#queue !== undefined) {",
    },
    {
      name: "a call cancelled while its input was checked is answered",
      find: "    if (call.isCancelled) return void this.#finish(channel, isSend, call);\n    if (this.#held",
      replace: "    if (this.#held",
    },
    {
      name: "why a handler failed crosses the wire",
      find: '"FAILED", true, `the handler of "${method.name}" failed`',
      replace: '"FAILED", true, `the handler of "${method.name}" failed: ${String(error)}`',
    },
    {
      name: "a refused call ran",
      find: "this.#error(channel, code, false, text);",
      replace: "this.#error(channel, code, true, text);",
    },
    {
      name: "a call that failed did not run",
      find: `this.#error(channel, "FAILED", true`,
      replace: `this.#error(channel, "FAILED", false`,
    },
    {
      name: "a call whose answer can't be sent did not run",
      find: `"INVALID_OUTPUT", true, text);`,
      replace: `"INVALID_OUTPUT", false, text);`,
    },
  ],
};
