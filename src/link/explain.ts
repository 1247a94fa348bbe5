import { LinkError } from "../base/errors.ts";
import type { Purpose } from "../crypto/secret.ts";

/** Whom a handshake was meant to reach, for the messages of its failures. */
export interface Target {
  readonly purpose: Purpose;
  /** The name that was expected; empty: any. */
  readonly peerName: string;
  /** `host:port`. */
  readonly at: string;
}

/** The same error in the words of the user: who it was, where, and what to change. */
export function explain(error: LinkError, target: Target): LinkError {
  const { code, retryAfter, received } = error;
  return new LinkError(code, messageOf(error, target), { retryAfter, received, cause: error });
}

/** What came is no answer of this protocol. */
export function notChatRoom({ at }: Target, cause?: unknown): LinkError {
  return new LinkError("ERR_MALFORMED", `something else than ChatRoom answers at ${at}: wrong port?`, { cause });
}

/** The connection ended before an answer. */
export function noAnswer(target: Target, cause: Error | undefined): LinkError {
  const text = `${whoIs(target)} closed the connection without an answer: it is overloaded, or something else than ChatRoom listens there`;
  return new LinkError("ERR_TRUNCATED", text, { cause });
}

/** No answer within the handshake's deadline. */
export function tooSlow(target: Target, afterMs: number): LinkError {
  return new LinkError(
    "ERR_TIMEOUT",
    `${whoIs(target)} took the connection but did not answer within ${afterMs / 1000} s`,
  );
}

function messageOf(error: LinkError, target: Target): string {
  const who = whoIs(target);
  if (error.code !== "ERR_AUTH") return `${who}: ${error.message}`;
  switch (target.purpose) {
    case 1:
      return `wrong room password: ${who} has another one than this program (${error.message})`;
    case 2:
      return `wrong server password: ${who} has another one than this program (${error.message})`;
    case 5:
      return `${who} does not know the key of this session any more (${error.message})`;
    default:
      return `${who} does not know the ticket of this introduction (${error.message})`;
  }
}

function whoIs({ purpose, peerName, at }: Target): string {
  const named = peerName === "" ? "" : ` ${JSON.stringify(peerName)}`;
  switch (purpose) {
    case 1:
      return `the Room at ${at}`;
    case 2:
      return `the server${named} at ${at}`;
    case 4:
      return `the user${named} through the Room at ${at}`;
    default:
      return `the user${named} at ${at}`;
  }
}
