import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { show } from "./latencies.ts";
import { IS_LONG, membersProcess, ready, report, roomProcess, TEST_MS } from "./scene.ts";

const MEMBERS = IS_LONG ? 500 : 60;
const PROCESSES = 2;
const BACK_MS = 5_000;
/** How long the Room is gone: 200 ms, and long enough for all members to wait between their tries. */
const OUTAGES = IS_LONG ? [200, 6_000] : [200];

test.each(OUTAGES)(
  `${MEMBERS} members of one address come back to a Room that was killed and is there again after %i ms`,
  async (outageMs) => {
    const [room, next] = [roomProcess(), roomProcess()];
    const processes = Array.from({ length: PROCESSES }, membersProcess);
    await ready(room, next, ...processes);
    const port = await room.ask("open", 0);
    const startedAt = Date.now();
    const share = MEMBERS / PROCESSES;
    await Promise.all(processes.map((members, at) => members.ask("joinUsers", port, `M${at}`, share, ["127.0.0.1"])));
    const joinMs = Date.now() - startedAt;
    await Promise.all(processes.map((members) => members.ask("firstCalls", 1)));

    await room.kill();
    const killedAt = Date.now();
    await sleep(outageMs);
    await next.ask("open", port);
    const openAt = Date.now();
    const back = await Promise.all(processes.map((members) => members.ask("untilIn", 2)));
    const backMs = Math.max(...back) - openAt;
    const beginAt = Date.now();
    const calls = await Promise.all(processes.map((members) => members.ask("firstCalls", 3)));
    const refused = await next.ask("refused");
    report(`${MEMBERS} members, the Room gone for ${openAt - killedAt} ms`, [
      `at first all were in after ${joinMs} ms`,
      `all were back ${backMs} ms after the Room was; CPU of the Room ${(await next.ask("cpuMs")).toFixed(0)} ms, start included`,
      `${MEMBERS} introductions and first calls at once then: ${calls.map(show).join("; ")}; all after ${Date.now() - beginAt} ms`,
      `refused: ${JSON.stringify(refused)}`,
    ]);
    expect(await next.ask("members")).toBe(MEMBERS);
    expect(calls.reduce((sum, { count }) => sum + count, 0)).toBe(MEMBERS);
    expect(Object.keys(refused).filter((reason) => reason !== "busy")).toEqual([]);
    if (IS_LONG) expect(backMs).toBeLessThan(BACK_MS);
  },
  TEST_MS,
);
