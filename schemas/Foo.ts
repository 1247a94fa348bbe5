import { definePeer } from "chatroom/schema";
import { z } from "zod";

/** Foo asks the questions, and can be asked who it is. */
export const Foo = definePeer({
  get: {
    /** What Foo calls itself. */
    title: { output: z.string() },
  },
  send: {
    /** Says something to Foo. */
    chat: z.object({ text: z.string().max(2000) }),
  },
});
