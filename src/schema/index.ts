/** Entry `chatroom/schema`: what schema files stand on. */
export { definePeer, type GetSchema, type PeerSchema, type SendSchema, type ZodLike } from "./define-peer.ts";
