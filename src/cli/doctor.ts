import { hex } from "../base/bytes.ts";
import { LinkError, type LinkErrorCode, PeerError } from "../base/errors.ts";
import { systemRandom } from "../base/random.ts";
import { DEFAULT_HOST, DEFAULT_PORT, isLoopback, isPrivate } from "../link/defaults.ts";
import type { UserStatus } from "../schema/status-types.ts";
import { type Diagnosis, diagnose, diagnoseOutside } from "../user/diagnosis.ts";
import { User } from "../user/user.ts";
import { parse, UsageError } from "./arguments.ts";
import { secretFrom } from "./ask-secret.ts";
import { identityOf } from "./identity.ts";

/** How long is looked for a better path, unless --seconds says otherwise. */
const SECONDS = 8;

/** Nothing was tried for so long, so it is enough: what failed for once is tried again sooner than that. */
const QUIET_MS = 2_500;

/** No program handles a method of that name; the refusal is an answer, and takes as long as one. */
const NO_METHOD = "chatroom doctor";

const TO_GET_IN: Partial<Record<LinkErrorCode, string>> = {
  ERR_UNREACHABLE: "start the Room, or correct --host and --port",
  ERR_TIMEOUT: "look whether the Room's program is stuck, or correct --host and --port",
  ERR_AUTH:
    "give the Room's password in CHATROOM_PASSWORD; where the Room has users, one of them as --name, and its password in CHATROOM_USER_PASSWORD",
  ERR_NAME: "choose another --name",
  ERR_ENCRYPTION_MISMATCH: "give --no-encryption, or leave it out, as the Room does",
  ERR_VERSION: "take the version of chatroom that the Room has",
  ERR_MALFORMED: "correct --host and --port: something else answers there",
};

/** What to do about an error of the join. */
function toGetIn({ code, message, retryAfter = 0 }: LinkError): string {
  const what = retryAfter > 0 ? `wait ${retryAfter} s, and try again` : TO_GET_IN[code];
  return what === undefined ? message : `${what} (${message})`;
}

/** `chatroom doctor PEER`: joins the Room from here, calls a user, and tells over which path it is reached, and why not over a better one. */
export async function doctor(args: string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    {
      host: { type: "string", default: DEFAULT_HOST },
      port: { type: "string", default: String(DEFAULT_PORT) },
      name: { type: "string" },
      lan: { type: "string" },
      "listen-port": { type: "string" },
      "public-host": { type: "string" },
      seconds: { type: "string", default: String(SECONDS) },
      json: { type: "boolean" },
      "no-encryption": { type: "boolean" },
      "identity-file": { type: "string" },
      "ask-password": { type: "boolean" },
      "ask-user-password": { type: "boolean" },
    },
    ["the name of the USER to reach"],
  );
  const peer = positionals[0] as string;
  const seconds = number(values.seconds, "--seconds", 300);
  const isNeeded = !isLoopback(values.host);
  const room = {
    host: values.host,
    port: number(values.port, "--port", 65_535),
    password: await secretFrom("CHATROOM_PASSWORD", "Password of the Room: ", {
      ask: values["ask-password"],
      isNeeded,
    }),
  };
  if (isNeeded && room.password === undefined)
    throw new UsageError(`the Room at ${room.host} has a password: put it into CHATROOM_PASSWORD`);
  const name = values.name ?? `doctor-${hex(systemRandom(4))}`;
  const joining = User.join(name, {
    room,
    password: await secretFrom("CHATROOM_USER_PASSWORD", `Password of ${name}: `, {
      ask: values["ask-user-password"],
      isNeeded: false,
    }),
    identity: await identityOf(values["identity-file"]),
    lan: values.lan,
    listenPort:
      values["listen-port"] === undefined ? undefined : number(values["listen-port"], "--listen-port", 65_535),
    publicHost: values["public-host"],
    encryption: values["no-encryption"] !== true,
    log: "silent",
    reconnect: false,
  });
  const { diagnosis, firstCallMs, status } = await joining.then(
    (user) => examine(user, peer, seconds * 1_000),
    (error: unknown): Examined => {
      if (!(error instanceof LinkError)) throw error;
      return {
        diagnosis: diagnoseOutside(peer, toGetIn(error)),
        status: outside(name, room),
      };
    },
  );
  if (values.json === true)
    process.stdout.write(`${JSON.stringify({ ...diagnosis, firstCallMs, status }, undefined, 2)}\n`);
  else process.stdout.write(report(diagnosis, firstCallMs, status));
  return diagnosis.path === undefined ? 1 : 0;
}

