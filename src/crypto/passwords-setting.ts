// What bcrypt is told besides the password: `$2b$cc$` and 22 characters of salt. PROTOCOL §3.4.
import type { Random } from "../base/random.ts";

/** The costs that the protocol takes: 2^cost rounds. One hash at 10 keeps a core busy for some 70 ms, at 16 for 5 s. */
export const MIN_COST = 4;
export const MAX_COST = 16;
export const DEFAULT_COST = 10;

/** Characters of a setting. */
export const SETTING_LENGTH = 29;

const SALT_BYTES = 16;
/** bcrypt's own base64: another order than RFC 4648, and no padding. */
const ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** 21 characters of six bits and one whose last four bits are zero: 16 bytes. */
const SETTING = /^\$2b\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{21}[.Oeu]$/;

/** Whether a text is a setting, of a cost that the protocol takes. */
export function isSetting(text: string): boolean {
  return text.length === SETTING_LENGTH && SETTING.test(text);
}

/** The cost in a setting, or in whatever begins with one. */
export function costOf(setting: string): number {
  return Number(setting.slice(4, 6));
}

/**
 * The setting of a cost and a salt.
 * @param salt 16 bytes
 * @throws RangeError for a cost outside of 4 to 16.
 */
export function settingOf(cost: number, salt: Uint8Array): string {
  if (!Number.isInteger(cost) || cost < MIN_COST || cost > MAX_COST)
    throw new RangeError(`cost must be a whole number from ${MIN_COST} to ${MAX_COST}, not ${String(cost)}`);
  let [text, bits, held] = ["", 0, 0];
  for (const byte of salt.subarray(0, SALT_BYTES)) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 6; bits -= 6) text += ALPHABET[(held >>> (bits - 6)) & 63];
  }
  text += ALPHABET[(held << (6 - bits)) & 63];
  return `$2b$${String(cost).padStart(2, "0")}$${text}`;
}

/** A setting with a fresh salt. @throws RangeError for a cost outside of 4 to 16. */
export function freshSetting(cost: number, random: Random): string {
  return settingOf(cost, random(SALT_BYTES));
}
