import type { Mutants } from "./mutant.ts";

/** Which link belongs to which session. */
export const BIND: Mutants = {
  file: "src/session/bind.ts",
  tests: ["test/session/bind.test.ts"],
  schedules: true,
  mutants: [
    {
      name: "a link whose handshake began under an earlier end of this side is taken",
      find: `if (!sameEnd(link.mine, binding.end)) return "destroy";`,
      replace: "",
    },
    {
      name: "a link without the session's key joins it",
      find: `return link.mayJoin ? "join" : "destroy";`,
      replace: `return "join";`,
    },
    {
      name: "of one process the lower epoch is the later one",
      find: "link.them.epoch > session.them.epoch",
      replace: "link.them.epoch < session.them.epoch",
    },
    {
      name: "of one process any other epoch is the later one",
      find: "link.them.epoch > session.them.epoch",
      replace: "true",
    },
    {
      name: "a higher epoch of the same process replaces nothing",
      find: "link.them.epoch > session.them.epoch",
      replace: "false",
    },
    {
      name: "of two processes the one that spoke last is believed",
      find: "link.startedAt > session.boundAt",
      replace: "true",
    },
    {
      name: "another process never takes the place of the present one",
      find: "link.startedAt > session.boundAt",
      replace: "false",
    },
    {
      name: "a handshake begun before the present peer was proven decides",
      find: "link.startedAt > session.boundAt",
      replace: "link.startedAt < session.boundAt",
    },
    {
      name: "two processes are compared by their epochs",
      find: "sameProcess(link.them, session.them)",
      replace: "true",
    },
    {
      name: "two epochs of one process are compared by when their handshakes began",
      find: "sameProcess(link.them, session.them)",
      replace: "false",
    },
    {
      name: "the beginning of a handshake is no event",
      find: "startedAt: ++binding.events",
      replace: "startedAt: binding.events",
    },
    {
      name: "a peer that replaced another one is not noted",
      find: "binding.session = { them: link.them",
      replace: "binding.session ??= { them: link.them",
    },
    {
      name: "the session of a peer that was replaced is not ended",
      find: `return session === undefined ? "begin" : "replace";`,
      replace: `return "begin";`,
    },
    {
      name: "the epoch is not raised when a session ends",
      find: "epoch: (binding.end.epoch + 1) >>> 0",
      replace: "epoch: binding.end.epoch",
    },
    {
      name: "the epoch after the last one does not fit its bytes",
      find: "epoch: (binding.end.epoch + 1) >>> 0",
      replace: "epoch: binding.end.epoch + 1",
    },
    {
      name: "a session that ended is still there",
      find: "binding.session = undefined;",
      replace: "",
    },
    {
      name: "processes with one equal byte are one",
      find: "one.incarnation.every(",
      replace: "one.incarnation.some(",
    },
    {
      name: "ends of one process are the same whatever their epochs",
      find: "one.epoch === other.epoch && sameProcess(one, other)",
      replace: "sameProcess(one, other)",
    },
  ],
};
