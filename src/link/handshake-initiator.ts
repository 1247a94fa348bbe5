import { LinkError } from "../base/errors.ts";
import { concat, copyOf, utf8 } from "../crypto/bytes.ts";
import type { Scalar, Suite } from "../crypto/engine.ts";
import type { Frame, InitiatorConfig, InitiatorFailure, InitiatorOutcome } from "./handshake.ts";
import { encodeFrame, encodeRefuse, FRAME } from "./handshake-frames.ts";
import {
  encodeExtension,
  encodeHello,
  END_BYTES,
  EXT,
  isOurVersion,
  MAX_SUITES,
  NONCE_BYTES,
  parseReply,
  type Reply,
  TICKET_ID_BYTES,
} from "./handshake-hello.ts";
import { confirmRun, establish, isSuite } from "./handshake-keys.ts";
import { CODE, decodeRefuseBody, errorOfCode, mismatch } from "./handshake-refuse.ts";
import { decodeName, problemOfName } from "./names.ts";
import { UserStageInitiator } from "./user-stage-initiator.ts";

/** The dialling side of one handshake. No I/O: bytes in, bytes out. Used once. */
export class Initiator {
  /** The HELLO frame to send first, header included. */
  readonly hello: Uint8Array;
  readonly #config: InitiatorConfig;
  readonly #ya: Scalar;
  readonly #Ya: Uint8Array;
  readonly #ADa: Uint8Array;
  #isOver = false;

