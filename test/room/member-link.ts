import { onTestFinished } from "vitest";
import { loggerOf } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { passwordSecret } from "../../src/crypto/secret.ts";
import { UserPassword } from "../../src/crypto/user-password.ts";
import { dialLink } from "../../src/link/dial.ts";
import { environmentWith } from "../../src/link/environment.ts";
import type { Link } from "../../src/link/link.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { dialTcp } from "../../src/pipe/tcp.ts";
import { type Boxed, decodeBoxed, decodeToUser, encodeToRoom, type ToUser } from "../../src/wire/room-messages.ts";

/** Somebody who knows the password and then says what it likes. */
export interface ScriptedMember {
  readonly link: Link;
  /** The pipe below: paused, it answers nothing more. */
  readonly pipe: Pipe;
  readonly heard: ToUser[];
  readonly boxes: Boxed[];
  /** What the Room closed it with. */
  closed: { received: number | undefined; message: string } | undefined;
}

export const JOIN = {
  type: "join",
  kind: undefined,
  port: 5_000,
  addresses: [],
  publicHost: undefined,
  lan: "auto",
} as const;

/** A proven link from an address of loopback; it has said nothing yet. */
export async function scripted(room: { port: number }, name: string, localHost = "127.0.0.1"): Promise<ScriptedMember> {
  const { engine, clock, random, limits } = environmentWith();
  const pipe = await dialTcp({ host: "127.0.0.1", port: room.port, localHost, clock, limits: limits.pipe });
  const secret = passwordSecret("Passable", 1, engine);
  const link = await dialLink(pipe, {
    clock,
    log: loggerOf("silent", ""),
    handshake: { engine, random, purpose: 1, name, peerName: "", encryption: true, secret, suites: engine.suites() },
  });
  const member: ScriptedMember = { link, pipe, heard: [], boxes: [], closed: undefined };
  link.start({
    data: (payload) => void member.heard.push(decodeToUser(payload)),
    sealed: (payload) => void member.boxes.push(decodeBoxed(payload)),
    drain() {},
    closed: (error) => (member.closed = { received: error?.received, message: error?.message ?? "" }),
  });
  onTestFinished(() => link.destroy());
  return member;
}

/** Joins as our own users do: in a box, with a token where there is one. */
export function sayJoin({ link }: ScriptedMember, token?: Uint8Array): void {
  link.sendSealed(encodeToRoom({ ...JOIN, token }));
}

/** A wish for an introduction, with a HELLO that nobody looks into. */
export function sayIntroduce({ link }: Pick<ScriptedMember, "link">, name: string, ticketId = systemRandom(16)): void {
  const hello = Uint8Array.of(1, 0, 1, 9);
  link.sendSealed(encodeToRoom({ type: "introduce", name, ticketId, secret: systemRandom(32), hello }));
}

/** An environment that dials from that address of loopback. */
export function from(localHost: string): {
  dial: (options: { host: string; port: number; signal?: AbortSignal | undefined }) => Promise<Pipe>;
} {
  const { clock, limits } = environmentWith();
  return { dial: (options) => dialTcp({ ...options, localHost, clock, limits: limits.pipe }) };
}

/** The setting that a Room with users shows to somebody who claims that name. */
export async function settingFor(room: { port: number }, name: string): Promise<string> {
  const { engine, clock, random, limits, dial } = environmentWith();
  const pipe = await dial({ host: "127.0.0.1", port: room.port });
  const secret = passwordSecret("Passable", 1, engine);
  let shown = "";
  const user = new UserPassword("whatever", engine);
  user.keysFor = async (setting) => {
    shown = setting;
    throw new Error("seen");
  };
  const handshake = {
    engine,
    random,
    purpose: 1,
    name,
    peerName: "",
    encryption: true,
    secret,
    user,
    suites: engine.suites(),
  } as const;
  await dialLink(pipe, { clock, limits, log: loggerOf("silent", ""), handshake }).catch(() => pipe.destroy());
  return shown;
}
