import type { Mutants } from "./mutant.ts";

/** Calls on their way out, and how each one settles. */
export const CALLER: Mutants = {
  file: "src/call/caller.ts",
  tests: ["test/call/call-frames.test.ts", "test/call/call-rules.test.ts", "test/hostile/calls.test.ts"],
  mutants: [
    {
      name: "a peer's code of an error may have any length",
      find: "code.length <= MAX_CODE && ",
      replace: "",
    },
    {
      name: "a peer's code of an error may hold anything",
      find: " && printable(code) === code",
      replace: "",
    },
    {
      name: "a peer's text of an error may have any length",
      find: "said.length > MAX_TEXT ?",
      replace: "said === null ?",
    },
    {
      name: "a peer's text of an error stands there as it is",
      find: "const text = printable(",
      replace: "const text = String(",
    },
    {
      name: "a call that left is said not to have run when it is given up",
      find: `ran ? "may have run" : "did not run", cause)`,
      replace: `"did not run", cause)`,
    },
    {
      name: "a call that never left is said perhaps to have run when it is given up",
      find: `ran ? "may have run" : "did not run", cause)`,
      replace: `"may have run", cause)`,
    },
    {
      name: "a call that is given up before it left leaves nevertheless",
      find: "const ran = message !== undefined && !this.#home.outbox.withdraw(message);",
      replace: `const ran = message !== undefined && message.state === "committed";`,
    },
    {
      name: "the peer is not told of a call that is given up",
      find: "if (ran) this.",
      replace: "if (ran && call.id < 0) this.",
    },
    {
      name: "what the peer did not receive may have run",
      find: `missed ? "did not run" : "may have run"`,
      replace: `"may have run"`,
    },
    {
      name: "what the peer received did not run",
      find: `missed ? "did not run" : "may have run"`,
      replace: `"did not run"`,
    },
    {
      name: "a call that ends where the peer stopped did not run",
      find: "message.endOffset > received;",
      replace: "message.endOffset >= received;",
    },
    {
      name: "without a word from the peer nothing ran",
      find: "received !== undefined && message !== undefined && message.endOffset > received",
      replace: "message !== undefined && message.endOffset > (received ?? 0)",
    },
    {
      name: "a call that did not leave settles with its session",
      find: `if (message?.state === "withdrawn" || isRefused) this.#queue(call);`,
      replace: "if (isRefused) this.#queue(call);",
    },
    {
      name: "a call of a session that was refused settles with it",
      find: ` || isRefused) this.#queue`,
      replace: ") this.#queue",
    },
    {
      name: "what a call by name carries is let go of",
      find: "if (!isByName) call.payload = NOTHING;",
      replace: "call.payload = NOTHING;",
    },
    {
      name: "a call waits for the contract",
      find: "this.#home.isContractAwaited && call.weight",
      replace: "false && call.weight",
    },
    {
      name: "a call is named where there is no session",
      find: "this.#home.isContractAwaited && call.weight",
      replace: "call.weight",
    },
    {
      name: "what is big goes by name",
      find: "this.#home.isContractAwaited && call.weight <= LIGHT_INPUT_BYTES",
      replace: "this.#home.isContractAwaited",
    },
    {
      name: "what goes by name has no meta",
      find: "nameCall(payload, call.name, flags, timeoutMs)",
      replace: "nameCall(payload, call.name, 0, timeoutMs)",
    },
    {
      name: "calls that did not leave go to the next session in another order",
      find: "for (const call of calls) {\n      const { message }",
      replace: "for (const call of calls.toReversed()) {\n      const { message }",
    },
    {
      name: "calls that waited before overtake those that were sent",
      find: "const earlier = this.#waiting;\n",
      replace: "const earlier = this.#waiting;\n    calls.unshift(...earlier);\n    earlier.clear();\n",
    },
    {
      name: "a call within a call has a deadline of its own",
      find: "scope === undefined ? MAX_TIMEOUT_MS : scope.deadlineAt - now",
      replace: "MAX_TIMEOUT_MS",
    },
    {
      name: "a call within a call outlives it",
      find: "linked(options?.signal, scope?.signal)",
      replace: "options?.signal",
    },
    {
      name: "a send overtakes a send that waits",
      find: `if ((call.word === "send" && this.#waitingSends > 0) || !this.#commit(call, now)) {`,
      replace: "if (!this.#commit(call, now)) {",
    },
    {
      name: "a get waits behind sends",
      find: `if ((call.word === "send" && this.#waitingSends > 0) ||`,
      replace: "if (this.#waitingSends > 0 ||",
    },
    {
      name: "sends that left count as waiting",
      find: `    if (call.word === "send") this.#waitingSends--;\n`,
      replace: "",
    },
    {
      name: "calls wait without end",
      find: "if (this.#waiting.size >= waiting) {",
      replace: "if (this.#waiting.size < 0) {",
    },
    {
      name: "the bytes of waiting calls have no cap",
      find: "if (this.#waitingBytes > waitingBytes) {",
      replace: "if (this.#waitingBytes < 0) {",
    },
    {
      name: "bytes of calls that left count as waiting",
      find: "    this.#waitingBytes -= call.bytes;\n",
      replace: "",
    },
    {
      name: "an answer to a call that is settled breaks the session",
      find: "    const call = this.#pending.get(channel);\n    if (call === undefined) return;",
      replace: "    const call = this.#pending.get(channel) as OutgoingCall;",
    },
    {
      name: "a settled call stays in the table",
      find: "if (call.id !== 0) this.#pending.delete(call.id);",
      replace: "if (call.id < 0) this.#pending.delete(call.id);",
    },
    {
      name: "a settled call's deadline still runs",
      find: "    this.#home.deadlines.remove(call);\n",
      replace: "",
    },
    {
      name: "a settled call still listens to its signal",
      find: "    call.forgetSignal?.();\n",
      replace: "",
    },
    {
      name: "every error ran",
      find: `outcome: ran ? "ran" : "did not run"`,
      replace: `outcome: "ran"`,
    },
    {
      name: "an error ran if it is declared by an object's prototype",
      find: "Object.hasOwn(errors, code) ? errors[code] : undefined",
      replace: "errors[code]",
    },
    {
      name: "an error of the wrong form is taken as it is",
      find: `if (!isCode || typeof ran !== "boolean" || typeof said !== "string") {`,
      replace: "if (code === undefined) {",
    },
    {
      name: "calls are made after the end",
      find: "    this.#closed = text;\n",
      replace: "",
    },
    {
      name: "calls that wait are not ended at the end",
      find: "[...this.#inFlight(), ...this.#waiting]",
      replace: "[...this.#inFlight()]",
    },
    {
      name: "gets keep the order of sends",
      find: `send ? "send" : "call")`,
      replace: `"send")`,
    },
  ],
};

