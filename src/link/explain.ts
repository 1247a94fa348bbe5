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

/** The same for what went wrong about the user's own password. */
export function explainUser(error: LinkError, target: Target, name: string): LinkError {
  const { code, retryAfter, received } = error;
  const who = whoIs(target);
  const message =
    code === "ERR_AUTH"
      ? `wrong password of the user ${name}: ${who} has another one, or no user of that name (${error.message})`
      : `${who}: ${error.message}`;
  return new LinkError(code, message, { retryAfter, received, cause: error });
}

/** This program and the other side do not agree whether users have passwords. */
export function explainStage(error: LinkError, target: Target): LinkError {
  return new LinkError(error.code, `${whoIs(target)}: ${error.message}`, { cause: error });
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

/** The connection ended while the user was proving itself. */
export function cutShort(target: Target, cause: Error | undefined): LinkError {
  return new LinkError("ERR_TRUNCATED", `${whoIs(target)} closed the connection while the user proved itself`, {
    cause,
  });
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
