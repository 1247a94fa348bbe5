import { LinkError, type LinkErrorCode } from "../base/errors.ts";
import { concat, copyOf, utf8 } from "../crypto/bytes.ts";
import type { Point, Suite } from "../crypto/engine.ts";
import { CONFIRM_BYTES } from "../crypto/key-schedule.ts";
import type { Purpose } from "../crypto/secret.ts";
import type { ConfirmOutcome, Frame, HelloInfo, HelloOutcome, ResponderConfig } from "./handshake.ts";
import { beginsLikeMagic, encodeFrame, encodeRefuse, FRAME, MAGIC } from "./handshake-frames.ts";
import {
  encodeExtension,
  encodeReply,
  END_BYTES,
  EXT,
  type Hello,
  NONCE_BYTES,
  parseHello,
} from "./handshake-hello.ts";
import { confirmRun, establish, isSuite, type RunFacts } from "./handshake-keys.ts";
import { CODE, decodeRefuseBody, errorOfCode, mismatch } from "./handshake-refuse.ts";
import { decodeName, problemOfName } from "./names.ts";
import { UserStageResponder } from "./user-stage-responder.ts";
import type { UserTable } from "./user-table.ts";

/** What a run left when REPLY went out. */
interface Run {
  readonly facts: RunFacts;
  readonly th: Uint8Array;
  readonly chain: Uint8Array;
}

/** Where the machine is: waiting for HELLO, waiting for CONFIRM with what it will need, or done. */
type State =
  | { readonly at: "start" }
  | ({ readonly at: "replied"; readonly Ta: Uint8Array } & Run)
  | { readonly at: "over" };

/** The answering side of one handshake. No I/O: bytes in, bytes out. Used once. */
export class Responder {
  readonly #config: ResponderConfig;
  #state: State = { at: "start" };
  #hasReplied = false;
  #info: HelloInfo | undefined;

  /** @throws TypeError for a name that can't be said in REPLY. */
  constructor(config: ResponderConfig) {
    const problem = problemOfName(config.name);
    if (problem !== undefined) throw new TypeError(`the name ${JSON.stringify(config.name)} ${problem}`);
    this.#config = config;
  }

  /**
   * Whether REPLY went out. From then on everything but a right CONFIRM is a guess that counts, a silent end included
   * (purposes 1 and 2); of a ticket only a wrong Ta counts, which `confirm` tells by ERR_AUTH without a received code.
   */
  get hasReplied(): boolean {
    return this.#hasReplied;
  }

  /** What HELLO said; undefined until its structure and names passed. */
  get info(): HelloInfo | undefined {
    return this.#info;
  }

