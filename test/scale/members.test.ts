import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { IS_LONG, MEBIBYTE, membersProcess, ready, report, roomProcess, TEST_MS } from "./scene.ts";

const FEW = IS_LONG ? 100 : 20;
const MANY = IS_LONG ? 2_000 : 200;
const HOSTS = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
/** Memory of the Room for a member that is there and says nothing. */
const MEMBER_BYTES = 48 * 1_024;

test(
  `${MANY} members in one Room: what they cost, how fast they join, and that they leave nothing`,
  async () => {
    const [room, members] = [roomProcess(), membersProcess()];
    await ready(room, members);
    const port = await room.ask("open", 0);
    await members.ask("joinRaw", port, "Few", FEW, HOSTS, 4);
    const fewBytes = await room.ask("rssBytes");
    const before = await room.ask("cpuMs");
    const joinMs = await members.ask("joinRaw", port, "More", MANY - FEW, HOSTS, 4);
    const joinCpuMs = (await room.ask("cpuMs")) - before;
    while ((await members.ask("heardOfAll", MANY)) < MANY) await sleep(20);
    const told = await members.ask("messagesTold");
    const manyBytes = await room.ask("rssBytes");
    expect(await room.ask("members")).toBe(MANY);
    expect(await members.ask("openRaw")).toBe(MANY);
    const leaving = await room.ask("cpuMs");
    const leavesAt = Date.now();
    await members.ask("closeRaw");
    while ((await room.ask("members")) > 0) await sleep(20);
    const leaveMs = Date.now() - leavesAt;
    const leaveCpuMs = (await room.ask("cpuMs")) - leaving;
    await sleep(IS_LONG ? 3_000 : 0); // sockets that linger are gone
    const emptyBytes = await room.ask("rssBytes");

    const memberBytes = (manyBytes - fewBytes) / (MANY - FEW);
    report(`${MANY} members`, [
      `${MANY - FEW} joined in ${joinMs.toFixed(0)} ms, ${((MANY - FEW) / (joinMs / 1_000)).toFixed(0)} per second; CPU of the Room ${joinCpuMs.toFixed(0)} ms`,
      `messages to members: ${told}; one by one they would have been ${(MANY * (MANY + 1)) / 2}`,
      `memory of the Room: ${(fewBytes / MEBIBYTE).toFixed(1)} MiB with ${FEW}, ${(manyBytes / MEBIBYTE).toFixed(1)} with ${MANY}, ${(memberBytes / 1_024).toFixed(1)} KiB each; ${(emptyBytes / MEBIBYTE).toFixed(1)} MiB when all have left`,
      `all left within ${leaveMs} ms; CPU of the Room ${leaveCpuMs.toFixed(0)} ms`,
    ]);
    // A welcome is a message and one for each 300 members; the rest is told in pauses, which are the longer the more members there are.
    const welcomes = MANY * (2 + MANY / 300);
    expect(told - welcomes).toBeLessThan((MANY * MANY) / 4);
    if (IS_LONG) expect(memberBytes).toBeLessThan(MEMBER_BYTES);
    if (IS_LONG) expect(emptyBytes - fewBytes).toBeLessThan((manyBytes - fewBytes) / 2 + 16 * MEBIBYTE);
  },
  TEST_MS,
);
