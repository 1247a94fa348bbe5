import type { Timer } from "../base/clock.ts";
import { type Logger, quoted } from "../base/log.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { BARRED } from "../link/admission.ts";
import { aboutLink, type AuditLog, type AuditReasons } from "../link/audit.ts";
import { ROOM_NAME } from "../link/defaults.ts";
import type { Environment } from "../link/environment.ts";
import type { Link } from "../link/link.ts";
import {
  decodeToRoom,
  type Introduce,
  type Join,
  MEMBERS_PER_MESSAGE,
  TOKEN_BYTES,
  type ToRoom,
} from "../wire/room-messages.ts";
import { Announcements } from "./announcements.ts";
import { RoomMember } from "./member.ts";
import type { Reach } from "./reach.ts";

export interface MembersOptions {
  readonly environment: Environment;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly reach: Reach;
  readonly isBarred: (host: string) => boolean;
}

/** Members that left, whose names are remembered: any number may come and go. */
const MOST_GONE = 65_536;

/** Who is in a Room: from a link that was proven to its join, what a member says, and until it leaves. */
export class Members {
  readonly #options: MembersOptions;
  readonly #environment: Environment;
  readonly #audit: AuditLog;
  readonly #reach: Reach;
  readonly #limits: Environment["limits"]["room"];
  readonly #members = new Map<string, RoomMember>();
  readonly #announcements: Announcements;
  /** Links that are proven but have not joined. */
  readonly #arriving = new Map<Link, Timer>();
  /** Where members came from that are gone but may have sessions with others still, the one that left longest ago first. */
  readonly #gone = new Map<string, string>();
  #closed = false;

  constructor(options: MembersOptions) {
    const { environment, audit, reach } = options;
    this.#options = options;
    this.#environment = environment;
    this.#audit = audit;
    this.#reach = reach;
    this.#limits = environment.limits.room;
    this.#announcements = new Announcements(environment.clock, this.#members);
  }

  /** By name, sorted. */
  get all(): readonly RoomMember[] {
    return [...this.#members.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  #isBarred(host: string): boolean {
    return this.#options.isBarred(host);
  }

  /** Addresses were banned: whoever is here from there goes, and whoever was is told of, since who leaves keeps its sessions with others. */
  bar(): void {
    for (const link of this.#arriving.keys()) if (this.#isBarred(link.remote.host)) this.#refuseBanned(link);
    for (const member of this.#members.values()) {
      if (!this.#isBarred(member.link.remote.host)) continue;
      member.link.close(4, BARRED);
      this.#leave(member, "barred");
    }
    for (const [name, host] of this.#gone) {
      if (!this.#isBarred(host)) continue;
      this.#gone.delete(name);
      this.#announcements.barred(name);
    }
  }

  /** A link that was on its way in when its address was banned. */
  #refuseBanned(link: Link): void {
    this.#audit.note("refused", "banned", aboutLink(link, !link.isUserProven), BARRED);
    this.#forget(link);
    link.close(4, BARRED);
  }

  /** A link was proven: it has a while to say its join. */
  arrived(link: Link): void {
    if (this.#closed) return link.close(13, "the Room is closing");
    if (this.#isBarred(link.remote.host)) return this.#refuseBanned(link);
    if (link.remoteName === ROOM_NAME) {
      const text = `the name "${ROOM_NAME}" is the Room's own`;
      this.#audit.note("refused", "own name", aboutLink(link, true), text);
      return link.close(7, text);
    }
    const { joinMs } = this.#limits;
    const late = `no join within ${joinMs / 1_000} s`;
    const timer = this.#environment.clock.after(joinMs, () => this.#dismiss(link, 11, late, "no join"), {
      hold: false,
    });
    this.#arriving.set(link, timer);
    const first = (payload: Uint8Array, isBoxed: boolean): void => {
      const message = this.#parse(link, payload);
      if (message === undefined) return;
      timer.cancel();
      if (message.type === "join")
        void this.#join(link, message, isBoxed).catch((error: unknown) => this.#failed(link, error));
      else this.#dismiss(link, 12, "the first message must be a join", "unexpected message");
    };
    link.start({
      data: (payload) => first(payload, false),
      sealed: (payload) => first(payload, true),
      drain: () => {},
      closed: () => this.#forget(link),
    });
  }

  /** A link is on its way in no longer. */
  #forget(link: Link): void {
    this.#arriving.get(link)?.cancel();
    this.#arriving.delete(link);
  }

  /** Reads a message; one that makes no sense ends the link. */
  #parse(link: Link, payload: Uint8Array): ToRoom | undefined {
    try {
      return decodeToRoom(payload);
    } catch (error) {
      this.#dismiss(link, 12, error instanceof Error ? error.message : "malformed", "malformed message");
      return undefined;
    }
  }

  /** What this side fails to do for one link costs that link alone. */
  #failed(link: Link, error: unknown): void {
    this.#options.log.error({ name: link.remoteName, err: error }, "a join could not be handled");
    this.#forget(link);
    link.destroy();
    const member = this.#members.get(link.remoteName);
    if (member?.link === link) this.#leave(member, "lost");
  }

