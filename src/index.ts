/** Entry `chatroom`: programs that call each other, wherever they run. */
export { LinkError, type LinkErrorCode, PeerError, type CallErrorCode, type Outcome } from "./base/errors.ts";
export { DEFAULT_LIMITS, type LimitChanges, type Limits } from "./base/limits.ts";
export type { Logger, LogLevel, LogOption } from "./base/log.ts";
export { contextKey } from "./call/handler-call.ts";
export { hashPasswords, type HashOptions } from "./crypto/hash-passwords.ts";
export type { AuditEvent, AuditFields, AuditReasons } from "./link/audit.ts";
export type { Users } from "./link/user-table.ts";
export type { CloseOptions } from "./node/peer-table.ts";
export { printMessages } from "./print-messages.ts";
export { Room, type RoomOptions } from "./room/room.ts";
export type * from "./schema/call-types.ts";
export type * from "./schema/context-types.ts";
export type * from "./schema/peer-types.ts";
export type { ClientOptions, ConnectOptions, ServerOptions } from "./schema/server-types.ts";
export { Client } from "./server/client.ts";
export { Server } from "./server/server.ts";
export { User } from "./user/user.ts";
