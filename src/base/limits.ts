/**
 * Every cap and span of pipes and links, in one place. All can be replaced for tests ({@link limitsWith}); what an option of
 * the API sets is said there. Spans are in milliseconds, penalties in seconds that drain as time passes.
 */
export interface Limits {
  readonly pipe: {
    /** Bytes that a pipe takes before `write` asks to wait. */
    readonly highWaterBytes: number;
    /** How long a closing pipe may take to flush and to see the other side's end; then it is destroyed. */
    readonly lingerMs: number;
    /** How long opening a TCP connection may take. */
    readonly connectMs: number;
  };
  readonly handshake: {
    /** From accepting a connection to its first byte. */
    readonly firstByteMs: number;
    /** From accepting or opening a connection to the end of the handshake: absolute, not per byte. */
    readonly wholeMs: number;
    /** How much longer a relayed handshake may take: the Room waits that long for the other leg. */
    readonly relayMs: number;
    /** From CONFIRM to the end of the user stage, bcrypt included: 5 s of it at the highest cost. */
    readonly userStageMs: number;
  };
  readonly admission: {
    /** Connections that have not proved themselves, in all. */
    readonly unproven: number;
    /** From this many on, newcomers of a source that has one already are dropped by chance: 30 % here, rising to all at the cap. */
    readonly earlyDropFrom: number;
    readonly unprovenPerSource: number;
    /** HELLO frames: tokens per second and the most that gather; a valid CONFIRM gives its token back. */
    readonly helloPerSource: number;
    readonly helloBurst: number;
    readonly helloTotal: number;
    /** The same in place of `helloTotal` on the portable engine, which is ten times slower. */
    readonly helloTotalPortable: number;
    /** Wrong guesses of strangers per second, in all, and how many may come at once; beyond, only known sources are let in. */
    readonly guessesTotal: number;
    readonly guessBurst: number;
    /** What a /48 of IPv6 may do, as a multiple of a single source's share. */
    readonly wideFactor: number;
    /** Sources that are remembered; the least recently seen one is forgotten first. */
    readonly sources: number;
    /** Proven links, in all and per source. */
    readonly links: number;
    readonly linksPerSource: number;
  };
  readonly penalty: {
    readonly wrongSecret: number;
    readonly noHello: number;
    readonly deadline: number;
    readonly malformed: number;
    /** A source is refused while its penalty is above this. */
    readonly refuseAbove: number;
    /** A source that holds a proven link is refused only above `refuseAbove` times this. */
    readonly provenFactor: number;
    readonly most: number;
    /** How long a user name that failed from a source waits before it is asked there again, ms: doubled by each further failure, up to the most. */
    readonly userDelayMs: number;
    readonly userDelayMostMs: number;
  };
  readonly link: {
    /** After this long without a byte from the other side, it is pinged. */
    readonly idleMs: number;
    /** After this long without one, the link is dead. */
    readonly deadMs: number;
    /** Pings accepted in one `pingWindowMs`; one more ends the link. */
    readonly pings: number;
    readonly pingWindowMs: number;
    /** Records opened in one turn of the event loop; the rest waits for the other links' turn. */
    readonly recordsPerTurn: number;
    /** How long one turn may take: a record may hold thousands of small messages. One record is always handled. */
    readonly turnMs: number;
    /** Bytes waiting in the pipe at which a link whose owner ignores `writable` is destroyed. */
    readonly bufferedBytes: number;
  };
}

export const DEFAULT_LIMITS: Limits = {
  pipe: { highWaterBytes: 65_536, lingerMs: 2_000, connectMs: 10_000 },
  handshake: { firstByteMs: 5_000, wholeMs: 10_000, relayMs: 10_000, userStageMs: 20_000 },
  admission: {
    unproven: 64,
    earlyDropFrom: 16,
    unprovenPerSource: 8,
    helloPerSource: 5,
    helloBurst: 20,
    helloTotal: 400,
    helloTotalPortable: 50,
    guessesTotal: 20,
    guessBurst: 200,
    wideFactor: 8,
    sources: 65_536,
    links: 10_000,
    linksPerSource: 1_024,
  },
  penalty: {
    wrongSecret: 10,
    noHello: 1,
    deadline: 10,
    malformed: 20,
    refuseAbove: 30,
    provenFactor: 3,
    most: 600,
    userDelayMs: 500,
    userDelayMostMs: 8_000,
  },
  link: {
    idleMs: 15_000,
    deadMs: 45_000,
    pings: 40,
    pingWindowMs: 10_000,
    recordsPerTurn: 256,
    turnMs: 5,
    bufferedBytes: 16 * 1_048_576,
  },
};

/** Some limits, group by group; what is left out keeps its default. */
export type LimitChanges = { readonly [Group in keyof Limits]?: Partial<Limits[Group]> };

/** The defaults with some of them replaced. */
export function limitsWith(changes: LimitChanges): Limits {
  return {
    pipe: { ...DEFAULT_LIMITS.pipe, ...changes.pipe },
    handshake: { ...DEFAULT_LIMITS.handshake, ...changes.handshake },
    admission: { ...DEFAULT_LIMITS.admission, ...changes.admission },
    penalty: { ...DEFAULT_LIMITS.penalty, ...changes.penalty },
    link: { ...DEFAULT_LIMITS.link, ...changes.link },
  };
}
