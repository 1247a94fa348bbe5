import type { Link } from "../../src/link/link.ts";
import { RoomMember } from "../../src/room/member.ts";
import { type Boxed, decodeBoxed, decodeToUser, type Join, type ToUser } from "../../src/wire/room-messages.ts";

/** A member, and what it was told. */
export interface FakeMember {
  readonly member: RoomMember;
  readonly heard: ToUser[];
  readonly boxes: Boxed[];
}

/** A member without a connection, that the Room sees at that address. */
export function fakeMember(name: string, seen = "127.0.0.1", join: Partial<Join> = {}): FakeMember {
  const heard: ToUser[] = [];
  const boxes: Boxed[] = [];
  const link = {
    remoteName: name,
    remote: { host: seen, port: 40_000 },
    send: ([payload]: readonly Uint8Array[]) => void heard.push(decodeToUser(payload as Uint8Array)),
    sendSealed: (payload: Uint8Array) => void boxes.push(decodeBoxed(payload)),
  } as unknown as Link; // all that a member uses of it here
  const defaults: Join = { type: "join", kind: name, port: 5_000, addresses: [], publicHost: undefined, lan: "auto" };
  return { member: new RoomMember(link, { ...defaults, ...join }), heard, boxes };
}

/** The boxes of one kind. */
export function boxesOf<Type extends Boxed["type"]>(
  { boxes }: Pick<FakeMember, "boxes">,
  type: Type,
): Extract<Boxed, { type: Type }>[] {
  return boxes.filter((box): box is Extract<Boxed, { type: Type }> => box.type === type);
}

/** A different id at each call. */
export function ids(): () => Uint8Array {
  let made = 0;
  return () => {
    const id = new Uint8Array(16);
    new DataView(id.buffer).setUint32(12, ++made);
    return id;
  };
}
