import { definePeer } from "chatroom/schema";
import { z } from "zod";

/** Foo asks the questions, and can be asked who it is. */
export const Foo = definePeer({
  get: {
    /** What Foo calls itself. */
    title: { output: z.string() },
  },
  send: {
    /** How far a worker has come, from 0 to 1. */
    progress: { input: z.object({ job: z.string(), done: z.number().min(0).max(1) }), from: ["Worker"] },
  },
});
