import type { Pipe } from "../pipe/pipe.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import { LinkError } from "../base/errors.ts";
import { Answering } from "./answering.ts";
import type { LinkContext } from "./dial.ts";
import type { ResponderConfig } from "./handshake.ts";
import type { Link } from "./link.ts";
import { RecordLink } from "./record-link.ts";

export interface AnswerConfig extends LinkContext {
  readonly handshake: ResponderConfig;
  /** Gives up; the pipe is destroyed and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Makes a link as the responder on one pipe that this side opened itself: relayed or punched. No admission limits apply. Otherwise as `dialLink`. */
export async function answerLink(pipe: Pipe, config: AnswerConfig): Promise<Link> {
  const { signal } = config;
  if (signal?.aborted === true) {
    pipe.destroy();
    throw signal.reason;
  }
  const link = await answered(pipe, config);
  if (link.awaitsIdentity) await link.identified(signal);
  return link;
}

function answered(pipe: Pipe, config: AnswerConfig): Promise<RecordLink> {
  const { signal } = config;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal?.reason);
      answering.abort("closing", new LinkError("ERR_REFUSED", "given up"));
    };
    const answering = new Answering(pipe, config, (outcome) => {
      signal?.removeEventListener("abort", abort);
      if (outcome.kind === "link") resolve(new RecordLink(pipe, outcome.established, outcome.rest, config));
      else if (outcome.kind === "failed") reject(withAddress(outcome.error, pipe));
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

function withAddress(error: LinkError, { remote }: Pipe): LinkError {
  const { code, message, retryAfter, received } = error;
  const text = `no handshake over ${showAddress(remote.host, remote.port)}: ${message}`;
  return new LinkError(code, text, { retryAfter, received, cause: error });
}
