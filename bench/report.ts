import { EDITOR_GOALS, GOALS, HANDSHAKE_GOAL, IDLE_GOAL_BYTES, INTRODUCTION_GOAL_MS } from "./goals.ts";
import type { Figures } from "./measure.ts";

const COLUMNS: [metric: string, title: string, digits: number, factor: number][] = [
  ["p50Us", "p50 µs", 1, 1],
  ["callsPerS", "calls/s", 0, 1],
  ["cpuUsPerCall", "CPU µs/call", 2, 1],
  ["oneWayPerS", "one-way/s", 0, 1],
  ["mibPerS", "1 MiB echo/s", 0, 1],
  ["connectsPerS", "connects/s", 0, 1],
  ["cpuMsPerConnect", "CPU ms/connect", 3, 1],
  ["idleBytes", "idle KiB", 1, 1 / 1_024],
];

/** The figures as a Markdown table, each with its ratio to `raw`. */
export function table(results: ReadonlyMap<string, Figures>): string {
  const raw = results.get("raw") ?? {};
  const lines = [...results].map(([system, figures]) =>
    [
      system,
      ...COLUMNS.map(([metric, , digits, factor]) => {
        const value = figures[metric] ?? NaN;
        return `${(value * factor).toFixed(digits)} (${(value / (raw[metric] ?? NaN)).toFixed(2)})`;
      }),
    ].join(" | "),
  );
  const titles = ["system (× raw)", ...COLUMNS.map(([, title]) => title)];
  return [titles.join(" | "), titles.map(() => "---").join(" | "), ...lines].map((line) => `| ${line} |`).join("\n");
}

/** How our rows stand to the goals, a line each. */
export function verdicts(results: ReadonlyMap<string, Figures>): string[] {
  const raw = results.get("raw") ?? {};
  const tls = results.get("tls") ?? {};
  const lines: string[] = [];
  for (const [system, side] of [
    ["sealed", "sealed"],
    ["encryption off", "off"],
  ] as const) {
    const figures = results.get(system);
    if (figures === undefined) continue;
    const line = (name: string, value: number, goal: number, floor: number, atLeast: boolean, digits = 2): void => {
      const meets = (limit: number): boolean => (atLeast ? value >= limit : value <= limit);
      const word = meets(goal) ? "goal met" : meets(floor) ? "above the floor" : "BELOW THE FLOOR";
      lines.push(
        `${system}: ${name} ${value.toFixed(digits)}, goal ${atLeast ? "≥" : "≤"} ${goal}, floor ${floor}: ${word}`,
      );
    };
    for (const goal of GOALS) {
      line(
        `${goal.metric} × raw`,
        (figures[goal.metric] ?? NaN) / (raw[goal.metric] ?? NaN),
        goal[side],
        goal.floor,
        goal.atLeast,
      );
    }
    const handshake = (figures.cpuMsPerConnect ?? NaN) / (tls.cpuMsPerConnect ?? NaN);
    line("CPU of a connect × TLS", handshake, HANDSHAKE_GOAL.goal, HANDSHAKE_GOAL.floor, false);
    line("idle connection, bytes", figures.idleBytes ?? NaN, IDLE_GOAL_BYTES.goal, IDLE_GOAL_BYTES.floor, false, 0);
    line(
      "nothing to first answer, ms",
      figures.introductionMs ?? NaN,
      INTRODUCTION_GOAL_MS.goal,
      INTRODUCTION_GOAL_MS.floor,
      false,
      1,
    );
  }
  return lines;
}

/** How what a large contract costs stands to the goals, a line each. */
export function editorVerdicts(figures: Readonly<Partial<Record<keyof typeof EDITOR_GOALS, number>>>): string[] {
  return Object.entries(EDITOR_GOALS).map(([metric, { name, goal, atLeast }]) => {
    const value = figures[metric as keyof typeof EDITOR_GOALS] ?? NaN;
    const [unit, digits] = metric === "coldBytes" ? [1e6, 0] : [1, atLeast ? 1 : 0];
    const isMet = atLeast ? value >= goal : value <= goal;
    return `${name}: ${(value / unit).toFixed(digits)}, goal ${atLeast ? "≥" : "≤"} ${goal / unit}: ${isMet ? "met" : "missed"}`;
  });
}
