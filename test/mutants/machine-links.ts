import type { Mutants } from "./mutant.ts";

/** Links that come and are superseded, and the caps on them. */
export const MACHINE_LINKS: Mutants = {
  file: "src/session/machine.ts",
  tests: ["test/session/machine.test.ts"],
  schedules: true,
  mutants: [
    {
      name: "both sides close superseded links",
      find: "if (!this.closesLinks || this.links.length < 2",
      replace: "if (this.links.length < 2",
    },
    {
      name: "a superseded link is closed before its bytes are through",
      find: " && this.acked >= one.supersededAt",
      replace: "",
    },
    {
      name: "a superseded link is closed although the peer still sends there",
      find: " || this.heard !== cur.id",
      replace: "",
    },
    {
      name: "it is not noted where a link was superseded",
      find: "if (this.cur !== undefined) this.cur.supersededAt = this.committed;",
      replace: "",
    },
    {
      name: "a link is closed as superseded before the peer's ATTACH came on it",
      find: "one !== cur && one.attached && ",
      replace: "one !== cur && ",
    },
    {
      name: "a superseded link is closed as if it had broken the rules",
      find: `({ type: "close", link: link.id, code: DONE })`,
      replace: `({ type: "close", link: link.id, code: MALFORMED })`,
    },
    { name: "data does not tell where the peer sends", find: "this.heard = link.id;", replace: "" },
    {
      name: "an acknowledgement does not tell where the peer sends",
      find: "if (type === ACK) this.heard = id;",
      replace: "if (type === ACK) this.heard = this.heard;",
    },
    {
      name: "one link more than the cap is held",
      find: "if (this.links.length >= this.maxLinks) {",
      replace: "if (this.links.length > this.maxLinks) {",
    },
    {
      name: "over the cap the link that carries may go",
      find: "this.links.filter((one) => one !== this.cur)",
      replace: "this.links",
    },
    {
      name: "over the cap a suspect link is not the first to go",
      find: "idle.find((one) => one.suspect) ?? idle[0]",
      replace: "idle[0]",
    },
    {
      name: "a link that comes after the end is taken",
      find: `if (this.ended) return [{ type: "destroy", link: id }];`,
      replace: "",
    },
  ],
};

/** What a peer that lies may not do, and how a session ends. */
export const MACHINE_END: Mutants = {
  file: "src/session/machine.ts",
  tests: ["test/session/machine.test.ts"],
  mutants: [
    {
      name: "an empty record is nothing",
      find: `if (payload.length === 0) return this.#violated("a record is empty");`,
      replace: "",
    },
    {
      name: "a frame that is cut short is read",
      find: `if (payload.length - at < OFFSET_FRAME_BYTES) return this.#violated("a frame is cut short");`,
      replace: "",
    },
    {
      name: "a link may begin with another frame than ATTACH",
      find: "if (!link.attached && type !== ATTACH) return",
      replace: "if (type === 0xff) return",
    },
    {
      name: "a second ATTACH on a link is taken",
      find: `else if (link.attached) return this.#violated("a link was attached twice");`,
      replace: "",
    },
    {
      name: "a frame of an unknown type is skipped",
      find: "if (type !== ATTACH && type !== ACK && type !== END)",
      replace: "if (type === 0xff)",
    },
    {
      name: "DATA may be empty",
      find: `if (bytes.length === 0) return this.#violated("a DATA frame is empty");`,
      replace: "",
    },
    {
      name: "what END says of the bytes received is lost",
      find: "byPeer: true, peerReceived: this.acked",
      replace: "byPeer: true, peerReceived: undefined",
    },
    {
      name: "END does not say what was received",
      find: "endFrame(this.recv, code, text)",
      replace: "endFrame(0, code, text)",
    },
    {
      name: "END goes over one link only",
      find: `for (const { id } of this.links) actions.push({ type: "send", link: id, parts });`,
      replace: `for (const { id } of this.links.slice(0, 1)) actions.push({ type: "send", link: id, parts });`,
    },
    {
      name: "a session that was lost says so on its links",
      find: "const code = REASONS.indexOf(reason);",
      replace: "const code = Math.max(0, REASONS.indexOf(reason));",
    },
    {
      name: "a reason that is not known reads as an orderly end",
      find: `[payload[at + OFFSET_FRAME_BYTES] as number] ?? "failed"`,
      replace: `[payload[at + OFFSET_FRAME_BYTES] as number] ?? "done"`,
    },
    {
      name: "the text of an END may be as long as a record",
      find: " || payload.length > at + END_BYTES + MAX_END_TEXT_BYTES",
      replace: "",
    },
    {
      name: "a session ends twice",
      find: "if (this.ended) return NOTHING;\n    const code",
      replace: "const code",
    },
    {
      name: "what was sent is kept after the end",
      find: "this.out.release(this.out.end);",
      replace: "",
    },
    {
      name: "an orderly end closes its links as if the peer had broken the rules",
      find: `end.byPeer || end.reason === "done"`,
      replace: `end.byPeer && end.reason === "done"`,
    },
  ],
};
