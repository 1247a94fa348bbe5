import type { Mutants } from "./mutant.ts";

/** The stream that each side sends: what is resent, from where, over which link. */
export const MACHINE_OUT: Mutants = {
  file: "src/session/machine.ts",
  tests: ["test/session/machine.test.ts"],
  schedules: true,
  mutants: [
    {
      name: "an acknowledgement below an earlier one counts",
      find: "if (offset > this.acked) {",
      replace: "if (offset !== this.acked) {",
    },
    {
      name: "an acknowledgement beyond what was sent counts",
      find: "if (offset > this.committed)",
      replace: "if (offset > 2 ** 53)",
    },
    {
      name: "an acknowledgement of all that was sent is a breach",
      find: "if (offset > this.committed)",
      replace: "if (offset > 0 && offset >= this.committed)",
    },
    { name: "what was acknowledged is kept", find: "this.out.release(offset);", replace: "" },
    {
      name: "a link goes on from its own cursor, although more was acknowledged",
      find: "const offset = Math.max(link.cursor, this.acked);",
      replace: "const offset = link.cursor;",
    },
    {
      name: "a link that takes over sends nothing again",
      find: "link.cursor = Math.max(link.cursor, recv);",
      replace: "link.cursor = this.committed;",
    },
    {
      name: "what went out before the peer's ATTACH goes out twice",
      find: "link.cursor = Math.max(link.cursor, recv);",
      replace: "link.cursor = recv;",
    },
    {
      name: "a link carries before it is known what the peer has",
      find: "const cursor = this.committed === 0 ? 0 : -1;",
      replace: "const cursor = 0;",
    },
    {
      name: "the first bytes of a session wait for the peer's ATTACH",
      find: "const cursor = this.committed === 0 ? 0 : -1;",
      replace: "const cursor = -1;",
    },
    {
      name: "what is sent again is taken from the queue, not from what is kept",
      find: "offset < this.committed ? this.out.slice(offset, MAX_DATA_BYTES) : this.#commit(source)",
      replace: "this.#commit(source)",
    },
    {
      name: "what is sent again goes in one record, however much it is",
      find: "this.out.slice(offset, MAX_DATA_BYTES)",
      replace: "this.out.slice(offset, 2 ** 53)",
    },
    {
      name: "the cursor does not move with what is sent",
      find: "for (const part of parts) link.cursor += part.length;",
      replace: "",
    },
    {
      name: "the window is not kept",
      find: "Math.min(MAX_DATA_BYTES, this.windowBytes - inFlight)",
      replace: "MAX_DATA_BYTES",
    },
    {
      name: "what was acknowledged makes no room in the window",
      find: "const inFlight = this.committed - this.acked;",
      replace: "const inFlight = this.committed;",
    },
    {
      name: "what is committed is not kept",
      find: "for (const part of parts) this.out.append(part);\n    this.committed = this.out.end;",
      replace: "for (const part of parts) this.committed += part.length;",
    },
    {
      name: "of equal links the oldest carries",
      find: "one.rank <= best.rank",
      replace: "one.rank < best.rank",
    },
    { name: "the class of a link means nothing", find: " && one.rank <= best.rank", replace: "" },
    {
      name: "a link of a better class takes over although it is suspect",
      find: "(!one.suspect && one.rank",
      replace: "(one.rank",
    },
    {
      name: "a suspect link keeps the stream while those that are well are of a worse class",
      find: " || best.suspect ||",
      replace: " ||",
    },
    {
      name: "a lost link carries on",
      find: "if (this.cur !== link) return;",
      replace: "if (this.cur !== link || this.links.length > 0) return;",
    },
  ],
};

/** The stream that comes: doubles, gaps and acknowledgements. */
export const MACHINE_IN: Mutants = {
  file: "src/session/machine.ts",
  tests: ["test/session/machine.test.ts"],
  schedules: true,
  mutants: [
    {
      name: "bytes beyond a gap are delivered",
      find: "if (offset > this.recv) return this.#gap(link);",
      replace: "",
    },
    {
      name: "a gap goes without consequence",
      find: "if (offset > this.recv) return this.#gap(link);",
      replace: "if (offset > this.recv) return NOTHING;",
    },
    {
      name: "a gap on the last link starts no resume window",
      find: `if (this.links.length === 0) actions.push({ type: "alone" });`,
      replace: "",
    },
    {
      name: "bytes that came before are delivered again",
      find: "skip === 0 ? bytes : bytes.subarray(skip)",
      replace: "bytes",
    },
    {
      name: "a record of old bytes alone takes the stream back",
      find: "if (skip >= bytes.length) return actions;",
      replace: "",
    },
    {
      name: "bytes that are skipped count as received once more",
      find: "this.recv = offset + bytes.length;",
      replace: "this.recv += bytes.length;",
    },
    {
      name: "ATTACH says that nothing came",
      find: "parts: [offsetFrame(ATTACH, this.recv)]",
      replace: "parts: [offsetFrame(ATTACH, 0)]",
    },
    {
      name: "what ATTACH said counts as not said",
      find: "told: this.recv,",
      replace: "told: 0,",
    },
    {
      name: "an acknowledgement that rode along counts as not said",
      find: "link.told = this.told = this.recv;\n    link.cursor = offset;",
      replace: "link.cursor = offset;",
    },
    {
      name: "an acknowledgement goes alone at once",
      find: "if (!ackDue || !(ackNow || link.told < this.told)) return NOTHING;",
      replace: "if (!ackDue) return NOTHING;",
    },
    {
      name: "an acknowledgement goes again and again",
      find: "if (!ackDue || !(ackNow || link.told < this.told)) return NOTHING;",
      replace: "if (!ackNow) return NOTHING;",
    },
    {
      name: "what was acknowledged over a link that is lost is not told again at once",
      find: "(ackNow || link.told < this.told)",
      replace: "ackNow",
    },
    {
      name: "no acknowledgement rides along",
      find: "dataHeader(ackDue ? this.recv : undefined, offset)",
      replace: "dataHeader(undefined, offset)",
    },
    {
      name: "the last link that goes starts no resume window",
      find: `return this.links.length === 0 ? [{ type: "alone" }] : NOTHING;`,
      replace: "return NOTHING;",
    },
    {
      name: "every link that goes starts the resume window",
      find: `return this.links.length === 0 ? [{ type: "alone" }] : NOTHING;`,
      replace: `return [{ type: "alone" }];`,
    },
  ],
};
