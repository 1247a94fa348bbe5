import type { Ban } from "../schema/ban-types.ts";
import { canonicalSubnet } from "../link/address-set.ts";
import { isOver, MAX_BANS, problemOfReason } from "./ban.ts";
import { checkShape } from "./json-shape.ts";
import { namedField, StateError } from "./state-error.ts";

/** What a Room or server keeps over its restarts. */
export interface State {
  /** What made-up salts are made of (PROTOCOL §3.4). Undefined: none was needed yet. */
  readonly secret: Uint8Array | undefined;
  readonly bans: readonly Ban[];
}

export const MAX_STATE_BYTES = 8 * 1_024 * 1_024;
export const SECRET_BYTES = 32;

/** The first field of the file, and the form of the rest. */
const FORM = 1;

const FIELDS = new Set(["chatroom", "secret", "bans"]);
const BAN_FIELDS = new Set(["address", "since", "until", "reason"]);

/**
 * Reads a state file:
 * `{ "chatroom": 1, "secret": "43 characters of base64url", "bans": [{ "address": "10.0.0.0/8", "since": "2026-01-31T12:00:00.000Z", "until": ..., "reason": ... }] }`.
 * Of several bans of one entry the last one counts.
 * @throws StateError for a text that is none; it says what and where, and nothing of the secret.
 */
export function parseState(text: string): State {
  if (text.length > MAX_STATE_BYTES) throw new StateError(`it is longer than ${MAX_STATE_BYTES} bytes`);
  checkShape(text);
  const file = record(parseJson(text), "the file", FIELDS);
  if (file["chatroom"] !== FORM) throw new StateError(`the field "chatroom" must be ${FORM}`);
  const list = file["bans"];
  if (!Array.isArray(list)) throw new StateError('the field "bans" must be a list');
  if (list.length > MAX_BANS) throw new StateError(`it holds ${list.length} bans, more than ${MAX_BANS}`);
  const bans = new Map<string, Ban>();
  for (const [at, one] of list.entries()) {
    const ban = parseBan(one, `ban ${at + 1}`);
    bans.delete(ban.address);
    bans.set(ban.address, ban);
  }
  return { secret: parseSecret(file["secret"]), bans: [...bans.values()] };
}

/** The text of a state file, a ban to a line. Bans that are over are left out. @throws StateError when it would be too long. */
export function printState({ secret, bans }: State, nowMs: number): string {
  const live = bans.filter((ban) => !isOver(ban, nowMs)).map(lineOf);
  const list = live.length === 0 ? "[]" : `[\n${live.join(",\n")}\n  ]`;
  const own = secret === undefined ? "" : `  "secret": "${Buffer.from(secret).toString("base64url")}",\n`;
  const text = `{\n  "chatroom": ${FORM},\n${own}  "bans": ${list}\n}\n`;
  if (Buffer.byteLength(text) > MAX_STATE_BYTES)
    throw new StateError(`it would be longer than ${MAX_STATE_BYTES} bytes: lift some bans, or give shorter reasons`);
  return text;
}

/** A ban never changes, and most of a list stays from one change to the next. */
const lines = new WeakMap<Ban, string>();

function lineOf(ban: Ban): string {
  let line = lines.get(ban);
  if (line === undefined) lines.set(ban, (line = `    ${JSON.stringify(ban)}`));
  return line;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message may quote the text, and so the secret: no more of it than the place.
    const place = error instanceof SyntaxError ? /position \d+/.exec(error.message)?.[0] : undefined;
    throw new StateError(place === undefined ? "it is no JSON" : `it is no JSON at ${place}`);
  }
}

function parseSecret(value: unknown): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const bytes = typeof value === "string" && value.length === 43 ? Buffer.from(value, "base64url") : undefined;
  if (bytes === undefined || bytes.toString("base64url") !== value)
    throw new StateError(`the field "secret" must be ${SECRET_BYTES} bytes in base64url`);
  return Uint8Array.from(bytes);
}

function parseBan(value: unknown, where: string): Ban {
  const { address, since, until, reason } = record(value, where, BAN_FIELDS);
  const problem = reason === undefined ? undefined : problemOfReason(reason);
  if (problem !== undefined) throw new StateError(`the reason of ${where} ${problem}`);
  return {
    address: parseEntry(address, where),
    since: parseDate(since, `the field "since" of ${where}`),
    until: until === undefined ? undefined : parseDate(until, `the field "until" of ${where}`),
    reason: reason as string | undefined,
  };
}

function parseEntry(value: unknown, where: string): string {
  try {
    if (typeof value === "string" && value.length <= 100) return canonicalSubnet(value);
  } catch {
    // told below, like any other wrong value
  }
  throw new StateError(`the address of ${where} is neither an IP address nor a subnet`);
}

function parseDate(value: unknown, what: string): Date {
  const date = typeof value === "string" && value.length <= 30 ? new Date(value) : undefined;
  if (date === undefined || Number.isNaN(date.getTime()) || date.toISOString() !== value)
    throw new StateError(`${what} must be a time such as "2026-01-31T12:00:00.000Z"`);
  return date;
}

function record(value: unknown, what: string, fields: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new StateError(`${what} must be an object`);
  for (const key of Object.keys(value))
    if (!fields.has(key)) throw new StateError(`${what} has an unknown ${namedField(key)}`);
  return value as Record<string, unknown>;
}
