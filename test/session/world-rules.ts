import type { Made, SimSession } from "./world-parts.ts";

/** Which link may join a session that is there, and what its owner makes of dials that led nowhere. */
export interface Rules {
  /** Whether a link to the very ends of this session may join it. */
  mayJoin(made: Made, session: SimSession): boolean;
  /** How many keys of one session are kept, the newest ones. */
  readonly keptKeys: number;
  /** Whether a dialler tries an older key when a newer one is not known. */
  readonly triesEveryKey: boolean;
  /** Whether the peer's refusal of a key ends the session. */
  readonly refusalEnds: boolean;
}

/**
 * By the session's own key; by the introduction that made it, when two dials cross; or by any introduction while nothing has come from the peer. That last one: the
 * initiator counts a link as proven when it sent CONFIRM. If CONFIRM never arrives, the other side has no session and no key, and can only be introduced again.
 */
export const RULES: Rules = {
  mayJoin: (made, session) =>
    made.type === "key" ||
    (made.type === "introduction" && (session.isUnconfirmed || made.introduction === session.introduction)),
  keptKeys: Number.POSITIVE_INFINITY,
  triesEveryKey: true,
  refusalEnds: false,
};

/** The rules with one of them broken, and what that breaks: a schedule must show it. */
export interface Variant {
  readonly name: string;
  readonly rules: Rules;
  readonly breaks: RegExp;
}

export const VARIANTS: readonly Variant[] = [
  {
    name: "an introduction does not join a session of which the peer may not know",
    rules: {
      ...RULES,
      mayJoin: (made, session) =>
        made.type === "key" || (made.type === "introduction" && made.introduction === session.introduction),
    },
    breaks: /I4: it took \d+ handshakes/,
  },
  {
    name: "whoever names the ends of a session joins it",
    rules: { ...RULES, mayJoin: () => true },
    breaks: /I9: a link with copied ends was taken/,
  },
  {
    name: "whoever names the ends of a session of which the peer may not know joins it",
    rules: { ...RULES, mayJoin: (made, session) => session.isUnconfirmed || RULES.mayJoin(made, session) },
    breaks: /I9: a link with copied ends was taken/,
  },
  {
    name: "only the three newest keys are kept",
    rules: { ...RULES, keptKeys: 3 },
    breaks: /I4: it took \d+ handshakes/,
  },
  {
    name: "only the newest key is tried",
    rules: { ...RULES, triesEveryKey: false },
    breaks: /I4: it took \d+ handshakes/,
  },
  {
    name: "a refused key ends the session",
    rules: { ...RULES, refusalEnds: true },
    breaks: /I8: a live session was given up/,
  },
];
