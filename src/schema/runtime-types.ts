/** The types that `chatroom/runtime` exports, gathered for that entry. */
export type { CallErrorCode, Outcome, PeerError } from "../base/errors.ts";
export type { PeerSchema } from "./define-peer.ts";
export type * from "./call-types.ts";
export type * from "./context-types.ts";
export type * from "./network-types.ts";
export type * from "./peer-types.ts";
export type * from "./server-types.ts";
