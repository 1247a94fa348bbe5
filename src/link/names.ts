// The texts of the protocol: UTF-8, NFC, without control characters; refused otherwise, never repaired.
import { DEFAULT_LIMITS } from "../base/limits.ts";
import { utf8 } from "../crypto/bytes.ts";

/** The longest name, in bytes of UTF-8. */
export const MAX_NAME_BYTES: number = DEFAULT_LIMITS.wire.nameBytes;
/** The longest text of a REFUSE frame or close record, in bytes of UTF-8. */
export const MAX_TEXT_BYTES: number = DEFAULT_LIMITS.wire.textBytes;

// A byte order mark is kept, so that the checks see it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Why a text can't be a name, as the end of a sentence that begins with the name, or undefined when it can. Names are data:
 * "__proto__" is one. Compare them as strings; keep them in a Map, never as keys of an object.
 */
export function problemOfName(name: string): string | undefined {
  if (name === "") return "is empty";
  const problem = problemOfText(name);
  if (problem !== undefined) return problem;
  if (/[\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return "holds an invisible character";
  if (/^\p{Zs}|\p{Zs}$/u.test(name)) return "begins or ends with a space";
  const bytes = utf8(name).length;
  if (bytes > MAX_NAME_BYTES) return `takes ${bytes} bytes in UTF-8, more than ${MAX_NAME_BYTES}`;
  return undefined;
}

/** The name that these bytes are, or undefined when they are none. */
export function decodeName(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_NAME_BYTES) return undefined;
  const name = decodeUtf8(bytes);
  return name === undefined || problemOfName(name) !== undefined ? undefined : name;
}

/** The text of a REFUSE frame or close record, or undefined when these bytes can't be one. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_TEXT_BYTES) return undefined;
  const text = decodeUtf8(bytes);
  return text === undefined || problemOfText(text) !== undefined ? undefined : text;
}

/** Our own text for a REFUSE frame or close record: what it may not hold becomes a space, what is too long is cut. */
export function encodeText(text: string): Uint8Array {
  const bytes = utf8(text.replace(/[\p{Cc}\p{Cs}]/gu, " ").normalize("NFC"));
  let end = Math.min(bytes.length, MAX_TEXT_BYTES);
  // Not inside of a character: its later bytes are 10xxxxxx.
  while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.slice(0, end);
}

function problemOfText(text: string): string | undefined {
  if (/\p{Cc}/u.test(text)) return "holds a control character";
  if (/\p{Cs}/u.test(text)) return "holds half of a surrogate pair";
  if (text.normalize("NFC") !== text) return "is not in Unicode normal form C";
  return undefined;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