/** Calls on their way out, as users see them. */
export const CALLS_MADE: Mutants = {
  file: "src/call/caller.ts",
  tests: ["test/call/calls.test.ts", "test/call/session-ends.test.ts"],
  mutants: [
    {
      name: "a call that was cancelled before is sent",
      find: "if (signal?.aborted === true)",
      replace: "if (signal === null)",
    },
    {
      name: "more calls than the cap are in flight",
      find: "this.#pending.size >= MAX_CALLS_IN_FLIGHT",
      replace: "this.#pending.size >= 2 * MAX_CALLS_IN_FLIGHT",
    },
    {
      name: "what waits is not sent when a call settles",
      find: "    if (this.#waiting.size > 0) this.flush();\n",
      replace: "",
    },
    {
      name: "an answer is not checked",
      find: `check(call.method?.output, value, "output")`,
      replace: `check(undefined, value, "output")`,
    },
    {
      name: "data of a declared error is not checked",
      find: "if (checked instanceof Promise || !checked.ok) {",
      replace: "if (checked instanceof Promise) {",
    },
    {
      name: "the deadline does not travel",
      find: "const timeoutMs = call.deadlineAt - now;",
      replace: "const timeoutMs = MAX_TIMEOUT_MS;",
    },
    {
      name: "sends are sent in turn like gets",
      find: `send ? "send" : "call")`,
      replace: `"call")`,
    },
  ],
};

/** The numbers of methods, as both sides count them. */
export const METHOD_NUMBERS: Mutants = {
  file: "src/call/contract.ts",
  tests: ["test/call/calls.test.ts", "test/call/session-ends.test.ts"],
  mutants: [
    {
      name: "methods are numbered from 0",
      find: "number: at + 1 }",
      replace: "number: at }",
    },
  ],
};

/** The header of a call. */
export const CALL_HEADER: Mutants = {
  file: "src/wire/frames.ts",
  tests: ["test/call/call-frames.test.ts", "test/call/call-rules.test.ts"],
  mutants: [
    {
      name: "less than a millisecond is no time",
      find: "Math.max(0, Math.ceil(timeoutMs))",
      replace: "Math.max(0, Math.floor(timeoutMs))",
    },
    {
      name: "a method's number has one byte",
      find: "const method = (at(0) << 8) | at(1);",
      replace: "const method = at(1);",
    },
    {
      name: "a name may be longer than its frame",
      find: "  if (payload.length < valueAt) return undefined;\n",
      replace: "",
    },
    {
      name: "a name has a byte too few",
      find: "subarray(CALL_HEADER_BYTES, valueAt)",
      replace: "subarray(CALL_HEADER_BYTES, valueAt - 1)",
    },
    { name: "a name does not say that it is one", find: "flags | HAS_NAME, timeoutMs", replace: "flags, timeoutMs" },
  ],
};

/** What a peer says it handles. */
export const PEER_CONTRACT: Mutants = {
  file: "src/call/contract.ts",
  tests: ["test/call/call-frames.test.ts", "test/call/call-rules.test.ts", "test/hostile/calls.test.ts"],
  mutants: [
    {
      name: "names of methods stand in messages as they are",
      find: "map(({ name }) => printable(name))",
      replace: "map(({ name }) => name)",
    },
    {
      name: "a name that is asked for stands in messages as it is",
      find: "${printable(name)}",
      replace: "${name}",
    },
    {
      name: "a get may be called as a send",
      find: `if (method.word !== "any" && method.word !== word) return`,
      replace: "if (method === null) return",
    },
    {
      name: "a contract may have any number of methods",
      find: " || methods.length > MAX_METHODS)",
      replace: ")",
    },
    {
      name: "a method may have no name",
      find: `name === "" || name.length > MAX_METHOD_CHARACTERS`,
      replace: "name.length > MAX_METHOD_CHARACTERS",
    },
    {
      name: "a method's name may have any length",
      find: `name === "" || name.length > MAX_METHOD_CHARACTERS`,
      replace: `name === ""`,
    },
    {
      name: "a method may have any word",
      find: `if (word !== "get" && word !== "send" && word !== "any")`,
      replace: "if (word === undefined)",
    },
  ],
};
