import { LinkError } from "../base/errors.ts";
import { copyOf } from "../crypto/bytes.ts";
import {
  CONFIRM_BYTES,
  type UserConfirmation,
  userConfirmation,
  userGenerator,
  userLogin,
  userMaster,
} from "../crypto/key-schedule.ts";
import { isSetting, SETTING_LENGTH } from "../crypto/passwords-setting.ts";
import type { UserKeys } from "../crypto/verifier.ts";
import type { Established } from "./handshake.ts";
import { establish } from "./handshake-keys.ts";
import { CODE } from "./handshake-refuse.ts";
import type { SealedRecord } from "./records.ts";
import { FIRST_NONCE, POINT_BYTES, SEALED_SIGNATURE_BYTES, type UserStageRun, UserStageRecords } from "./user-stage.ts";

/** What the user does next: derive its keys for a setting and give them to `login`, send and wait, send and be in, or send what there is and close. */
export type UserStageStep =
  | { readonly kind: "derive"; readonly setting: string }
  | { readonly kind: "send"; readonly send: Uint8Array }
  | { readonly kind: "done"; readonly send: Uint8Array; readonly established: Established }
  | { readonly kind: "failed"; readonly send?: Uint8Array; readonly error: LinkError };

type State =
  | { readonly at: "start" }
  | { readonly at: "deriving"; readonly setting: Uint8Array; readonly Yr: Uint8Array }
  | { readonly at: "proof"; readonly seed: Uint8Array; readonly confirmation: UserConfirmation & { ISK2: Uint8Array } }
  | { readonly at: "over" };

/** The user's side of one user stage. No I/O: records in, records out. Used once. */
export class UserStageInitiator {
  readonly #run: UserStageRun;
  readonly #records: UserStageRecords;
  #state: State = { at: "start" };

  constructor(run: UserStageRun) {
    this.#run = run;
    this.#records = new UserStageRecords(run);
  }

  /** Takes the next record. */
  receive(record: SealedRecord): UserStageStep {
    try {
      switch (this.#state.at) {
        case "start":
          return this.#challenge(this.#records.open(record, SETTING_LENGTH + POINT_BYTES));
        case "proof":
          return this.#proof(this.#records.open(record, CONFIRM_BYTES), this.#state);
        default:
          // A close may come while the keys are derived.
          this.#records.open(record, 0);
          throw new LinkError("ERR_MALFORMED", "a record came before the user answered");
      }
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      return this.#failed(error);
    }
  }

  /** Takes the keys for the setting that was asked for. They stay the caller's. */
  login({ prsU, seed }: UserKeys): UserStageStep {
    if (this.#state.at !== "deriving") throw new Error("no keys are asked for");
    const { setting, Yr } = this.#state;
    const { engine, facts, th } = this.#run;
    const yu = engine.scalar(this.#run.scalar);
    const g = userGenerator(engine, prsU, facts.localName, th);
    const Yu = yu.times(engine.point(g));
    const K2 = yu.times(engine.point(Yr));
    g.fill(0);
    yu.wipe();
    // Our own message come back, or a point of low order.
    if (Yu === undefined || K2 === undefined || engine.equal(Yu, Yr)) return this.#notProven();
    this.#state = { at: "proof", seed, confirmation: userConfirmation(engine, K2, { th, setting, Yr, Yu }) };
    return { kind: "send", send: this.#records.seal(Yu) };
  }

  /** Forgets the secrets of a stage that will not go on. */
  wipe(): void {
    if (this.#state.at === "proof") {
      this.#state.confirmation.ISK2.fill(0);
      this.#state.confirmation.sealKey.fill(0);
    }
    this.#state = { at: "over" };
    this.#run.chain.fill(0);
    this.#records.wipe();
  }

  #challenge(payload: Uint8Array): UserStageStep {
    const setting = copyOf(payload.subarray(0, SETTING_LENGTH));
    const text = String.fromCharCode(...setting);
    if (!isSetting(text)) {
      const error = new LinkError(
        "ERR_PARAM",
        "the other side asks for bcrypt with a setting that is none, or of a cost outside of 4 to 16",
      );
      return this.#failed(error, CODE.malformed);
    }
    this.#state = { at: "deriving", setting, Yr: copyOf(payload.subarray(SETTING_LENGTH)) };
    return { kind: "derive", setting: text };
  }

  /** Signs only for whom knows prsU: a signature under a key of the password is a test of guesses for everybody else. */
  #proof(Tr: Uint8Array, { seed, confirmation }: State & { at: "proof" }): UserStageStep {
    const { engine, facts, chain } = this.#run;
    const { ISK2, th2, Tu, sealKey } = confirmation;
    if (!engine.equal(Tr, confirmation.Tr)) return this.#notProven();
    const signature = engine.ed25519Sign(seed, userLogin(th2));
    const sealed = new Uint8Array(SEALED_SIGNATURE_BYTES);
    const aead = engine.aead(facts.suite, sealKey);
    aead.seal(FIRST_NONCE, th2, [signature], sealed, 0);
    aead.wipe();
    const send = this.#records.seal(Tu, sealed);
    const established = establish(engine, facts, userMaster(engine, chain, ISK2));
    this.wipe();
    return { kind: "done", send, established };
  }

  #notProven(): UserStageStep {
    const { localName, remoteName } = this.#run.facts;
    const message = `${JSON.stringify(remoteName)} has another password of the user ${JSON.stringify(localName)}, or no user of that name`;
    return this.#failed(new LinkError("ERR_AUTH", message), CODE.authentication);
  }

  #failed(error: LinkError, code?: number): UserStageStep {
    const send = code === undefined ? undefined : this.#records.close(code);
    this.wipe();
    return send === undefined ? { kind: "failed", error } : { kind: "failed", send, error };
  }
}
