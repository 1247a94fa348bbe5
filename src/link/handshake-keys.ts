// What both machines do alike once K is known, PROTOCOL §3.2 and §3.3.
import { calculateISK } from "../crypto/cpace.ts";
import type { Engine, Suite } from "../crypto/engine.ts";
import { type Confirmation, confirmation, linkSecrets, resumeKey, transcriptHash } from "../crypto/key-schedule.ts";
import type { Purpose } from "../crypto/secret.ts";
import type { Established } from "./handshake.ts";
import { createOpener, createSealer } from "./records.ts";

const NO_SID = new Uint8Array(0);

/** The transcript hash, the confirmations and the chain of a run. Wipes K. */
export function confirmRun(
  engine: Engine,
  K: Uint8Array,
  hello: { readonly body: Uint8Array; readonly Ya: Uint8Array; readonly ADa: Uint8Array },
  reply: { readonly withoutTb: Uint8Array; readonly Yb: Uint8Array; readonly ADb: Uint8Array },
): Confirmation & { readonly th: Uint8Array } {
  const ISK = calculateISK(engine, NO_SID, K, { Y: hello.Ya, AD: hello.ADa }, { Y: reply.Yb, AD: reply.ADb });
  K.fill(0);
  const th = transcriptHash(engine, hello.body, reply.withoutTb);
  return { th, ...confirmation(engine, th, ISK) };
}

/** What a run settled, apart from its keys. */
export interface RunFacts {
  readonly role: "initiator" | "responder";
  readonly purpose: Purpose;
  readonly localName: string;
  readonly remoteName: string;
  readonly encryption: boolean;
  readonly suite: Suite;
  readonly localEnd: Uint8Array | undefined;
  readonly remoteEnd: Uint8Array | undefined;
  readonly ticketId: Uint8Array | undefined;
  /** Whether a user stage proved the initiator's name. */
  readonly isUserProven: boolean;
}

/** The link that a finished run gives. Wipes master, which is the chain itself where there is no user stage: kept, it would undo the ratchets. */
export function establish(engine: Engine, facts: RunFacts, master: Uint8Array): Established {
  const { linkId, i2r, r2i } = linkSecrets(engine, master);
  const resume =
    facts.purpose === 2 || facts.purpose === 3 || facts.purpose === 4 ? resumeKey(engine, master) : undefined;
  master.fill(0);
  const [outgoing, incoming] = facts.role === "initiator" ? [i2r, r2i] : [r2i, i2r];
  return {
    ...facts,
    linkId,
    resume,
    sealer: createSealer(engine, facts.suite, facts.encryption, outgoing),
    opener: createOpener(engine, facts.suite, facts.encryption, incoming),
  };
}

/** Whether this implementation has a suite. */
export function isSuite(id: number | undefined): id is Suite {
  return id === 1 || id === 2;
}
