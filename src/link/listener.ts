import type { LinkError } from "../base/errors.ts";
import type { Pipe } from "../pipe/pipe.ts";
import type { AddressSet } from "./address-set.ts";
import type { LinkContext } from "./dial.ts";
import type { HelloInfo, ResponderConfig } from "./handshake.ts";
import type { Link } from "./link.ts";

/** Why a connection did not become a link. */
export type RefusalReason =
  | "blacklisted" // its address is barred
  | "penalty" // too many failures of its source
  | "busy" // a limit on connections, links or HELLO frames
  | "no hello" // it went away, or what came was not ours
  | "deadline" // too slow
  | "malformed" // broke the protocol
  | "refused" // a check of the handshake: version, purpose, encryption, name, ticket
  | "wrong secret" // password or ticket; also when it hung up after REPLY
  | "closing"; // this listener is

/** A connection that was refused, for the log. Holds no secrets. */
export interface RefusedEvent {
  readonly reason: RefusalReason;
  /** The address it came from. */
  readonly host: string;
  readonly port: number;
  /** The name it claimed, when it came that far. Not proven. */
  readonly name: string | undefined;
  readonly error: LinkError;
  /** Seconds for which its source is still refused, counting this; 0 when it is not. */
  readonly refusedForS: number;
}

/** What the first frame of a connection that asks for a splice gets: the pipe (with the bytes that came behind the preface), or a REFUSE code. */
export type RelayAnswer = ((pipe: Pipe, early: Uint8Array) => void) | { readonly code: number; readonly text?: string };

export interface LinkListenerConfig extends LinkContext {
  readonly handshake: Omit<ResponderConfig, "admit">;
  /** A new link, proven. Call `start` on it in this call or soon after. */
  onLink(link: Link): void;
  onRefused?(event: RefusedEvent): void;
  /** A proven ticket holder gave a wrong Ta (purposes 3 and 4; PROTOCOL §3.6: three kill the ticket). */
  onWrongTicket?(hello: HelloInfo): void;
  /** Absent: this listener splices nothing, and a RELAY frame is garbage. */
  relay?(relayId: Uint8Array): RelayAnswer;
  /** Never admitted. Read at each connection, so it may be changed at any time. */
  readonly blacklist?: AddressSet | undefined;
  /** Never penalised. */
  readonly allowlist?: AddressSet | undefined;
  /** Numbers in [0, 1) for the early drop. Absent: Math.random. */
  readonly chance?: (() => number) | undefined;
}

/** The answering side of any number of pipes, with the limits of PROTOCOL §4. One per program, whatever it listens on. */
export class LinkListener {
  constructor(config: LinkListenerConfig) {
    void config;
  }

  /** Takes a pipe that someone opened. Give it to `listenTcp` or a memory network as `accept`. */
  readonly accept = (pipe: Pipe): void => {
    pipe.destroy();
  };

  /** Charges a failure that showed after CONFIRM (user stage) to the source of that address. */
  penalise(host: string, seconds: number): void {
    void host;
    void seconds;
  }

  /** Ends every handshake that is on its way and refuses every later pipe. Links already handed out live on. */
  close(): void {}
}
