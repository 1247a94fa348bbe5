import type { Mutants } from "./mutant.ts";

/** How much big messages may have in flight. */
export const BULK_WINDOW: Mutants = {
  file: "src/session/bulk-window.ts",
  tests: ["test/session/bulk-window.test.ts"],
  mutants: [
    {
      name: "there is no floor",
      find: "return Math.max(this.#floorBytes, this.#acked",
      replace: "return Math.max(1, this.#acked",
    },
    {
      name: "near paths have a span of two round trips, however short",
      find: "Math.max(LEAST_SPAN_MS, 2 * this.#rttMs)",
      replace: "2 * this.#rttMs",
    },
    {
      name: "far paths have a span of 50 ms",
      find: "Math.max(LEAST_SPAN_MS, 2 * this.#rttMs)",
      replace: "LEAST_SPAN_MS",
    },
    {
      name: "the last ping's round trip counts, not the shortest",
      find: "this.#rttMs = Math.min(this.#rttMs, ms);",
      replace: "this.#rttMs = ms;",
    },
    {
      name: "the last bytes' round trip counts, queue and all",
      find: "this.#rttMs = Math.min(this.#rttMs, now - this.#probeAt);",
      replace: "this.#rttMs = now - this.#probeAt;",
    },
    {
      name: "another path keeps the round trip of the last one",
      find: "    this.#rttMs = Number.POSITIVE_INFINITY;\n    this.#probeAt = -1;",
      replace: "    this.#probeAt = -1;",
    },
    {
      name: "after a pause the window is as wide as before",
      find: "    this.#forget(this.#clock.now());\n",
      replace: "",
    },
    {
      name: "what was acknowledged long ago counts",
      find: ".at < from) this.#samples.shift();",
      replace: ".at < 0) this.#samples.shift();",
    },
  ],
};

/** The driver: the end of the tick, acknowledgements, timers, and the end. */
export const SESSION: Mutants = {
  file: "src/session/session.ts",
  tests: ["test/session/session.test.ts", "test/session/session-end.test.ts"],
  mutants: [
    {
      name: "an acknowledgement alone waits too long",
      find: "this.#clock.after(ACK_DELAY_MS, this",
      replace: "this.#clock.after(ACK_DELAY_MS + 1, this",
    },
    {
      name: "much that came waits for its acknowledgement until the delay is over",
      find: "if (unacked >= this.#ackBytes) {",
      replace: "if (unacked < 0) {",
    },
    {
      name: "a fast stream is acknowledged as often as a slow one",
      find: "Math.max(LEAST_ACK_BYTES, came / 4)",
      replace: "LEAST_ACK_BYTES",
    },
    {
      name: "the first acknowledgement that is due makes every later one due at once",
      find: "if (machine.unackedBytes === 0) this.#ackNow = false;",
      replace: "",
    },
    {
      name: "a link that comes back does not end the resume window",
      find: "    this.#windowTimer?.cancel();\n    this.#windowTimer = undefined;\n",
      replace: "    this.#windowTimer = undefined;\n",
    },
    {
      name: "a link that has room again is not used",
      find: "drain: () => this.#wake(),",
      replace: "drain: () => {},",
    },
    {
      name: "a full link gets more",
      find: "if (link === undefined || !(evenIfFull || link.writable)) break;",
      replace: "if (link === undefined) break;",
    },
    {
      name: "the end does not wait for what was pushed before it",
      find: `if (reason === "done") this.#flush(true);`,
      replace: "",
    },
    {
      name: "an acknowledgement makes no room for what waits",
      find: "if (!this.#outbox.isEmpty) this.#wake();",
      replace: "",
    },
    {
      name: "credit waits until something else is sent",
      find: "        own.grant(number, bytes);\n        this.#wake();",
      replace: "        own.grant(number, bytes);",
    },
    {
      name: "a breach that a handler finds reads as a failure of this side",
      find: "if (error instanceof ProtocolViolation)",
      replace: "if (error === undefined)",
    },
    {
      name: "the peer is told what a handler threw",
      find: `this.#end("failed", "the handler of a message failed", error)`,
      replace: `this.#end("failed", (error as Error).message, error)`,
    },
    {
      name: "how the last link ended is not told",
      find: "    this.#lost = error;\n",
      replace: "",
    },
    {
      name: "delivery goes on after the end",
      find: "    this.#deframer.stop();\n",
      replace: "",
    },
    {
      name: "the timer of an acknowledgement outlives the session",
      find: "    this.#ackTimer?.cancel();\n",
      replace: "",
    },
    {
      name: "what was not committed is lost with the session",
      find: "    this.#outbox.release();\n",
      replace: "",
    },
    {
      name: "a sealed box is nothing",
      find: `sealed: () => this.end("protocol", "a sealed box came where only data may"),`,
      replace: "sealed: () => {},",
    },
    {
      name: "what is pushed leaves at once, not at the end of the tick",
      find: "    this.#defer(this.#flushAtEnd);",
      replace: "    this.#flush();",
    },
    {
      name: "the other link is not used at once when one breaks",
      find: "    if (this.isEnded) return;\n    this.#window.moved();\n    this.#wake();",
      replace: "    if (this.isEnded) return;\n    this.#window.moved();",
    },
    {
      name: "callers that wait for room are not told",
      find: "    this.#outbox.tellRoom();\n",
      replace: "",
    },
  ],
};

/** When a link is suspect. */
export const SUSPICION: Mutants = {
  file: "src/session/suspicion.ts",
  tests: ["test/session/suspicion.test.ts"],
  mutants: [
    {
      name: "time in which this program did not run counts as silence",
      find: "if (lateMs > LATE_MS) link.quietSince",
      replace: "if (lateMs < 0) link.quietSince",
    },
    {
      name: "an idle session suspects its link",
      find: "if (this.#timer !== undefined || this.#links.size === 0 || !this.#isBusy()) return;",
      replace: "if (this.#timer !== undefined || this.#links.size === 0) return;",
    },
    {
      name: "a pong does not clear a suspicion",
      find: "      link.isSuspect = false;\n",
      replace: "",
    },
    {
      name: "no answer counts as a pong",
      find: "if (rttMs === undefined || this.#links.get(id) !== link) return;",
      replace: "if (this.#links.get(id) !== link) return;",
    },
    {
      name: "a doubt is not believed",
      find: "        this.#suspect(id, true);\n      }\n      this.#ping",
      replace: "      }\n      this.#ping",
    },
    {
      name: "a doubtful link is not asked",
      find: "      this.#ping(id, link);\n    }\n    if (this.#timer === undefined",
      replace: "    }\n    if (this.#timer === undefined",
    },
    {
      name: "a doubtful link is asked once",
      find: "    if (this.#timer === undefined && this.#links.size > 0) this.#arm(PING_MS);\n",
      replace: "",
    },
    {
      name: "idle time counts as silence",
      find: "for (const link of this.#links.values()) if (!link.isSuspect) link.quietSince = now;",
      replace: "",
    },
  ],
};
