import type { Clock, Timer } from "../base/clock.ts";
import { encodeToUser, MEMBERS_PER_MESSAGE, type ToUser } from "../wire/room-messages.ts";
import type { RoomMember } from "./member.ts";

/**
 * The pause after telling everybody something, per member. To tell one costs the Room about 20 µs, so that announcements take about
 * a fifth of its time at most, however many come and go: told one by one, n members that join are n² messages.
 */
const PAUSE_MS_PER_MEMBER = 0.1;

/** Below this nothing is saved by waiting. */
const LEAST_PAUSE_MS = 1;

/** What somebody has not been told yet: first who went, then who came. */
class News {
  readonly #gone = new Set<string>();
  /** Of those that went: whose addresses are barred. */
  readonly #barred = new Set<string>();
  readonly #here = new Map<string, RoomMember>();

  came(member: RoomMember): void {
    this.#here.set(member.name, member);
  }

  went(name: string, isBarred: boolean): void {
    this.#here.delete(name);
    if (isBarred) this.#barred.add(name);
    this.#gone.add(name);
  }

  hasCome(member: RoomMember): boolean {
    return this.#here.get(member.name) === member;
  }

  messages(): Uint8Array[] {
    const here = [...this.#here.values()].map(({ name, kind }) => ({ name, kind }));
    const gone = [...this.#gone].filter((name) => !this.#barred.has(name));
    const messages: ToUser[] = [
      ...parts([...this.#barred]).map((names) => ({ type: "gone" as const, names, barred: true })),
      ...parts(gone).map((names) => ({ type: "gone" as const, names })),
      ...parts(here).map((members) => ({ type: "here" as const, members })),
    ];
    return messages.map(encodeToUser);
  }
}

/** Tells members who came and who went: at once when it is quiet, else together with what else happened in a pause. */
export class Announcements {
  readonly #clock: Clock;
  readonly #members: ReadonlyMap<string, RoomMember>;
  /** What all know not yet; undefined when it is nothing. */
  #news: News | undefined;
  /** Of members that came in this pause, and whose welcome held what happened before: what they know not yet. */
  readonly #newcomers = new Map<RoomMember, News>();
  #pause: Timer | undefined;

  /** @param members by their names, as they are now; whoever came is in it when `came` is called, and whoever went is not when `went` is. */
  constructor(clock: Clock, members: ReadonlyMap<string, RoomMember>) {
    this.#clock = clock;
    this.#members = members;
  }

  /** To be called when the member has its welcome. */
  came(member: RoomMember): void {
    this.#add((news) => news.came(member));
    this.#newcomers.set(member, new News());
    this.#soon();
  }

  /** @param isBarred whether sessions with it are to end */
  went(member: RoomMember, isBarred = false): void {
    this.#newcomers.delete(member);
    this.#add((news) => news.went(member.name, isBarred));
    this.#soon();
  }

  /** Sessions with somebody who left before are to end. */
  barred(name: string): void {
    this.#add((news) => news.went(name, true));
    this.#soon();
  }

  /** Whoever is about to be introduced to a member knows of it, even in a pause. */
  mention(member: RoomMember, to: RoomMember): void {
    const news = this.#newcomers.get(to) ?? this.#news;
    if (news?.hasCome(member) === true) to.tell({ type: "here", members: [{ name: member.name, kind: member.kind }] });
  }

  /** Nobody is told anything any more. */
  close(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
  }

  #add(change: (news: News) => void): void {
    this.#news ??= new News();
    change(this.#news);
    for (const news of this.#newcomers.values()) change(news);
  }

  #soon(): void {
    if (this.#pause === undefined) this.#tell();
  }

  #tell(): void {
    this.#pause = undefined;
    if (this.#news === undefined) return;
    const messages = this.#news.messages();
    for (const member of this.#members.values())
      for (const message of this.#newcomers.get(member)?.messages() ?? messages) member.link.send([message]);
    this.#news = undefined;
    this.#newcomers.clear();
    const pauseMs = this.#members.size * PAUSE_MS_PER_MEMBER;
    if (pauseMs >= LEAST_PAUSE_MS) this.#pause = this.#clock.after(pauseMs, () => this.#tell(), { hold: false });
  }
}

/** A list in parts that fit a message each. */
function parts<Item>(list: readonly Item[]): Item[][] {
  const count = Math.ceil(list.length / MEMBERS_PER_MESSAGE);
  return Array.from({ length: count }, (_, at) => list.slice(at * MEMBERS_PER_MESSAGE, (at + 1) * MEMBERS_PER_MESSAGE));
}