  /** Takes the initiator's first frame. */
  hello(frame: Frame): HelloOutcome {
    if (this.#state.at !== "start") throw new Error("a responder takes one HELLO");
    this.#state = { at: "over" };
    return this.#hello(frame);
  }

  /** Takes the initiator's second frame. */
  confirm(frame: Frame): ConfirmOutcome {
    const state = this.#state;
    if (state.at !== "replied") throw new Error("a responder takes CONFIRM once, after HELLO");
    this.#state = { at: "over" };
    const { engine, encryption } = this.#config;
    const error = confirmError(frame, encryption, (Ta) => engine.equal(Ta, state.Ta));
    if (error !== undefined) {
      state.chain.fill(0);
      return { error };
    }
    const { facts, th, chain } = state;
    const users = this.#usersFor(facts.purpose);
    if (users === undefined) return { established: establish(engine, facts, chain) };
    const entry = users.entryFor(facts.remoteName);
    return { stage: new UserStageResponder({ engine, facts, th, chain, scalar: this.#config.userScalar }, entry) };
  }

  /** Forgets the secrets of a handshake that will not go on. */
  wipe(): void {
    if (this.#state.at === "replied") this.#state.chain.fill(0);
    this.#state = { at: "over" };
  }

  /** The table by which the user stage goes, where there is one: it is for Rooms and Servers. */
  #usersFor(purpose: Purpose): UserTable | undefined {
    return purpose === 1 || purpose === 2 ? this.#config.users : undefined;
  }

  /** The checks in the order of PROTOCOL §3.3, cheapest first: the first failure decides. */
  #hello(frame: Frame): HelloOutcome {
    const { body } = frame;
    const config = this.#config;
    if (frame.type !== FRAME.hello || !beginsLikeMagic(body)) {
      return { error: new LinkError("ERR_MALFORMED", "what came is not a HELLO of this protocol") };
    }
    const refusal = config.admit?.();
    if (refusal !== undefined) {
      const { code, retryAfter, text } = refusal;
      const error = new LinkError(code === CODE.busy ? "ERR_BUSY" : "ERR_REFUSED", text ?? "not admitted", {
        retryAfter,
      });
      return { send: encodeRefuse(code, retryAfter, text), error };
    }
    if (body.length > 3 && body[3] !== MAGIC[3]) {
      return refuse(
        CODE.version,
        "ERR_VERSION",
        "the initiator speaks another version of the protocol; this is version 1",
      );
    }
    const hello = parseHello(body);
    if (hello === undefined) return malformed("HELLO is malformed");
    const suite = this.#chooseSuite(hello.suites);
    if (suite === undefined) return malformed("HELLO offers no AEAD suite that is known here");
    const takesNoTicket = hello.purpose === 1 || hello.purpose === 2;
    if (takesNoTicket && hello.ticketId.some((byte) => byte !== 0))
      return malformed("HELLO has a ticket that it can't have");
    if (!isPurpose(hello.purpose) || !config.serves(hello.purpose)) {
      return refuse(CODE.purpose, "ERR_REFUSED", `HELLO is for purpose ${hello.purpose}, which is not served here`);
    }
    if (hello.encryption !== config.encryption) {
      return refuse(CODE.encryptionMismatch, "ERR_ENCRYPTION_MISMATCH", mismatch(config.encryption));
    }
    const info = infoOf(hello, hello.purpose);
    if (info === undefined) return refuse(CODE.nameInvalid, "ERR_NAME", "HELLO has a name that is not valid");
    this.#info = info;
    if (info.peerName !== config.name) {
      const message = `${JSON.stringify(info.name)} asks for ${JSON.stringify(info.peerName)}, and this is ${JSON.stringify(config.name)}`;
      if (info.purpose >= 3) return refuse(CODE.ticket, "ERR_TICKET", message);
      if (info.peerName !== "") return refuse(CODE.nameInvalid, "ERR_NAME", message);
    }
    const secret = config.secretFor(info);
    if (secret === undefined) {
      return refuse(CODE.ticket, "ERR_TICKET", `${JSON.stringify(info.name)} has no valid ticket or session key`);
    }
    if (secret.purpose !== info.purpose)
      throw new TypeError(`a secret for purpose ${secret.purpose} was given for purpose ${info.purpose}`);

    return this.#reply(body, hello, info, suite, secret.generator);
  }

  /** The curve work, and REPLY. */
  #reply(body: Uint8Array, hello: Hello, info: HelloInfo, suite: Suite, generator: Point): HelloOutcome {
    const { engine, random, encryption, name } = this.#config;
    const yb = engine.scalar(this.#config.scalar);
    const K = yb.times(engine.point(hello.Ya));
    const Yb = K && yb.times(generator);
    yb.wipe();
    if (K === undefined || Yb === undefined) return malformed("HELLO has a point of low order");

    const localEnd = info.purpose === 1 ? undefined : this.#config.end?.(info);
    const users = this.#usersFor(info.purpose);
    const extensions = this.#extensions(users, localEnd, hello.suites === undefined ? undefined : suite);
    const ADb = encodeReply({ encryption, nonce: random(NONCE_BYTES), name: utf8(name), extensions });
    const withoutTb = concat([ADb, Yb]);
    const { th, Tb, Ta, chain } = confirmRun(engine, K, { body, Ya: hello.Ya, ADa: hello.ADa }, { withoutTb, Yb, ADb });
    const facts: RunFacts = {
      role: "responder",
      purpose: info.purpose,
      localName: name,
      remoteName: info.name,
      encryption,
      suite,
      localEnd,
      remoteEnd: info.end,
      ticketId: info.purpose >= 3 ? info.ticketId : undefined,
      isUserProven: users !== undefined,
    };
    this.#state = { at: "replied", facts, th, Ta, chain };
    this.#hasReplied = true;
    return { send: encodeFrame(FRAME.reply, concat([withoutTb, Tb])) };
  }

  /** The first suite of HELLO's list that this side has; 1 when either side knows no extension 3. */
  #chooseSuite(offered: Uint8Array | undefined): Suite | undefined {
    const have = this.#config.suites;
    if (offered === undefined || have === undefined) return 1;
    return [...offered].find((id): id is Suite => isSuite(id) && have.includes(id));
  }

  #extensions(users: UserTable | undefined, end: Uint8Array | undefined, suite: Suite | undefined): Uint8Array {
    const list: Uint8Array[] = [];
    if (users !== undefined) list.push(encodeExtension(EXT.userStage, new Uint8Array(0)));
    if (this.#config.extensions !== undefined) list.push(this.#config.extensions);
    if (end !== undefined) {
      if (end.length !== END_BYTES) throw new RangeError(`a session end takes ${END_BYTES} bytes, not ${end.length}`);
      list.push(encodeExtension(EXT.end, end));
    }
    if (suite !== undefined && this.#config.suites !== undefined)
      list.push(encodeExtension(EXT.suites, Uint8Array.of(suite)));
    return concat(list);
  }
}

/** Why the frame after REPLY is no valid CONFIRM, or undefined when it is one. */
function confirmError(frame: Frame, encryption: boolean, isRight: (Ta: Uint8Array) => boolean): LinkError | undefined {
  if (frame.type === FRAME.refuse) {
    const refusal = decodeRefuseBody(frame.body);
    if (refusal !== undefined) return errorOfCode(refusal.code, refusal.text, { encryption });
  }
  if (frame.type !== FRAME.confirm || frame.body.length !== CONFIRM_BYTES) {
    return new LinkError("ERR_MALFORMED", "the frame after REPLY is not a CONFIRM");
  }
  if (isRight(frame.body)) return undefined;
  return new LinkError("ERR_AUTH", "the initiator did not prove that it knows the secret");
}

/** HELLO in the words of the config, copied out of the frame; undefined when a name is not valid. */
function infoOf(hello: Hello, purpose: Purpose): HelloInfo | undefined {
  const name = decodeName(hello.name);
  const peerName = hello.peerName.length === 0 ? "" : decodeName(hello.peerName);
  if (name === undefined || peerName === undefined) return undefined;
  return {
    purpose,
    name,
    peerName,
    ticketId: copyOf(hello.ticketId),
    encryption: hello.encryption,
    end: purpose === 1 ? undefined : hello.end && copyOf(hello.end),
  };
}

function isPurpose(purpose: number): purpose is Purpose {
  return purpose >= 1 && purpose <= 5;
}

function refuse(code: number, errorCode: LinkErrorCode, message: string): HelloOutcome {
  return { send: encodeRefuse(code), error: new LinkError(errorCode, message) };
}

function malformed(message: string): HelloOutcome {
  return refuse(CODE.malformed, "ERR_MALFORMED", message);
}