  /** Closes a link that said something wrong, or nothing in time. */
  #dismiss(link: Link, code: number, text: string, reason: AuditReasons["protocol broken"]): void {
    this.#audit.note("protocol broken", reason, aboutLink(link), `${quoted(link.remoteName)} is dismissed: ${text}`);
    this.#forget(link);
    link.close(code, text);
  }

  /** @param isBoxed whether the join came in a box, as it does from users that know of name tokens */
  async #join(link: Link, join: Join, isBoxed: boolean): Promise<void> {
    const holder = this.#members.get(link.remoteName);
    // A second message before the welcome would be lost, so it is refused: an honest user waits.
    link.start({
      data: () => this.#dismiss(link, 12, "wait for the welcome", "unexpected message"),
      sealed: () => this.#dismiss(link, 12, "no box is expected", "unexpected box"),
      drain: () => {},
      closed: () => this.#forget(link),
    });
    if (holder !== undefined && link.isUserProven) {
      // It is the same user, by its password: another program of it, or this one back before its last link is found dead.
      this.#nameTaken(link, "user password");
      this.#leave(holder, "replaced", "joined again");
      holder.link.close(8, `another program joined as "${holder.name}" with its password`);
    } else if (holder !== undefined && isBoxed && this.#isHolder(holder, join.token)) {
      // The program that has the name is back before its last link is found dead.
      this.#nameTaken(link, "name token");
      this.#leave(holder, "replaced", "joined again");
      holder.link.destroy();
    } else if (holder !== undefined) {
      const alive = (await holder.link.ping(this.#limits.holderMs)) !== undefined;
      if (!this.#arriving.has(link)) return;
      const now = this.#members.get(link.remoteName);
      if (now !== undefined && (alive || now !== holder)) {
        this.#nameTaken(link, "in use");
        this.#forget(link);
        return link.close(8, `the name "${link.remoteName}" is in use`);
      }
      if (now !== undefined) {
        this.#nameTaken(link, "silence");
        this.#leave(now, "silent");
      }
      holder.link.destroy();
    }
    this.#forget(link);
    if (this.#closed) return link.close(13, "the Room is closing");
    const token = isBoxed ? this.#environment.random(TOKEN_BYTES) : undefined;
    this.#admit(new RoomMember(link, join, token, new Date(this.#environment.clock.date())));
  }

  #isHolder({ token }: RoomMember, shown: Uint8Array | undefined): boolean {
    return token !== undefined && shown !== undefined && this.#environment.engine.equal(token, shown);
  }

  /** Two programs claim one name. "in use": the newcomer is refused. */
  #nameTaken(newcomer: Link, reason: AuditReasons["name taken"]): void {
    const text = reason === "in use" ? "refused: the name is in use" : `the name changes hands: ${reason}`;
    this.#audit.note("name taken", reason, aboutLink(newcomer, !newcomer.isUserProven), text);
  }

  #admit(member: RoomMember): void {
    const { clock } = this.#environment;
    const { messagesPerSecond, messageBurst } = this.#limits;
    const budget = new TokenBucket(messagesPerSecond, messageBurst, clock.now());
    const others = [...this.#members.values()];
    this.#members.set(member.name, member);
    this.#gone.delete(member.name);
    const take = (payload: Uint8Array, isBoxed: boolean): void => {
      if (!budget.take(clock.now())) {
        this.#dismiss(member.link, 14, "too many messages", "too many messages");
        return this.#leave(member, "protocol");
      }
      const message = this.#parse(member.link, payload);
      if (message === undefined) this.#leave(member, "protocol");
      else this.#said(member, message, isBoxed);
    };
    member.link.start({
      data: (payload) => take(payload, false),
      sealed: (payload) => take(payload, true),
      drain: () => {},
      closed: (error) => this.#leave(member, error === undefined ? "closed" : "lost", error?.message),
    });
    const about = { ...aboutLink(member.link), kind: member.kind };
    this.#audit.note("joined", "new", about, `${quoted(member.name)} joined`);
    if (member.token !== undefined) member.tellSealed({ type: "token", token: member.token });
    member.tell({ type: "welcome", count: others.length, host: member.link.remote.host });
    for (let at = 0; at < others.length; at += MEMBERS_PER_MESSAGE) {
      member.tell({
        type: "here",
        members: others.slice(at, at + MEMBERS_PER_MESSAGE).map(({ name, kind }) => ({ name, kind })),
      });
    }
    this.#announcements.came(member);
    this.#reach.joined(member);
  }

  #said(member: RoomMember, message: ToRoom, isBoxed: boolean): void {
    // A ticket has a secret and comes in a box; nothing else does.
    if (isBoxed !== (message.type === "introduce")) {
      this.#dismiss(
        member.link,
        12,
        `a ${message.type} makes no sense here`,
        isBoxed ? "unexpected box" : "unexpected message",
      );
      return this.#leave(member, "protocol");
    }
    if (message.type === "introduce") return this.#introduce(member, message);
    if (message.type !== "join") return this.#reach.said(member, message);
    this.#dismiss(member.link, 12, "a join makes no sense here", "unexpected message");
    this.#leave(member, "protocol");
  }

  #introduce(member: RoomMember, wish: Introduce): void {
    if (!member.link.writable) return; // who does not read its answers is given no more of them
    const other = this.#members.get(wish.name);
    if (other === undefined) return member.tell({ type: "absent", name: wish.name, why: `no user named ${wish.name}` });
    if (other === member) return;
    this.#announcements.mention(member, other);
    this.#announcements.mention(other, member);
    if (!this.#reach.introduce(member, other, wish))
      member.tell({ type: "absent", name: wish.name, why: `the Room does not introduce ${wish.name}` });
    wish.secret.fill(0);
  }

  #leave(member: RoomMember, reason: AuditReasons["left"], why?: string): void {
    if (this.#members.get(member.name) !== member) return;
    this.#members.delete(member.name);
    this.#reach.left(member);
    if (reason !== "barred") this.#remember(member);
    this.#audit.note("left", reason, { ...aboutLink(member.link), why }, `${quoted(member.name)} left`);
    this.#announcements.went(member, reason === "barred");
  }

  #remember({ name, link }: RoomMember): void {
    this.#gone.delete(name);
    this.#gone.set(name, link.remote.host);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > MOST_GONE && oldest !== undefined) this.#gone.delete(oldest);
  }

  /** Says goodbye to everybody, and lets nobody in any more. */
  close(): void {
    this.#closed = true;
    this.#announcements.close();
    for (const [link, timer] of this.#arriving) {
      timer.cancel();
      link.close(13, "the Room is closing");
    }
    for (const member of this.#members.values()) member.link.close(13, "the Room is closing");
    this.#arriving.clear();
    this.#members.clear();
    this.#gone.clear();
  }
}
