import type { LinkError } from "../base/errors.ts";
import { concat } from "../crypto/bytes.ts";
import { CODE, errorOfCode } from "./handshake-refuse.ts";
import { decodeText, encodeText } from "./names.ts";

/** The payload of a close record: `code u16 | text`, the text cut to 200 bytes. */
export function encodeClose(code: number, text: string): Uint8Array {
  return concat([Uint8Array.of(code >>> 8, code), encodeText(text)]);
}

/** What a close record says: no error for code 0. Undefined when it is malformed. */
export function decodeClose(payload: Uint8Array, encryption: boolean): { error: LinkError | undefined } | undefined {
  const text = payload.length < 2 ? undefined : decodeText(payload.subarray(2));
  if (text === undefined) return undefined;
  const code = ((payload[0] as number) << 8) | (payload[1] as number);
  return { error: code === CODE.done ? undefined : errorOfCode(code, text, { encryption }) };
}
