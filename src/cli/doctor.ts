import { hex } from "../base/bytes.ts";
import { PeerError } from "../base/errors.ts";
import { systemRandom } from "../base/random.ts";
import { DEFAULT_HOST, DEFAULT_PORT, isLoopback } from "../link/defaults.ts";
import { type Diagnosis, diagnose } from "../user/diagnosis.ts";
import { User } from "../user/user.ts";
import { parse, UsageError } from "./arguments.ts";
import { askSecret } from "./ask-secret.ts";

/** How long is looked for a better path, unless --seconds says otherwise. */
const SECONDS = 8;

/** Nothing was tried for so long, so it is enough: what failed for once is tried again sooner than that. */
const QUIET_MS = 2_500;

/** No program handles a method of that name; the refusal is an answer, and takes as long as one. */
const NO_METHOD = "chatroom doctor";

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
    },
    ["the name of the USER to reach"],
  );
  const peer = positionals[0] as string;
  const seconds = number(values.seconds, "--seconds", 300);
  const password = await passwordFor(values.host);
  await using user = await User.join(values.name ?? `doctor-${hex(systemRandom(4))}`, {
    room: { host: values.host, port: number(values.port, "--port", 65_535), password },
    lan: values.lan,
    listenPort:
      values["listen-port"] === undefined ? undefined : number(values["listen-port"], "--listen-port", 65_535),
    publicHost: values["public-host"],
    encryption: values["no-encryption"] !== true,
    log: "silent",
    reconnect: false,
  });
  const firstMs = await firstCall(user, peer, seconds * 1_000);
  if (firstMs !== undefined) await settled(user, peer, seconds * 1_000);
  const status = user.status();
  const diagnosis = diagnose(status, peer);
  if (values.json === true)
    process.stdout.write(`${JSON.stringify({ ...diagnosis, firstCallMs: firstMs, status }, undefined, 2)}\n`);
  else process.stdout.write(report(diagnosis, firstMs, status.room.seenAs, status.room.reachable));
  return diagnosis.path === undefined ? 1 : 0;
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

/** Waits until no better path is being tried, or it is enough. */
async function settled(user: User, peer: string, mostMs: number): Promise<void> {
  const start = performance.now();
  let quietSince = start;
  for (let now = start; now - start < mostMs && now - quietSince < QUIET_MS; now = performance.now()) {
    const its = user.status().peers.find(({ name }) => name === peer);
    if (its?.path === "lan") return;
    if (its === undefined || its.attempts.some(({ outcome }) => outcome === "trying")) quietSince = now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function report(
  { peer, path, findings, advice }: Diagnosis,
  firstMs: number | undefined,
  seenAs: string | undefined,
  isReachable: boolean,
): string {
  const lines = [
    path === undefined ? `${peer} can't be reached from here.` : `${peer} is reached over ${path}.`,
    `The Room sees this machine as ${seenAs ?? "nothing yet"}, and ${isReachable ? "can" : "can't"} dial it from outside.`,
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
  if (advice.length > 0) lines.push("", "For a better path:", ...advice.map((one) => `- ${one}`));
  return `${lines.join("\n")}\n`;
}

function number(text: string, option: string, most: number): number {
  const value = Number(text);
  if (!/^\d{1,6}$/.test(text) || value > most)
    throw new UsageError(`${option} must be a whole number from 0 to ${most}, not "${text}"`);
  return value;
}

/** From the environment, else from the terminal where one is needed. */
async function passwordFor(host: string): Promise<string | undefined> {
  const given = process.env["CHATROOM_PASSWORD"];
  if (given !== undefined && given !== "") return given;
  return !isLoopback(host) && process.stdin.isTTY ? askSecret("Password of the Room: ") : undefined;
}
