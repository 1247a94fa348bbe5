/** Entry `chatroom`: programs that call each other, wherever they run. */
export { LinkError, type LinkErrorCode, PeerError, type CallErrorCode, type Outcome } from "./base/errors.ts";
export { DEFAULT_LIMITS, type LimitChanges, type Limits } from "./base/limits.ts";
export type { Logger, LogLevel, LogOption } from "./base/log.ts";
export { contextKey } from "./call/handler-call.ts";
export { createIdentity, type NewIdentity } from "./crypto/identity.ts";
export { hashPasswords, type HashOptions } from "./crypto/hash-passwords.ts";
export type { AuditEvent, AuditFields, AuditReasons } from "./link/audit.ts";
export type { Users } from "./link/user-table.ts";
export type { CloseOptions } from "./node/peer-table.ts";
export { printMessages } from "./print-messages.ts";
export {
  type RelayedStatus,
  Room,
  type RoomMemberStatus,
  type RoomOptions,
  type RoomStatus,
} from "./room/room.ts";
export type { Ban, BanOptions, Bans } from "./schema/ban-types.ts";
export type * from "./schema/call-types.ts";
export type * from "./schema/context-types.ts";
export type * from "./schema/peer-types.ts";
export type * from "./schema/status-types.ts";
export type { ClientOptions, ConnectOptions, ServerOptions } from "./schema/server-types.ts";
export { Client } from "./server/client.ts";
export { Server } from "./server/server.ts";
export { trustOnFirstUse } from "./state/known-peers.ts";
export { User } from "./user/user.ts";
