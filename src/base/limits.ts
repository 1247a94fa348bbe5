/**
 * Every cap, span and penalty, in one place; docs/limits.md says what happens beyond each. The groups are each program's own, to be set with the option `limits`; but
 * both ends must agree on `wire` and `values`: those are parts of the protocol, and no option changes them. Names end in their unit: `Ms` milliseconds, `Bytes`,
 * `PerSecond`; penalties are seconds, which drain as time passes; all else is counted. PROTOCOL §4. Not here: sizes of tables that only forget their oldest entry, and what
 * belongs to the form of a file that several programs share; those stand where they are used.
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
    /** From CONFIRM to the end of the user stage, bcrypt included: 5 s of it at the highest cost. */
    readonly userStageMs: number;
    /** From the end of the handshake to the other side's identity, where one is asked for, and to the answer of who judges it. */
    readonly identityMs: number;
  };
  readonly admission: {
    /** Connections that have not proved themselves, in all. */
    readonly unproven: number;
    /** From this many on, newcomers of a source that has one already are dropped by chance: 30 % here, rising to all at the cap. */
    readonly earlyDropFrom: number;
    readonly unprovenPerSource: number;
    /**
     * The most that a source may have where links of it are proven: each gives it one more place, so that hundreds of programs behind
     * one address, which all come back at once, need not wait for a round trip of every eight of them.
     */
    readonly unprovenOfMembers: number;
    /**
     * Connections that proved the password and are in the user stage, where bcrypt takes its time: they are counted apart, in all and
     * per source; beyond, one goes on counting as unproven, within
     * `unprovenPerSource`. No more than the penalties and guesses of one burst can hold, which so
     * gains nobody a guess.
     */
    readonly userStages: number;
    readonly userStagesPerSource: number;
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
  /** Of each session with a peer. */
  readonly session: {
    /** W: what is committed and not yet acknowledged, at the most. */
    readonly windowBytes: number;
    /** The least that big messages may have in flight, however slow the path is. */
    readonly bulkFloorBytes: number;
    /** Memory for the messages that are being put together, in all; it is given out as credit. At least `wire.messageBytes` beside what comes without credit. */
    readonly assemblyBytes: number;
    /** Queued bytes above which callers wait; small and big messages are counted apart. */
    readonly queueSoftBytes: number;
    /** Queued bytes above which a message is refused. */
    readonly queueHardBytes: number;
    /** Links that it holds at once. */
    readonly links: number;
    /** How long it lives without a link, counted while this program runs. */
    readonly resumeWindowMs: number;
  };
  /** What this program keeps of its calls with each peer. */
  readonly calls: {
    /** Calls that wait for a peer to be reachable, or for others to end. */
    readonly waiting: number;
    /** What they may take. */
    readonly waitingBytes: number;
    /** Answers that wait for a peer that takes them slowly. */
    readonly answerBytes: number;
    /** Free messages that nobody has read yet; of all peers together four times as many. */
    readonly freeMessages: number;
    /** What those may take; a first one always fits. */
    readonly freeMessageBytes: number;
  };
  /** What is remembered of peers, and how their sessions get new links. */
  readonly peers: {
    /** Peers that are remembered though nothing goes on with them. */
    readonly remembered: number;
    /**
     * Keys of one session that are kept. Its first link makes one, a crossing dial perhaps another; while the peer was never heard, each introduction makes one more, and
     * the peer may hold the oldest alone. So: more than there can be introductions within the deadline of a handshake.
     */
    readonly keys: number;
    /** How long a dial for a new link of a session may take, handshake included. */
    readonly redialMs: number;
    /** New links of one session: as many at once, then so often. A link costs little, and a bad line may lose many of them. */
    readonly linksBurst: number;
    readonly linksPerSecond: number;
    /** Joins of a Room, and connections to a server, that were lost again: as many at once, then so often. */
    readonly joinsBurst: number;
    readonly joinsPerSecond: number;
    /** From a proven link to what the Room, or the server, says first. */
    readonly welcomeMs: number;
    /** Between tries of a program that was in and is refused now: more often would only add to its penalties. */
    readonly refusedWaitMs: number;
  };
  /** What a Room allows those who joined, or are about to; a server asks the holder of a name too. */
  readonly room: {
    /** From a proven link to its join. */
    readonly joinMs: number;
    /** How long the holder of a name may be silent when another program claims the name. */
    readonly holderMs: number;
    /** How long a ticket is good for. PROTOCOL §3.6. */
    readonly ticketMs: number;
    /** Introductions of one pair: as many at once, then so often. A member could otherwise have others dial wherever it says, all the time. */
    readonly pairBurst: number;
    readonly pairPerSecond: number;
    /** How long a pair's introduction counts as under way, unless it is answered before: what the two wish for meanwhile is the same. */
    readonly pairWaitMs: number;
    /** Introductions that are remembered, each for `ticketMs`; beyond, the oldest one of the same member is forgotten, or the oldest. */
    readonly introductions: number;
    /** Listeners of members that are dialled back at once; the others wait. */
    readonly dialBacks: number;
    /** How long that may take: the connection, and then the member's word for it. */
    readonly dialBackMs: number;
    /** From the wish for a hole to both members' probes. */
    readonly probeMs: number;
    /** How long the connections of probes stay open after that, so that routers keep their mappings. */
    readonly probeKeepMs: number;
    /** Messages of a member to the Room: as many at once, then so often; more ends its link. Enough to ask for 10,000 others at once. */
    readonly messageBurst: number;
    readonly messagesPerSecond: number;
    /** Bytes that wait for a member that does not read, in place of `link.bufferedBytes`: beyond, its link is destroyed. The welcome of 10,000 others fits. */
    readonly bufferedBytes: number;
  };
  /** Connections of two members that a Room splices. */
  readonly relay: {
    /**
     * Pairs that are spliced, or wait for their second connection, in all; and for each user, by its name, what it asked for and what others asked of it each. Where there is no place,
     * who has most of them gives one up.
     */
    readonly splices: number;
    readonly splicesPerUser: number;
    /** Splices of the same two users: with one more, the oldest is closed. An honest pair has one, and some that died unseen. */
    readonly splicesPerPair: number;
    /** Passes for connections, of all errands, that were not shown yet. */
    readonly passes: number;
    /** How long the first connection of a pair waits for the second. */
    readonly waitMs: number;
    /** Without a byte either way for so long, a splice is closed: its ends ping each other more often. */
    readonly idleMs: number;
    /** What one direction of a splice moves in one turn of the event loop, so that others get theirs. */
    readonly bytesPerTurn: number;
    /** What one user may send through splices, in all, in bytes; 0: as fast as it goes. */
    readonly bytesPerSecond: number;
  };
  /** How a user gets links to others. */
  readonly user: {
    /** An introduction that led to no link within this time is asked for again; then later and later, up to the longest. */
    readonly roundMs: number;
    readonly longestRoundMs: number;
    /** How long one dial may take, handshake included: these are addresses nearby. */
    readonly dialMs: number;
    /** A ticket dies after so many wrong answers; hang-ups do not count. PROTOCOL §3.6. */
    readonly wrongTickets: number;
    /** Introductions that others asked for and that make this program dial: as many at once, then so often. Beyond, the other one may dial. */
    readonly unaskedBurst: number;
    readonly unaskedPerSecond: number;
  };
  /** Lines of the log about what others do, for each event and reason. */
  readonly audit: {
    /** So many at once, then so many per second; the others are counted. */
    readonly burst: number;
    readonly perSecond: number;
    /** A flood is over, and summed up, when none came for so long. */
    readonly quietMs: number;
  };
  /** Parts of the protocol: both ends must agree, so no option changes them. */
  readonly wire: {
    /** The body of a frame of the handshake. */
    readonly handshakeFrameBytes: number;
    /** What a user sends behind a pass before the Room has spliced. */
    readonly earlyBytes: number;
    /** The extensions of a HELLO or REPLY, in all, and the suites that a HELLO lists. */
    readonly extensionsBytes: number;
    readonly suites: number;
    readonly nameBytes: number;
    /** The text of a REFUSE frame, a close record, or the end of a session. */
    readonly textBytes: number;
    /** The payload of a record. */
    readonly recordBytes: number;
    /** The payload of a frame in a record; a longer message comes in fragments. */
    readonly frameBytes: number;
    /** The least that a fragment holds which is not the last one. */
    readonly leastFragmentBytes: number;
    /** A message, either way. */
    readonly messageBytes: number;
    /** Messages of one peer that are being put together at once, and what of each may come without credit. */
    readonly unfinishedMessages: number;
    readonly freeBytes: number;
    /** Gets, and sends that wait to start, of one peer at once. */
    readonly callsInFlight: number;
    /** Cancelled calls of a peer whose handlers run on, and which do not count as in flight: a caller may cancel all that it has, and open as many again, at one moment. */
    readonly cancelledRunning: number;
    /** CANCEL frames of one peer: as many at once, then so often. */
    readonly cancelBurst: number;
    readonly cancelsPerSecond: number;
    /** Inputs of calls of one peer that are under way, in all: their bytes, and what they become, about: 256 for each array, object, Map, Set and typed array, 32 for each value in them, keys included, and 64 more for a Date. One counts three quarters of it at most, so that any fits alone. A caller waits where its peer would refuse. */
    readonly inputBytes: number;
    /** Inputs up to here always pass: a file must not hold up a ping. */
    readonly lightInputBytes: number;
    /** What a program handles, and how long the name of a method is. */
    readonly methods: number;
    readonly methodCharacters: number;
    /** Addresses that a user offers, and that a ticket holds. */
    readonly addresses: number;
    /** Members in one message of a Room. */
    readonly members: number;
  };
  /** What one value may be, the same for sending and receiving, so that whatever encodes also decodes: no option changes it. PROTOCOL §5. */
  readonly values: {
    /** Containers inside each other. */
    readonly depth: number;
    /** Values in all, members and keys included. */
    readonly nodes: number;
    /** Arrays, objects, Maps, Sets and typed arrays in all: each takes some 200 bytes of memory, however few it takes on the wire. */
    readonly containers: number;
    /** Bytes of one bigint. */
    readonly bigintBytes: number;
    /** Bytes of the whole encoded value. */
    readonly bytes: number;
  };
}

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** What holds where a program says nothing else. Frozen. */
export const DEFAULT_LIMITS: Limits = frozen({
  pipe: { highWaterBytes: 65_536, lingerMs: 2_000, connectMs: 10_000 },
  handshake: { firstByteMs: 5_000, wholeMs: 10_000, userStageMs: 20_000, identityMs: 10_000 },
  admission: {
    unproven: 64,
    earlyDropFrom: 16,
    unprovenPerSource: 8,
    unprovenOfMembers: 32,
    userStages: 256,
    userStagesPerSource: 40,
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
    bufferedBytes: 16 * MIB,
  },
  session: {
    windowBytes: MIB,
    bulkFloorBytes: 64 * KIB,
    assemblyBytes: 32 * MIB,
    queueSoftBytes: 4 * MIB,
    queueHardBytes: 16 * MIB,
    links: 3,
    resumeWindowMs: 30_000,
  },
  calls: {
    waiting: 65_536,
    waitingBytes: 16 * MIB,
    answerBytes: 128 * MIB,
    freeMessages: 10_000,
    freeMessageBytes: 16 * MIB,
  },
  peers: {
    remembered: 1_024,
    keys: 32,
    redialMs: 4_000,
    linksBurst: 300,
    linksPerSecond: 5,
    joinsBurst: 10,
    joinsPerSecond: 0.5,
    welcomeMs: 10_000,
    refusedWaitMs: 60_000,
  },
  room: {
    joinMs: 10_000,
    holderMs: 2_500,
    ticketMs: 30_000,
    pairBurst: 10,
    pairPerSecond: 1,
    pairWaitMs: 2_000,
    introductions: 32_768,
    dialBacks: 64,
    dialBackMs: 2_000,
    probeMs: 2_500,
    probeKeepMs: 5_000,
    messageBurst: 20_000,
    messagesPerSecond: 200,
    bufferedBytes: 2 * MIB,
  },
  relay: {
    splices: 2_048,
    splicesPerUser: 64,
    splicesPerPair: 4,
    passes: 131_072,
    waitMs: 10_000,
    idleMs: 45_000,
    bytesPerTurn: 64 * KIB,
    bytesPerSecond: 0,
  },
  user: {
    roundMs: 2_000,
    longestRoundMs: 15_000,
    dialMs: 2_000,
    wrongTickets: 3,
    unaskedBurst: 64,
    unaskedPerSecond: 8,
  },
  audit: { burst: 20, perSecond: 1, quietMs: 5_000 },
  wire: {
    handshakeFrameBytes: 1_024,
    earlyBytes: 1_024,
    extensionsBytes: 512,
    suites: 8,
    nameBytes: 64,
    textBytes: 200,
    recordBytes: 64 * KIB,
    frameBytes: 16 * KIB,
    leastFragmentBytes: 1_024,
    messageBytes: 16 * MIB,
    unfinishedMessages: 64,
    freeBytes: 64 * KIB,
    callsInFlight: 1_024,
    cancelledRunning: 8 * 1_024,
    cancelBurst: 10_000,
    cancelsPerSecond: 1_000,
    inputBytes: 64 * MIB,
    lightInputBytes: 16 * KIB,
    methods: 10_000,
    methodCharacters: 64,
    addresses: 8,
    members: 300,
  },
  values: { depth: 64, nodes: 1_000_000, containers: 100_000, bigintBytes: 1_024, bytes: 16 * MIB },
});

function frozen(limits: Limits): Limits {
  for (const group of Object.values(limits)) Object.freeze(group);
  return Object.freeze(limits);
}

/** The groups that a program may set for itself. */
export type OwnLimits = Omit<Limits, "wire" | "values">;

/** Some limits of a program's own, group by group; what is left out keeps its default. */
export type LimitChanges = {
  readonly [Group in keyof OwnLimits]?: { readonly [Key in keyof OwnLimits[Group]]?: number | undefined } | undefined;
};

/** Those limits with some of them replaced. Nothing is checked: see `limitsOption`. */
export function limitsWith(changes: LimitChanges, limits: Limits = DEFAULT_LIMITS): Limits {
  const changed = Object.entries(changes).map(([group, values]) => {
    const given = Object.entries(values ?? {}).filter(([, value]) => value !== undefined);
    return [group, { ...limits[group as keyof OwnLimits], ...Object.fromEntries(given) }];
  });
  return { ...limits, ...Object.fromEntries(changed) };
}
