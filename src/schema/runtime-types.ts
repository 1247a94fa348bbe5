/** The types that `chatroom/runtime` exports beside `bind` and the errors, gathered for that entry. */
export type { PeerSchema } from "./define-peer.ts";
export type * from "./call-types.ts";
export type * from "./context-types.ts";
export type * from "./network-types.ts";
export type * from "./peer-types.ts";
