import { definePeer } from "chatroom/schema";
import { z } from "zod";

/** Bar answers questions. */
export const Bar = definePeer({
  get: {
    /** Gives the data back, and says who did the test. */
    test: { input: z.string(), output: z.tuple([z.string(), z.string()]) },
    /** Looks a title up. */
    find: {
      input: z.object({ id: z.string() }),
      output: z.object({ title: z.string() }),
      errors: { NotFound: z.object({ id: z.string() }), Closed: z.void() },
    },
  },
  send: {
    /** Says something to Bar. */
    chat: z.object({ text: z.string().max(2000) }),
  },
});
