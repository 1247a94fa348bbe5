import { expect, test } from "vitest";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { IS_LONG, membersProcess, ready, report, roomProcess, TEST_MS } from "./scene.ts";

const WORKERS = 65;
const PROCESSES = IS_LONG ? 5 : 2;
/** The salt and cost that an entry of the table begins with. */
const SETTING_CHARACTERS = 29;
const PASSWORD = "a password of every worker";

/** How the workers are shared out: a process and its number there. */
const share = (process: number): number =>
  Math.floor((WORKERS * (process + 1)) / PROCESSES) - Math.floor((WORKERS * process) / PROCESSES);

test.each([
  ["know the Room's password alone", undefined],
  [`have passwords of their own, bcrypt at cost ${IS_LONG ? 10 : 4}`, PASSWORD],
])(
  `${WORKERS} workers behind one address that start at once all get in: they %s`,
  async (which, password) => {
    const names = Array.from({ length: PROCESSES }, (_, process) =>
      Array.from({ length: share(process) }, (_name, at) => `W${process}-${at}`),
    ).flat();
    const users =
      password === undefined
        ? undefined
        : await hashPasswords(Object.fromEntries(names.map((name) => [name, password])), { cost: IS_LONG ? 10 : 4 });
    const room = roomProcess();
    const processes = Array.from({ length: PROCESSES }, membersProcess);
    await ready(room, ...processes);
    const port = await room.ask("open", 0, users);
    const startedAt = Date.now();
    const joined = await Promise.all(
      processes.map((members, at) => members.ask("joinUsers", port, `W${at}`, share(at), ["127.0.0.1"], password)),
    );
    const lastMs = Date.now() - startedAt;
    const refused = await room.ask("refused");
    const setting = users?.["W0-0"]?.slice(0, SETTING_CHARACTERS);
    const hashing =
      password === undefined || setting === undefined
        ? []
        : await Promise.all(processes.map((members, at) => members.ask("hashAlone", share(at), password, setting)));
    report(`${WORKERS} workers in ${PROCESSES} processes that ${which}`, [
      `the last one was in after ${lastMs} ms, half of them after ${joined.map(({ p50 }) => p50.toFixed(0)).join(", ")} ms`,
      `refused: ${JSON.stringify(refused)}`,
      ...(hashing.length === 0 ? [] : [`hashing alone, in the same processes: ${Math.max(...hashing).toFixed(0)} ms`]),
    ]);
    expect(names).toHaveLength(WORKERS);
    expect(await room.ask("members")).toBe(WORKERS);
    expect(Object.keys(refused).filter((reason) => reason !== "busy")).toEqual([]);
    if (IS_LONG) expect(lastMs).toBeLessThan(3_000 + 2 * Math.max(0, ...hashing));
  },
  TEST_MS,
);
