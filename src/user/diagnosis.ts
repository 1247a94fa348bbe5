import type { Path } from "../schema/peer-types.ts";
import type { AttemptFailure, PathAttempt, UserStatus } from "../schema/status-types.ts";

/** What became of one way to a peer. */
export interface Finding {
  readonly path: Path;
  /** "used": the two talk over it. "no": it was tried, or there was nothing to try, and `why` says what stands in the way. "not needed": a better one is used. */
  readonly verdict: "used" | "no" | "not needed";
  readonly why: string;
  /** What was tried: addresses, and how each answered. */
  readonly attempts: readonly PathAttempt[];
}

/** How a user reaches a peer, and why not better. */
export interface Diagnosis {
  readonly peer: string;
  readonly path: Path | undefined;
  /** For each way, the best first. */
  readonly findings: readonly Finding[];
  /** What people can do for a better path; empty when there is none, or nothing helps. */
  readonly advice: readonly string[];
}

const WAYS: readonly Path[] = ["lan", "public", "punched", "relay"];

const MEANING: Record<AttemptFailure, string> = {
  refused: "nobody listens there, or a router answers in its place",
  silent: "nothing comes back: a firewall drops it, or nobody has that address",
  unreachable: "this machine knows no way there",
  stranger: "somebody else answers there",
  "my mapping": "the router here gives each connection another port, so others can't be told where to dial",
  "its mapping": "the router there gives each connection another port, so this side can't be told where to dial",
  "my probe": "the Room did not see this side's probes",
  "its probe": "the Room did not see the other side's probes",
  "no relay": "the Room does not relay for this pair now",
  other: "see the attempts",
};

/** Reads a user's status: which path it has to a peer, and what stands in the way of each better one. */
export function diagnose(status: UserStatus, peer: string): Diagnosis {
  const its = status.peers.find(({ name }) => name === peer);
  const path = its?.path;
  const used = path === undefined ? WAYS.length : WAYS.indexOf(path);
  const findings = WAYS.map((way, rank): Finding => {
    const attempts = (its?.attempts ?? []).filter((attempt) => attempt.path === way);
    if (rank === used) return { path: way, verdict: "used", why: "the two talk over it", attempts };
    if (rank > used) return { path: way, verdict: "not needed", why: `${path} is better`, attempts };
    return { path: way, verdict: "no", why: obstacle(way, attempts), attempts };
  });
  return { peer, path, findings, advice: adviceFor(status, peer, findings) };
}

/** Of a user that the Room did not let in, or that did not find it. */
export function diagnoseOutside(peer: string, advice: string): Diagnosis {
  const why = "this side is not in the Room";
  return {
    peer,
    path: undefined,
    findings: WAYS.map((path) => ({ path, verdict: "no", why, attempts: [] })),
    advice: [advice],
  };
}

function obstacle(way: Path, attempts: readonly PathAttempt[]): string {
  const failure = attempts.findLast(({ outcome }) => outcome === "failed");
  if (failure !== undefined) return MEANING[failure.reason ?? "other"];
  if (attempts.some(({ outcome }) => outcome === "trying")) return "it is being tried";
  switch (way) {
    case "lan":
      return "the Room does not see the two in one network";
    case "public":
      return "the Room can't dial the peer from outside, nor is its publicHost what the Room sees";
    default:
      return "it was not tried";
  }
}

function adviceFor(status: UserStatus, peer: string, findings: readonly Finding[]): string[] {
  const { room, port } = status;
  const its = status.peers.find(({ name }) => name === peer);
  if (!room.joined) return [`the Room at ${room.address} is not reachable: start it, or correct its address`];
  if (its?.here !== true) return [`${peer} is not in the Room: start it, or correct its name`];
  if (its.path === "lan" || its.path === "public") return [];
  if (its.path === undefined && isUnanswered(findings))
    return [
      `${peer} does not answer: look whether its program is stuck, and whether its options allow and deny let ${status.name} in`,
    ];
  const advice: string[] = [];
  const why = (path: Path): AttemptFailure | undefined =>
    findings.find((one) => one.path === path)?.attempts.findLast(({ outcome }) => outcome === "failed")?.reason;
  if (why("lan") === "silent" || why("lan") === "refused")
    advice.push(`if ${peer} is in this network: let TCP port ${portOf(findings)} through the firewall of its machine`);
  if (its.path === "punched") return advice;
  const mapping = why("punched");
  if (mapping === "my probe" || mapping === "its probe")
    advice.push(
      "let users reach the Room's second port too: it is the option probePort, one above the first by default",
    );
  if (room.reachable !== true)
    advice.push(
      `make this side reachable: forward a TCP port of its router to this machine, and join with that number as listenPort (now ${port})`,
    );
  advice.push(`or do the same on the side of ${peer}: one of the two is enough`);
  return advice;
}

/** The Room would relay, but the other one does not come. */
function isUnanswered(findings: readonly Finding[]): boolean {
  const relay = findings.find(({ path }) => path === "relay")?.attempts.at(-1);
  return relay?.outcome === "trying" || relay?.reason === "silent";
}

function portOf(findings: readonly Finding[]): string {
  const address = findings.flatMap(({ attempts }) => attempts).findLast((one) => one.path === "lan")?.address ?? "";
  return address.slice(address.lastIndexOf(":") + 1);
}
