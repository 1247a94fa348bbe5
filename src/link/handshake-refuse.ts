// Why one side ends: the codes of REFUSE frames and close records, their encoding, and the errors that they show as.
import { LinkError, type LinkErrorCode } from "../base/errors.ts";
import { decodeText, encodeText } from "./names.ts";

/** The codes of REFUSE frames and close records. */
export const CODE = {
  done: 0, // close only
  version: 1,
  encryptionMismatch: 2,
  busy: 3, // retryAfter
  penalty: 4,
  purpose: 5,
  ticket: 6,
  nameInvalid: 7,
  nameInUse: 8, // close only
  authentication: 9,
  timeout: 11,
  malformed: 12,
  shuttingDown: 13,
  limit: 14, // close only
} as const;

/** What could make a line of a log read otherwise than it is. */
const INVISIBLE = /[\p{Cf}\p{Zl}\p{Zp}]/gu;

/** What each code shows as, and what it means; a code that is not here is ERR_REFUSED. */
const MEANINGS: ReadonlyMap<number, readonly [LinkErrorCode, string]> = new Map([
  [CODE.version, ["ERR_VERSION", "it speaks another version of the protocol"]],
  [CODE.encryptionMismatch, ["ERR_ENCRYPTION_MISMATCH", "the encryption settings differ"]],
  [CODE.busy, ["ERR_BUSY", "it is busy"]],
  [CODE.penalty, ["ERR_REFUSED", "it refuses connections from this address for a while"]],
  [CODE.purpose, ["ERR_REFUSED", "what was asked for is not served there"]],
  [CODE.ticket, ["ERR_TICKET", "it does not know the ticket"]],
  [CODE.nameInvalid, ["ERR_NAME", "a name is not valid there, or is not its own"]],
  [CODE.nameInUse, ["ERR_NAME", "the name is in use"]],
  [CODE.authentication, ["ERR_AUTH", "authentication failed"]],
  [CODE.timeout, ["ERR_TIMEOUT", "it waited too long"]],
  [CODE.malformed, ["ERR_MALFORMED", "it did not understand what it got"]],
  [CODE.shuttingDown, ["ERR_REFUSED", "it is shutting down"]],
  [CODE.limit, ["ERR_REFUSED", "a limit was passed"]],
]);

/**
 * The error that a received code shows as. `text` is what the peer said; it is shown as such and never acted on: a REFUSE
 * frame is not authenticated.
 */
export function errorOfCode(
  code: number,
  text: string,
  about: { readonly retryAfter?: number | undefined; readonly encryption?: boolean | undefined } = {},
): LinkError {
  const [errorCode, meaning] = MEANINGS.get(code) ?? ["ERR_REFUSED", `it gave the reason number ${code}`];
  const { retryAfter, encryption } = about;
  let message = `the other side refused: ${meaning}`;
  if (code === CODE.encryptionMismatch && encryption !== undefined)
    message = `the other side refused: ${mismatch(encryption)}`;
  if (retryAfter !== undefined && retryAfter > 0) message += `; it asks to wait ${retryAfter} s`;
  if (text !== "") message += ` (peer says: ${JSON.stringify(text.replace(INVISIBLE, "\ufffd"))})`;
  return new LinkError(errorCode, message, { received: code, retryAfter });
}

/** Both settings, in words: each side can only be on or off, so the other one's is known. */
export function mismatch(encryption: boolean): string {
  return encryption
    ? "encryption is on here and off there; set the same on both sides"
    : "encryption is off here and on there; set the same on both sides";
}

/** What a REFUSE body says. */
export interface ReceivedRefusal {
  readonly code: number;
  /** Seconds. */
  readonly retryAfter: number;
  readonly text: string;
}

/** The body of a REFUSE frame: `code u16 | retryAfter s u16 | text`. */
export function encodeRefuseBody(code: number, retryAfter: number, text: string): Uint8Array {
  const said = encodeText(text);
  const seconds = Math.min(0xffff, Math.max(0, Math.ceil(retryAfter)));
  const body = new Uint8Array(4 + said.length);
  body.set([code >>> 8, code, seconds >>> 8, seconds]);
  body.set(said, 4);
  return body;
}

/** What a REFUSE body says, or undefined when it is malformed. */
export function decodeRefuseBody(body: Uint8Array): ReceivedRefusal | undefined {
  if (body.length < 4) return undefined;
  const text = decodeText(body.subarray(4));
  if (text === undefined) return undefined;
  const at = (index: number) => ((body[index] as number) << 8) | (body[index + 1] as number);
  return { code: at(0), retryAfter: at(2), text };
}
