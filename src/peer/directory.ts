import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Request } from "../call/outgoing-call.ts";
import type { Conversation } from "../call/conversation.ts";
import type { Path } from "../schema/peer-types.ts";

/** Where the calls of a peer object go. */
export type Start = (request: Request) => Promise<unknown>;

/** What peer objects need of the program they belong to. */
export interface Directory {
  readonly clock: Clock;
  readonly log: Logger;
  conversation(name: string): Conversation;
  path(name: string): Path | undefined;
  /** The identity that a peer proved; undefined where it was not asked for. */
  identity(name: string): string | undefined;
  /** The kind that a user says it is; undefined for one of no kind, or one that is not here. */
  kindOf(name: string): string | undefined;
  /** Names of the live users of a kind, sorted. */
  live(kind: string): readonly string[];
  /** Why no call begins any more: the program leaves. */
  closing(): string | undefined;
  /** Calls `run` whenever somebody may have come or gone, or is reached another way, and when the program leaves, until the returned function is called. */
  onChange(run: () => void): () => void;
}

/** Calls the user of that name. What is wrong with the name shows as a rejection, like every failure of a call. */
export function startAt(directory: Directory, name: string): Start {
  return (request) => {
    let conversation: Conversation;
    try {
      conversation = directory.conversation(name);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    return conversation.start(request);
  };
}
