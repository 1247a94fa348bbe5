/** The goals of the design, as multiples of `raw` in the same run unless the name says otherwise. `atLeast` false: less is better. */
export interface Goal {
  readonly metric: string;
  readonly atLeast: boolean;
  readonly sealed: number;
  readonly off: number;
  /** Of calls as they are today, whose values describe themselves. */
  readonly floor: number;
}

export const GOALS: readonly Goal[] = [
  { metric: "p50Us", atLeast: false, sealed: 1.5, off: 0.85, floor: 2.2 },
  { metric: "callsPerS", atLeast: true, sealed: 1.5, off: 1.8, floor: 0.8 },
  { metric: "cpuUsPerCall", atLeast: false, sealed: 0.65, off: 0.55, floor: 1 },
  { metric: "oneWayPerS", atLeast: true, sealed: 1.6, off: 2.0, floor: 1.0 },
  { metric: "mibPerS", atLeast: true, sealed: 0.7, off: 1.0, floor: 0.5 },
];

/** CPU of a handshake on both sides, as a multiple of `tls` in the same run. */
export const HANDSHAKE_GOAL = { goal: 0.4, floor: 0.6 };
/** Memory of an idle connection in the accepting process. */
export const IDLE_GOAL_BYTES = { goal: 12_288, floor: 16_384 };
/** From `Room.open` to the first answer, a Room and two users in one warm process. */
export const INTRODUCTION_GOAL_MS = { goal: 50, floor: 150 };

/** What 1,000 methods may cost whoever works with them. `tscTimes`: how much faster the compiler is than with the faster of tRPC and oRPC. */
export const EDITOR_GOALS = {
  coldMs: { name: "codegen, nothing known yet, ms", goal: 3_000, atLeast: false },
  coldBytes: { name: "its memory, MB", goal: 400_000_000, atLeast: false },
  saveMs: { name: "a save under --watch, ms", goal: 200, atLeast: false },
  unchangedMs: { name: "nothing has changed, ms beyond Node's start", goal: 50, atLeast: false },
  completionMs: { name: "completion after an edit, ms", goal: 60, atLeast: false },
  tscTimes: { name: "tsc of all, times as fast", goal: 3, atLeast: true },
} as const;
