import { onTestFinished } from "vitest";
import { Room, type RoomOptions } from "../../src/room/room.ts";
import type { UserOptions } from "../../src/schema/peer-types.ts";
import type { ParticipantContract } from "../../src/node/participant.ts";
import { User } from "../../src/user/user.ts";

/** A Room on any free port of loopback, closed after the test. */
export async function openRoom(options: RoomOptions = {}): Promise<Room> {
  const room = await Room.open({ port: 0, log: "silent", ...options });
  onTestFinished(() => room.close());
  return room;
}

/** A user of that Room, closed after the test. */
export async function join(
  room: { port: number },
  name: string,
  options: UserOptions = {},
  contract?: ParticipantContract,
): Promise<User> {
  const user = await User.join(
    name,
    { log: "silent", ...options, room: { port: room.port, ...options.room } },
    contract,
  );
  onTestFinished(() => user.close());
  return user;
}

/** What a promise rejects with. Fails when it does not. */
export async function failure(
  promise: Promise<unknown>,
): Promise<Error & { code?: string; outcome?: string; data?: unknown }> {
  const value = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(value instanceof Error)) throw new Error("it should have failed");
  return value;
}
