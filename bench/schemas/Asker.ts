import { definePeer } from "chatroom/schema";

/** Calls, and is not called. */
export const Asker = definePeer({});
