import type { Pipe } from "../pipe/pipe.ts";
import type { LinkContext } from "./dial.ts";
import type { ResponderConfig } from "./handshake.ts";
import type { Link } from "./link.ts";

export interface AnswerConfig extends LinkContext {
  readonly handshake: ResponderConfig;
  /** For a pipe to the Room that it shall splice: the 16 bytes it gave. The preface goes out first, and the Room may refuse in place of HELLO. */
  readonly relayId?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Makes a link as the responder on one pipe that this side opened itself: relayed or punched. No admission limits apply. Otherwise as `dialLink`. */
export function answerLink(pipe: Pipe, config: AnswerConfig): Promise<Link> {
  return Promise.reject(new Error(`not yet ${pipe.remote.port}`));
}