interface Examined {
  readonly diagnosis: Diagnosis;
  /** Undefined: there was no answer in time. */
  readonly firstCallMs?: number | undefined;
  readonly status: UserStatus;
}

async function examine(joined: User, peer: string, mostMs: number): Promise<Examined> {
  await using user = joined;
  const firstCallMs = await firstCall(user, peer, mostMs);
  if (firstCallMs !== undefined) await settled(user, peer, mostMs);
  const status = user.status();
  return { diagnosis: diagnose(status, peer), firstCallMs, status };
}

/** Of one that the Room did not let in. */
function outside(name: string, { host, port }: { readonly host: string; readonly port: number }): UserStatus {
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const room = { address, joined: false, seenAs: undefined, reachable: undefined, rttMs: undefined };
  return { name, room, port: 0, addresses: [], peers: [] };
}

/** From the first call to its answer, in ms; undefined when there was none in time. */
async function firstCall(user: User, peer: string, timeoutMs: number): Promise<number | undefined> {
  const start = performance.now();
  try {
    await user.peer(peer).get(NO_METHOD, undefined, { timeoutMs });
  } catch (error) {
    if (!(error instanceof PeerError) || error.code !== "NOT_FOUND") return undefined;
  }
  return Math.round(performance.now() - start);
}

/** Waits until no better path is being tried, and it is known whether this machine can be dialled, or it is enough. */
async function settled(user: User, peer: string, mostMs: number): Promise<void> {
  const start = performance.now();
  let quietSince = start;
  for (let now = start; now - start < mostMs; now = performance.now()) {
    const { room, peers } = user.status();
    const its = peers.find(({ name }) => name === peer);
    if (its?.path === "lan") return;
    if (its === undefined || its.attempts.some(({ outcome }) => outcome === "trying")) quietSince = now;
    if (now - quietSince >= QUIET_MS && !isToBeDialled(room)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether it is not known yet if the Room can dial this machine. */
function isToBeDialled({ joined, seenAs, reachable }: UserStatus["room"]): boolean {
  return joined && seenAs !== undefined && !isPrivate(seenAs) && reachable === undefined;
}

/** How the Room sees this machine, in one sentence. */
function seen(room: UserStatus["room"]): string {
  const { joined, seenAs, reachable } = room;
  if (!joined) return "This machine is not in the Room.";
  const start = `The Room sees this machine as ${seenAs ?? "nothing yet"}`;
  if (isToBeDialled(room)) return `${start}; whether it can dial it from outside is not known yet.`;
  if (reachable === undefined) return `${start}, where nobody outside could dial it.`;
  return `${start}, and ${reachable ? "can" : "can't"} dial it from outside.`;
}

/** What people read. */
export function report(
  { peer, path, findings, advice }: Diagnosis,
  firstMs: number | undefined,
  { room }: UserStatus,
): string {
  const lines = [
    path === undefined ? `${peer} can't be reached from here.` : `${peer} is reached over ${path}.`,
    seen(room),
  ];
  if (firstMs !== undefined) lines.push(`The first call was answered after ${firstMs} ms.`);
  lines.push("");
  for (const { path: way, verdict, why, attempts } of findings) {
    lines.push(
      `${way.padEnd(8)} ${verdict === "no" ? `no: ${why}` : verdict === "used" ? "used" : `not needed: ${why}`}`,
    );
    const latest = new Map(attempts.map((attempt) => [attempt.address, attempt]));
    for (const { address, outcome, why: what, tookMs } of latest.values())
      lines.push(
        `         ${address ?? "through the Room"}: ${outcome}${what === undefined ? "" : `, ${what}`}${tookMs === undefined ? "" : ` (${tookMs} ms)`}`,
      );
  }
  if (advice.length > 0)
    lines.push("", path === undefined ? "What to do:" : "For a better path:", ...advice.map((one) => `- ${one}`));
  return `${lines.join("\n")}\n`;
}

function number(text: string, option: string, most: number): number {
  const value = Number(text);
  if (!/^\d{1,6}$/.test(text) || value > most)
    throw new UsageError(`${option} must be a whole number from 0 to ${most}, not "${text}"`);
  return value;
}
