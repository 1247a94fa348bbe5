import type { LinkError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Engine, Suite } from "../crypto/engine.ts";
import type { Purpose, Secret } from "../crypto/secret.ts";
import type { UserPassword } from "../crypto/user-password.ts";
import type { RecordOpener, RecordSealer } from "./records.ts";
import type { UserStageInitiator } from "./user-stage-initiator.ts";
import type { UserStageResponder } from "./user-stage-responder.ts";
import type { UserTable } from "./user-table.ts";

/** One frame before the keys, without its header: 1 HELLO, 2 REPLY, 3 CONFIRM, 4 REFUSE, 5 RELAY. */
export interface Frame {
  readonly type: number;
  readonly body: Uint8Array;
}

/** What both ends have when the other one proved itself: the initiator after a right Tb, the responder after a right Ta; with a user stage, after it. */
export interface Established {
  readonly role: "initiator" | "responder";
  readonly purpose: Purpose;
  readonly localName: string;
  readonly remoteName: string;
  readonly encryption: boolean;
  readonly suite: Suite;
  /** 32 bytes that name this link; the same at both ends, never sent. PROTOCOL calls it sessionId. */
  readonly linkId: Uint8Array;
  /** The session ends of extension 2 (16 bytes), in purposes 2 to 5, where they were given. The local one is the very array that the config gave, so that its owner can tell handshakes apart. */
  readonly localEnd: Uint8Array | undefined;
  readonly remoteEnd: Uint8Array | undefined;
  /** The resume key of purposes 2, 3 and 4. The holder wipes it with the session. */
  readonly resume: { readonly secret: Uint8Array; readonly ticketId: Uint8Array } | undefined;
  /** The ticket (3, 4) or resume key (5) that was used. */
  readonly ticketId: Uint8Array | undefined;
  /** Whether the initiator proved its name with a user password (purposes 1 and 2, where there is a table of users). */
  readonly isUserProven: boolean;
  readonly sealer: RecordSealer;
  readonly opener: RecordOpener;
}

export interface InitiatorConfig {
  readonly engine: Engine;
  readonly random: Random;
  readonly purpose: Purpose;
  readonly name: string;
  /** The name that must answer. Empty: any, in purposes 1 and 2 only. */
  readonly peerName: string;
  readonly encryption: boolean;
  /** Made for the same purpose. */
  readonly secret: Secret;
  /** 16 bytes; purposes 3, 4 and 5 only, where it is required. */
  readonly ticketId?: Uint8Array | undefined;
  /** This side's session end, 16 bytes (extension 2). */
  readonly end?: Uint8Array | undefined;
  /** The user's own password, in purposes 1 and 2: a user stage must follow. Absent: none may. */
  readonly user?: UserPassword | undefined;
  /** AEAD suites in order of preference, 1 to 8 numbers (extension 3). Absent: no extension 3, so suite 1. */
  readonly suites?: readonly number[] | undefined;
  /** Further extensions of HELLO, encoded, after those above. */
  readonly extensions?: Uint8Array | undefined;
  /** The secret scalars ya and yu, for vectors. Absent: fresh random ones. */
  readonly scalar?: Uint8Array | undefined;
  readonly userScalar?: Uint8Array | undefined;
}

/** What HELLO says, once its structure and names are valid. */
export interface HelloInfo {
  readonly purpose: Purpose;
  /** The initiator's name. */
  readonly name: string;
  /** The name it expects to answer; empty: any. */
  readonly peerName: string;
  /** 16 bytes; zeros in purposes 1 and 2. */
  readonly ticketId: Uint8Array;
  readonly encryption: boolean;
  /** The initiator's session end, when it gave one. */
  readonly end: Uint8Array | undefined;
}

/** A refusal by the responder's owner, before anything of HELLO but its magic is looked at. */
export interface Refusal {
  /** 3 busy, 4 penalty or ban, 13 shutting down. */
  readonly code: number;
  /** Seconds, 0..65,535; fractions are rounded up. */
  readonly retryAfter?: number | undefined;
  /** At most 200 bytes of UTF-8. */
  readonly text?: string | undefined;
}

export interface ResponderConfig {
  readonly engine: Engine;
  readonly random: Random;
  readonly name: string;
  readonly encryption: boolean;
  /** Who may come in purposes 1 and 2, each by a password of its own. Absent: everybody that has the secret, under any name. */
  readonly users?: UserTable | undefined;
  /** The AEAD suites that this side has. Absent: it knows no extension 3, so suite 1. */
  readonly suites?: readonly number[] | undefined;
  /** Limits and penalties: a refusal to give at once, or undefined to go on. Called once per HELLO, after its first three bytes. */
  admit?(): Refusal | undefined;
  serves(purpose: number): boolean;
  /**
   * The secret for this HELLO, or undefined to refuse it (6). Called after all other checks and before any curve work. In
   * purposes 1 and 2 it must be there. In 3 and 4 the ticket must be known, unexpired, unspent and made for these two names
   * in these roles; in 5 the resume key must be for these two names in either role.
   */
  secretFor(hello: HelloInfo): Secret | undefined;
  /** This side's session end (16 bytes) towards that initiator, for REPLY. Called after `secretFor`, in purposes 2 to 5. */
  end?(hello: HelloInfo): Uint8Array | undefined;
  /** Further extensions of REPLY, encoded, before those above. */
  readonly extensions?: Uint8Array | undefined;
  /** The secret scalars yb and yr, for vectors. Absent: fresh random ones. */
  readonly scalar?: Uint8Array | undefined;
  readonly userScalar?: Uint8Array | undefined;
}

/**
 * What the initiator does with the responder's frame: send CONFIRM and go on, with the user stage if there is one, or send a
 * REFUSE if there is one, and close.
 */
export type InitiatorOutcome =
  | { readonly send: Uint8Array; readonly established: Established; readonly stage?: undefined }
  | { readonly send: Uint8Array; readonly established?: undefined; readonly stage: UserStageInitiator }
  | InitiatorFailure;

export interface InitiatorFailure {
  readonly send?: Uint8Array;
  readonly error: LinkError;
  /** Set where it is about the user's own password, not the secret of the handshake. */
  readonly isAboutUser?: boolean;
}

/** What the responder does with HELLO: send REPLY and wait, or send a REFUSE if there is one (else say nothing), and close. */
export type HelloOutcome =
  | { readonly send: Uint8Array; readonly error?: undefined }
  | { readonly send?: Uint8Array; readonly error: LinkError };

/** What the responder does with the frame after REPLY: go on, with the user stage if there is one, or close without a word. */
export type ConfirmOutcome =
  | { readonly established: Established; readonly stage?: undefined; readonly error?: undefined }
  | { readonly established?: undefined; readonly stage: UserStageResponder; readonly error?: undefined }
  | { readonly error: LinkError };
