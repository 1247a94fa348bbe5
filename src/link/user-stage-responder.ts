import { LinkError } from "../base/errors.ts";
import { copyOf, utf8 } from "../crypto/bytes.ts";
import type { Scalar } from "../crypto/engine.ts";
import {
  CONFIRM_BYTES,
  type UserConfirmation,
  userConfirmation,
  userGenerator,
  userLogin,
  userMaster,
} from "../crypto/key-schedule.ts";
import type { UserEntry } from "../crypto/verifier.ts";
import type { Established } from "./handshake.ts";
import { establish } from "./handshake-keys.ts";
import type { SealedRecord } from "./records.ts";
import { FIRST_NONCE, POINT_BYTES, SEALED_SIGNATURE_BYTES, type UserStageRun, UserStageRecords } from "./user-stage.ts";

/** What the responder does with a record: send record 3 and wait, take the user in, or close without a word. */
export type UserCheckStep =
  | { readonly kind: "send"; readonly send: Uint8Array }
  | { readonly kind: "done"; readonly established: Established }
  | { readonly kind: "failed"; readonly error: LinkError };

type State =
  | { readonly at: "start" }
  | { readonly at: "asked"; readonly yr: Scalar; readonly setting: Uint8Array; readonly Yr: Uint8Array }
  | { readonly at: "proved"; readonly confirmation: UserConfirmation & { ISK2: Uint8Array } }
  | { readonly at: "over" };

/** The answering side of one user stage. No I/O: records in, records out. Used once. */
export class UserStageResponder {
  readonly #run: UserStageRun;
  readonly #entry: UserEntry;
  readonly #records: UserStageRecords;
  #state: State = { at: "start" };
  #hasProved = false;

  /** @param entry what the table has under the initiator's name, or a fake one. */
  constructor(run: UserStageRun, entry: UserEntry) {
    this.#run = run;
    this.#entry = entry;
    this.#records = new UserStageRecords(run);
  }

  /**
   * Whether record 3 went out: it tells the initiator whether its guess was right, so whatever else than a right record 4 comes
   * now is a failure that counts, a silent end included.
   */
  get hasProved(): boolean {
    return this.#hasProved;
  }

  /** Record 1. Once, before the first `receive`. */
  ask(): Uint8Array {
    if (this.#state.at !== "start") throw new Error("a user is asked once");
    const { engine, facts, th } = this.#run;
    const g = userGenerator(engine, this.#entry.prsU, facts.remoteName, th);
    const yr = engine.scalar(this.#run.scalar);
    const Yr = yr.times(engine.point(g));
    g.fill(0);
    if (Yr === undefined) throw new Error("the generator of a user has a low order");
    const setting = utf8(this.#entry.setting);
    this.#state = { at: "asked", yr, setting, Yr };
    return this.#records.seal(setting, Yr);
  }

  /** Takes the next record. */
  receive(record: SealedRecord): UserCheckStep {
    const state = this.#state;
    try {
      if (state.at === "asked") return this.#prove(copyOf(this.#records.open(record, POINT_BYTES)), state);
      if (state.at !== "proved") throw new LinkError("ERR_MALFORMED", "a record came before the user was asked");
      const login = this.#records.open(record, CONFIRM_BYTES + SEALED_SIGNATURE_BYTES);
      return this.#check(login, state.confirmation);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      return this.#failed(error);
    }
  }

  /** Forgets the secrets of a stage that will not go on. */
  wipe(): void {
    const state = this.#state;
    if (state.at === "asked") state.yr.wipe();
    if (state.at === "proved") {
      state.confirmation.ISK2.fill(0);
      state.confirmation.sealKey.fill(0);
    }
    this.#state = { at: "over" };
    this.#run.chain.fill(0);
    this.#records.wipe();
  }

  #prove(Yu: Uint8Array, { yr, setting, Yr }: State & { at: "asked" }): UserCheckStep {
    const { engine, th } = this.#run;
    const K2 = engine.equal(Yu, Yr) ? undefined : yr.times(engine.point(Yu));
    yr.wipe();
    if (K2 === undefined)
      return this.#failed(new LinkError("ERR_MALFORMED", "the user's point is ours, or of low order"));
    const confirmation = userConfirmation(engine, K2, { th, setting, Yr, Yu });
    this.#state = { at: "proved", confirmation };
    this.#hasProved = true;
    return { kind: "send", send: this.#records.seal(confirmation.Tr) };
  }

  #check(login: Uint8Array, { ISK2, th2, Tu, sealKey }: UserConfirmation & { ISK2: Uint8Array }): UserCheckStep {
    const { engine, facts, chain } = this.#run;
    if (!engine.equal(login.subarray(0, CONFIRM_BYTES), Tu)) return this.#notProven();
    const aead = engine.aead(facts.suite, sealKey);
    const signature = aead.open(FIRST_NONCE, [th2], login.subarray(CONFIRM_BYTES));
    aead.wipe();
    if (signature === undefined || !engine.ed25519Verify(this.#entry.P, userLogin(th2), signature))
      return this.#notProven();
    const established = establish(engine, facts, userMaster(engine, chain, ISK2));
    this.wipe();
    return { kind: "done", established };
  }

  #notProven(): UserCheckStep {
    const who = JSON.stringify(this.#run.facts.remoteName);
    return this.#failed(new LinkError("ERR_AUTH", `${who} did not prove that it knows its password`));
  }

  #failed(error: LinkError): UserCheckStep {
    this.wipe();
    return { kind: "failed", error };
  }
}
