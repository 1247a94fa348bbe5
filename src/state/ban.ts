import { canonicalSubnet } from "../link/address-set.ts";
import type { Ban, BanOptions } from "../schema/ban-types.ts";

export const MAX_BANS = 100_000;
export const MAX_REASON_LENGTH = 200;
/** A hundred years. */
const MAX_SECONDS = 3_155_760_000;

/** @throws TypeError as {@link Bans.add} does. */
export function makeBan(address: string, { seconds, reason }: BanOptions, nowMs: number): Ban {
  if (seconds !== undefined && !(typeof seconds === "number" && seconds > 0 && seconds <= MAX_SECONDS))
    throw new TypeError(`the seconds of a ban must be above 0 and at most ${MAX_SECONDS}, not ${String(seconds)}`);
  const problem = reason === undefined ? undefined : problemOfReason(reason);
  if (problem !== undefined) throw new TypeError(`the reason of a ban ${problem}`);
  const until = seconds === undefined ? undefined : new Date(nowMs + Math.ceil(seconds * 1_000));
  return { address: addressOf(address), since: new Date(nowMs), until, reason };
}

/** The list with a ban in it, in place of another one of that very entry. @throws Error when there are too many. */
export function withBan(bans: readonly Ban[], ban: Ban): Ban[] {
  const others = withoutBan(bans, ban.address);
  if (others.length >= MAX_BANS) throw new Error(`there are ${MAX_BANS} bans already: lift some, or ban a subnet`);
  return [...others, ban];
}

/** The list without the ban of that very entry. @throws TypeError for an address that is none. */
export function withoutBan(bans: readonly Ban[], address: string): Ban[] {
  const entry = addressOf(address);
  return bans.filter((ban) => ban.address !== entry);
}

export function isOver({ until }: Ban, nowMs: number): boolean {
  return until !== undefined && until.getTime() <= nowMs;
}

/** Why a text can't be a reason, as the end of a sentence that begins with it. */
export function problemOfReason(reason: unknown): string | undefined {
  if (typeof reason !== "string") return "must be a text";
  if (reason.length > MAX_REASON_LENGTH) return `must have at most ${MAX_REASON_LENGTH} characters`;
  if (/[\p{Cc}\p{Cs}\p{Cf}\p{Zl}\p{Zp}]/u.test(reason)) return "holds a control or invisible character";
  return undefined;
}

function addressOf(address: unknown): string {
  if (typeof address !== "string" || address.length > 100)
    throw new TypeError("a ban needs an IP address, or a subnet such as 10.0.0.0/8");
  return canonicalSubnet(address);
}
