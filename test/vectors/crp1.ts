import { load } from "./load.ts";

/** The parts of crp1.json that the tests read. */
export interface Crp1 {
  readonly runs: readonly Run[];
  readonly rekey: readonly Rekey[];
  readonly big: readonly Big[];
  readonly refusals: { readonly responder: readonly ResponderRefusal[]; readonly initiator: readonly InitiatorRefusal[] };
  readonly verifiers: readonly {
    readonly password: string;
    readonly setting: string;
    readonly h: string;
    readonly prsU: string;
    readonly seed: string;
    readonly P: string;
    readonly verifier: string;
    readonly sameEntryFrom: readonly string[];
  }[];
  readonly badEntries: readonly string[];
  readonly badSettings: readonly string[];
  readonly fakes: readonly { readonly key: string; readonly name: string; readonly cost: number; readonly setting: string }[];
  readonly passwords: readonly { readonly utf16: string; readonly bytes: string | null }[];
}

export interface Side {
  readonly Ya: string;
  readonly Yb: string;
  readonly ADa: string;
  readonly ADb: string;
  readonly K: string;
  readonly ISK: string;
  readonly th: string;
  readonly prk: string;
  readonly kTb: string;
  readonly kTa: string;
  readonly Tb: string;
  readonly Ta: string;
  readonly chain: string;
}

/** What one side of the user stage computes. */
export interface UserSide {
  readonly prsU: string;
  readonly P: string;
  readonly CI: string;
  readonly generatorString: string;
  readonly g: string;
  readonly K2: string;
  readonly ISK2: string;
  readonly th2: string;
  readonly prk2: string;
  readonly Tr: string;
  readonly Tu: string;
  readonly sealKey: string;
}

export interface DirectionKeys {
  readonly S: string;
  readonly key: string;
}

export interface Run {
  readonly name: string;
  readonly suite?: 1 | 2;
  readonly preface?: readonly { readonly from: "i" | "r"; readonly bytes: string }[];
  readonly input: {
    readonly purpose: 1 | 2 | 3 | 4 | 5;
    readonly encrypt: boolean;
    readonly nameI: string;
    readonly nameR: string;
    readonly expectedPeer: string;
    readonly password?: string;
    readonly passwordR?: string;
    readonly ticketId?: string;
    readonly ticket?: string;
    readonly endI?: string;
    readonly endR?: string;
    readonly suitesI?: readonly number[];
    readonly suitesR?: readonly number[] | null;
    readonly relayIdI?: string;
    readonly relayIdR?: string;
    readonly extensionsI: string;
    readonly extensionsR: string;
    readonly ya: string;
    readonly yb: string;
    readonly nonceI: string;
    readonly nonceR: string;
    readonly identityI?: string;
    readonly identityR?: string;
    readonly user?: {
      readonly password: string;
      readonly yu: string;
      readonly yr: string;
      readonly table?: Readonly<Record<string, string>>;
      readonly fakeKey?: string;
      readonly fakePrsU?: string;
    };
  };
  readonly cpace: { readonly PRS: string; readonly CI: string; readonly generatorString: string; readonly g: string };
  readonly handshake?: Side;
  readonly initiator?: Side;
  readonly responder?: Side;
  readonly userStage?: {
    readonly setting: string;
    readonly fakeSetting: string;
    readonly h: string;
    readonly seed: string;
    readonly verifier: string;
    readonly auth: { readonly i2r: DirectionKeys; readonly r2i: DirectionKeys };
    readonly Yr: string;
    readonly Yu: string;
    readonly client: UserSide;
    /** Where it differs from the client's. */
    readonly room?: UserSide;
    readonly login?: string;
    readonly signature?: string;
    readonly box?: string;
  };
  readonly keys?: {
    readonly master: string;
    readonly sessionId: string;
    readonly i2r: DirectionKeys;
    readonly r2i: DirectionKeys;
    readonly sealedI2r: DirectionKeys;
    readonly sealedR2i: DirectionKeys;
    readonly resume?: { readonly secret: string; readonly ticketId: string };
  };
  readonly payloads?: readonly {
    readonly from: "i" | "r";
    readonly type: number;
    readonly counter: number;
    readonly payload?: string;
    readonly plaintext?: string;
  }[];
  readonly identity?: readonly {
    readonly role: "i" | "r";
    readonly public: string;
    readonly message: string;
    readonly signature: string;
  }[];
  readonly wire: readonly { readonly from: "i" | "r"; readonly kind: "frame" | "record"; readonly bytes: string }[];
  readonly result: { readonly initiator: readonly string[]; readonly responder: readonly string[]; readonly countedAsGuess: boolean };
}

export interface Rekey {
  readonly name: string;
  readonly kind: "record" | "box";
  readonly suite?: 1 | 2;
  readonly encrypt?: boolean;
  readonly epochs: readonly DirectionKeys[];
  readonly records?: readonly { readonly n: number; readonly payload: string; readonly record: string }[];
  readonly boxes?: readonly { readonly n: number; readonly plaintext: string; readonly box: string }[];
}

export interface Big {
  readonly suite?: 1 | 2;
  readonly encrypt: boolean;
  readonly key: string;
  readonly type: number;
  readonly header: string;
  readonly tag: string;
  readonly sha512: string;
}

export interface ResponderRefusal {
  readonly name: string;
  readonly config: {
    readonly purpose: number;
    readonly name: string;
    readonly encrypt: boolean;
    readonly password?: string;
    readonly suites?: readonly number[];
    readonly busyRetryAfter?: number;
    readonly tickets?: readonly { readonly id: string; readonly nameI: string; readonly nameR: string }[];
    readonly resumes?: readonly { readonly id: string; readonly names: readonly [string, string] }[];
  };
  readonly sent: string;
  readonly answer: string;
}

export interface InitiatorRefusal {
  readonly name: string;
  readonly config: {
    readonly purpose: 1 | 2;
    readonly name: string;
    readonly encrypt: boolean;
    readonly password: string;
    readonly userPassword?: string;
    readonly expect?: string;
    readonly suites?: readonly number[];
    readonly end?: string;
    readonly ya: string;
    readonly nonceI: string;
  };
  readonly hello: string;
  readonly received: string;
  readonly expect: { readonly error: string; readonly answer: string; readonly peerCode?: number; readonly retryAfter?: number };
}

export const crp1 = load("crp1.json") as Crp1;
