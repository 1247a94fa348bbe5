import type { Clock } from "../base/clock.ts";
import { LinkError } from "../base/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import type { Address, Pipe } from "../pipe/pipe.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import type { AuditLog } from "./audit.ts";
import { explain, explainStage, noAnswer, notChatRoom, type Target, tooSlow } from "./explain.ts";
import type { InitiatorConfig } from "./handshake.ts";
import { FRAME, FrameReader } from "./handshake-frames.ts";
import { Initiator } from "./handshake-initiator.ts";
import type { IdentityRules } from "./identity.ts";
import type { Link } from "./link.ts";
import { logIn } from "./log-in.ts";
import { RecordLink } from "./record-link.ts";

const NOTHING = new Uint8Array(0);

/** What every link is made with. */
export interface LinkContext {
  readonly clock: Clock;
  readonly log: Logger;
  /** Where identities that were refused are told, beside the error of the link. Absent: nowhere. */
  readonly audit?: AuditLog | undefined;
  /** Absent: the defaults. */
  readonly limits?: Limits | undefined;
  /** Which identity this side shows, and what it asks of the other one's. Absent: it shows none, and asks for none. */
  readonly identity?: IdentityRules | undefined;
}

export interface DialConfig extends LinkContext {
  readonly handshake: InitiatorConfig;
  /** The address as the user wrote it, for messages; absent: the pipe's. */
  readonly address?: string | undefined;
  /** Gives up; the pipe is destroyed and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a link as the initiator. Takes the pipe over: on failure it is gone, and a LinkError is thrown whose message a user
 * understands.
 */
export async function dialLink(pipe: Pipe, config: DialConfig): Promise<Link> {
  try {
    config.signal?.throwIfAborted();
    const initiator = new Initiator(config.handshake);
    try {
      return await identified(await initiate(pipe, config, initiator), config);
    } finally {
      initiator.wipe();
    }
  } catch (error) {
    pipe.close(0); // a REFUSE may be on its way out
    throw error;
  }
}

/** The link, once the other side's identity is one that this side takes. */
async function identified(link: RecordLink, config: DialConfig): Promise<Link> {
  if (!link.awaitsIdentity) return link;
  try {
    await link.identified(config.signal);
    return link;
  } catch (error) {
    throw error instanceof LinkError ? explain(error, targetOf(config, link.remote)) : error;
  }
}

function targetOf({ address, handshake: { purpose, peerName } }: DialConfig, { host, port }: Address): Target {
  return { purpose, peerName, at: address ?? showAddress(host, port) };
}

/** One run of the handshake over the pipe, which is still the caller's when this rejects. */
function initiate(pipe: Pipe, config: DialConfig, initiator: Initiator): Promise<RecordLink> {
  const { clock, signal } = config;
  const target = targetOf(config, pipe.remote);
  const deadlineMs = (config.limits ?? DEFAULT_LIMITS).handshake.wholeMs;
  return new Promise((resolve, reject) => {
    const reader = new FrameReader();
    let isFirst = true;
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      timer.cancel();
      signal?.removeEventListener("abort", abort);
    };
    const fail = (error: unknown): void => {
      if (isSettled) return;
      settle();
      reject(error);
    };
    const abort = (): void => fail(signal?.reason);
    const take = (chunk: Uint8Array): void => {
      // The first byte tells most of what is not ours; a service that waits for more would keep us until the deadline.
      if (isFirst && chunk[0] !== FRAME.reply && chunk[0] !== FRAME.refuse) return fail(notChatRoom(target));
      isFirst = false;
      reader.push(chunk);
      const frame = reader.next();
      if (frame === undefined) return;
      const outcome = initiator.receive(frame);
      if (outcome.send !== undefined) pipe.write([outcome.send]);
      if ("error" in outcome) {
        const { error, isAboutUser } = outcome;
        return fail(isAboutUser === true ? explainStage(error, target) : explain(error, target));
      }
      // The responder says nothing more before CONFIRM.
      if (reader.takeRest().length > 0) return fail(notChatRoom(target));
      settle();
      if (outcome.stage === undefined) resolve(new RecordLink(pipe, outcome.established, NOTHING, config));
      else resolve(logIn(pipe, outcome.stage, target, config));
    };
    const timer = clock.after(deadlineMs, () => fail(tooSlow(target, deadlineMs)));
    signal?.addEventListener("abort", abort, { once: true });
    pipe.start({
      data(chunk) {
        if (isSettled) return;
        try {
          take(chunk);
        } catch (error) {
          fail(error instanceof LinkError ? notChatRoom(target, error) : error);
        }
      },
      drain() {},
      end: (error) => fail(noAnswer(target, error)),
    });
    pipe.write([initiator.hello]);
  });
}
