// The user stage, PROTOCOL §3.4: four records of type 6 after CONFIRM, always sealed, under keys of their own. A close record
// may come in place of any.
//
//   user                                responder
//                                   <-  1  setting[29] | Yr[32]
//   2  Yu[32]                       ->
//                                   <-  3  Tr[32]
//   4  Tu[32] | sealed signature    ->
//   records                        <->  records
import { LinkError } from "../base/errors.ts";
import type { Engine } from "../crypto/engine.ts";
import { userStageSecrets } from "../crypto/key-schedule.ts";
import { decodeClose, encodeClose } from "./close.ts";
import type { RunFacts } from "./handshake-keys.ts";
import { MAX_TEXT_BYTES } from "./names.ts";
import {
  createOpener,
  createSealer,
  MIN_BODY_BYTES,
  RECORD,
  type RecordOpener,
  type RecordSealer,
  type SealedRecord,
} from "./records.ts";

export const POINT_BYTES = 32;
/** Bytes of record 4 behind Tu: a signature and its tag. */
export const SEALED_SIGNATURE_BYTES = 64 + 16;
/** The longest body of a record here: a close with the longest text. */
export const MAX_STAGE_BODY_BYTES: number = MIN_BODY_BYTES + 2 + MAX_TEXT_BYTES;

/** The nonce of the one message under a key of its own. */
export const FIRST_NONCE: Uint8Array = new Uint8Array(12);

/** What the handshake hands to its user stage. */
export interface UserStageRun {
  readonly engine: Engine;
  readonly facts: RunFacts;
  readonly th: Uint8Array;
  /** The stage's from now on, to wipe. */
  readonly chain: Uint8Array;
  /** The secret scalar, for vectors. Absent: a fresh random one. */
  readonly scalar?: Uint8Array | undefined;
}

/** The records of the stage, as one side sends and receives them. */
export class UserStageRecords {
  readonly #sealer: RecordSealer;
  readonly #opener: RecordOpener;
  readonly #encryption: boolean;

  constructor({ engine, facts, chain }: UserStageRun) {
    const { i2r, r2i } = userStageSecrets(engine, chain);
    const [outgoing, incoming] = facts.role === "initiator" ? [i2r, r2i] : [r2i, i2r];
    this.#sealer = createSealer(engine, facts.suite, true, { records: outgoing });
    this.#opener = createOpener(engine, facts.suite, true, { records: incoming });
    this.#encryption = facts.encryption;
  }

  seal(...parts: Uint8Array[]): Uint8Array {
    return this.#sealer.seal(RECORD.userStage, parts);
  }

  /** The last record of this side. */
  close(code: number): Uint8Array {
    return this.#sealer.seal(RECORD.close, [encodeClose(code, "")]);
  }

  /**
   * The payload of the next record, which must be of the stage and `length` bytes long.
   * @throws LinkError ERR_RECORD when it does not open, ERR_MALFORMED when it is another one, and what a close record says.
   */
  open(record: SealedRecord, length: number): Uint8Array {
    const { type, payload } = this.#opener.open(record.lengthPrefix, record.body);
    if (type === RECORD.userStage && payload.length === length) return payload;
    const close = type === RECORD.close ? decodeClose(payload, this.#encryption) : undefined;
    if (close === undefined)
      throw new LinkError("ERR_MALFORMED", "a record of the user stage is another one than is due");
    throw close.error ?? new LinkError("ERR_TRUNCATED", "the other side closed the link during the user stage");
  }

  wipe(): void {
    this.#sealer.wipe();
    this.#opener.wipe();
  }
}