  /** @throws TypeError or RangeError for a config that can't be said in HELLO. */
  constructor(config: InitiatorConfig) {
    assertConfig(config);
    this.#config = config;
    this.#ADa = encodeHello({
      purpose: config.purpose,
      encryption: config.encryption,
      nonce: config.random(NONCE_BYTES),
      ticketId: config.ticketId ?? new Uint8Array(TICKET_ID_BYTES),
      name: utf8(config.name),
      peerName: utf8(config.peerName),
      extensions: extensionsOf(config),
    });
    this.#ya = config.engine.scalar(config.scalar);
    const Ya = this.#ya.times(config.secret.generator);
    if (Ya === undefined) throw new TypeError("the generator of the secret is not one");
    this.#Ya = Ya;
    this.hello = encodeFrame(FRAME.hello, concat([this.#ADa, Ya]));
  }

  /** Takes the responder's one frame. */
  receive(frame: Frame): InitiatorOutcome {
    if (this.#isOver) throw new Error("an initiator takes one frame");
    try {
      return this.#receive(frame);
    } finally {
      this.wipe();
    }
  }

  /** Forgets the secrets of a handshake that will not go on. */
  wipe(): void {
    this.#isOver = true;
    this.#ya.wipe();
  }

  #receive(frame: Frame): InitiatorOutcome {
    const { engine, encryption, peerName, purpose } = this.#config;
    if (frame.type === FRAME.refuse) {
      const refusal = decodeRefuseBody(frame.body);
      if (refusal === undefined) return malformed("the answer to HELLO is malformed");
      return { error: errorOfCode(refusal.code, refusal.text, { retryAfter: refusal.retryAfter, encryption }) };
    }
    if (frame.type !== FRAME.reply || frame.body.length === 0)
      return malformed("the answer to HELLO is neither REPLY nor REFUSE");
    if (!isOurVersion(frame.body)) {
      return refuse(
        CODE.malformed,
        new LinkError(
          "ERR_VERSION",
          `the other side answers in version ${frame.body[0]} of the protocol; this is version 1`,
        ),
      );
    }
    const reply = parseReply(frame.body);
    if (reply === undefined) return malformed("the answer to HELLO is malformed");
    const suite = this.#chosenSuite(reply);
    if (suite === undefined) return malformed("the other side chose an AEAD suite that was not offered");
    if (reply.encryption !== encryption) {
      return refuse(CODE.malformed, new LinkError("ERR_ENCRYPTION_MISMATCH", mismatch(encryption)));
    }
    const remoteName = decodeName(reply.name);
    if (remoteName === undefined) return malformed("the other side's name is not a valid one");
    if (peerName !== "" && remoteName !== peerName) {
      return refuse(
        CODE.authentication,
        new LinkError("ERR_NAME", `${JSON.stringify(remoteName)} answers, not ${JSON.stringify(peerName)}`),
      );
    }

    const noProof = () => refuse(CODE.authentication, new LinkError("ERR_AUTH", this.#whyNoProof(remoteName)));
    // Yb = Ya would be our own message come back; a low order gives no K.
    const K = engine.equal(reply.Yb, this.#Ya) ? undefined : this.#ya.times(engine.point(reply.Yb));
    if (K === undefined) return noProof();
    const hello = { body: this.hello.subarray(3), Ya: this.#Ya, ADa: this.#ADa };
    const { th, Tb, Ta, chain } = confirmRun(engine, K, hello, reply);
    if (!engine.equal(Tb, reply.Tb)) {
      chain.fill(0);
      return noProof();
    }
    const hasUser = this.#config.user !== undefined;
    if (reply.asksForUserStage !== hasUser) {
      chain.fill(0);
      // Without it a member that poses as the other side would have the user in without its password.
      const who = `${JSON.stringify(remoteName)} ${hasUser ? "does not ask" : "asks"} for the password of the user ${JSON.stringify(this.#config.name)}`;
      const message = hasUser
        ? `${who}, and there is one here: it has no table of users, or is somebody else in its place`
        : `${who}, and there is none here: give it as the option "password"`;
      return { ...refuse(CODE.authentication, new LinkError("ERR_AUTH", message)), isAboutUser: true };
    }
    const facts = {
      role: "initiator",
      purpose,
      localName: this.#config.name,
      remoteName,
      encryption,
      suite,
      localEnd: purpose === 1 ? undefined : this.#config.end,
      remoteEnd: purpose === 1 ? undefined : copied(reply.end),
      ticketId: copied(this.#config.ticketId),
      isUserProven: hasUser,
    } as const;
    const send = encodeFrame(FRAME.confirm, Ta);
    if (!hasUser) return { send, established: establish(engine, facts, chain) };
    return { send, stage: new UserStageInitiator({ engine, facts, th, chain, scalar: this.#config.userScalar }) };
  }

  /** The suite that the responder chose, if it was offered: without extension 3 it means 1, on either side. */
  #chosenSuite(reply: Reply): Suite | undefined {
    const chosen = reply.suite ?? 1;
    const offered = this.#config.suites;
    if (offered === undefined) return reply.suite === undefined ? 1 : undefined;
    return offered.includes(chosen) && isSuite(chosen) ? chosen : undefined;
  }

  #whyNoProof(remoteName: string): string {
    const name = JSON.stringify(remoteName);
    switch (this.#config.purpose) {
      case 1:
      case 2:
        return `${name} did not prove that it knows the password: it has another one, or somebody answers in its place`;
      case 5:
        return `${name} did not prove that it knows the key of the session`;
      default:
        return `${name} did not prove that it knows the ticket`;
    }
  }
}

function copied(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : copyOf(bytes);
}

function refuse(code: number, error: LinkError): InitiatorFailure {
  return { send: encodeRefuse(code), error };
}

function malformed(message: string): InitiatorFailure {
  return refuse(CODE.malformed, new LinkError("ERR_MALFORMED", message));
}

function extensionsOf(config: InitiatorConfig): Uint8Array {
  const list: Uint8Array[] = [];
  if (config.end !== undefined) list.push(encodeExtension(EXT.end, config.end));
  if (config.suites !== undefined) list.push(encodeExtension(EXT.suites, Uint8Array.from(config.suites)));
  if (config.extensions !== undefined) list.push(config.extensions);
  return concat(list);
}

function assertConfig(config: InitiatorConfig): void {
  const { purpose, name, peerName, secret, ticketId, end, suites, user } = config;
  const problem = problemOfName(name);
  if (problem !== undefined) throw new TypeError(`the name ${JSON.stringify(name)} ${problem}`);
  const peerProblem = peerName === "" && purpose <= 2 ? undefined : problemOfName(peerName);
  if (peerProblem !== undefined) throw new TypeError(`the peer's name ${JSON.stringify(peerName)} ${peerProblem}`);
  if (secret.purpose !== purpose)
    throw new TypeError(`a secret for purpose ${secret.purpose} was given for purpose ${purpose}`);
  if (user !== undefined && purpose > 2) throw new TypeError(`no user password goes with purpose ${purpose}`);
  const needsTicket = purpose >= 3;
  if (needsTicket !== (ticketId !== undefined))
    throw new TypeError(`a ticketId goes with purposes 3, 4 and 5, and this is purpose ${purpose}`);
  if (ticketId !== undefined && ticketId.length !== TICKET_ID_BYTES) {
    throw new RangeError(`a ticketId takes ${TICKET_ID_BYTES} bytes, not ${ticketId.length}`);
  }
  if (end !== undefined && end.length !== END_BYTES)
    throw new RangeError(`a session end takes ${END_BYTES} bytes, not ${end.length}`);
  if (suites !== undefined && (suites.length === 0 || suites.length > MAX_SUITES)) {
    throw new RangeError(`HELLO offers 1 to ${MAX_SUITES} suites, not ${suites.length}`);
  }
}
