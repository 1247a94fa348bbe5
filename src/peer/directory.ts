import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Conversation } from "../call/conversation.ts";
import type { Path } from "../schema/peer-types.ts";

/** What peer objects need of the program they belong to. */
export interface Directory {
  readonly clock: Clock;
  readonly log: Logger;
  conversation(name: string): Conversation;
  path(name: string): Path | undefined;
  /** The kind that a user says it is; undefined for one of no kind, or one that is not here. */
  kindOf(name: string): string | undefined;
  /** Names of the live users of a kind, sorted. */
  live(kind: string): readonly string[];
  /** Calls `run` whenever somebody comes or goes, until the returned function is called. */
  onChange(run: () => void): () => void;
}
