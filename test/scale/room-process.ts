import { setTimeout as sleep } from "node:timers/promises";
import { type Logger, loggerOf } from "../../src/base/log.ts";
import { Room } from "../../src/room/room.ts";
import { answer, cpuMs } from "./answer.ts";

/** A Room with shipped defaults in a process of its own. Its log goes where this process's standard error goes; refusals are counted. */
let room: Room | undefined;
let refused: Record<string, number> = {};

const log = loggerOf("info", "room");
const counting: Logger = {
  ...log,
  info: (fields, text) => {
    const { event, reason, suppressed } = fields as { event?: string; reason?: string; suppressed?: number };
    if (event === "refused" && reason !== undefined) refused[reason] = (refused[reason] ?? 0) + 1 + (suppressed ?? 0);
    log.info(fields, text);
  },
};

const commands = {
  async open(port: number, users?: Record<string, string> | null) {
    room = await Room.open({ port, log: counting, ...(users === undefined || users === null ? {} : { users }) });
    return room.port;
  },
  members: () => room?.names.length ?? 0,
  cpuMs,
  /** Resident memory after everything that can go has gone, bytes. */
  async rssBytes() {
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.();
      await sleep(50);
    }
    return process.memoryUsage.rss();
  },
  rssNow: () => process.memoryUsage.rss(),
  /** How often each reason for a refusal came, since this was asked last, as far as the log has told it. */
  refused() {
    const counted = refused;
    refused = {};
    return counted;
  },
};

export type RoomCommands = typeof commands;
answer(commands);
