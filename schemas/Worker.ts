import { definePeer } from "chatroom/schema";
import { z } from "zod";

const Size = z.object({ width: z.int().positive(), height: z.int().positive() });

/** Workers render scenes; there may be many of them. */
export const Worker = definePeer({
  get: {
    /** What the worker is doing right now. */
    status: { output: z.object({ load: z.number(), running: z.array(z.string()) }) },
    /** Renders one frame of a scene. */
    render: {
      input: z.object({
        /** What to render, as the scene editor saves it. */
        scene: z.instanceof(Uint8Array),
        /** Which frame, from 0. */
        frame: z.int().nonnegative().default(0),
        size: Size.optional(),
        /** A draft is quick and rough. */
        quality: z.enum(["draft", "final"]).default("final"),
      }),
      output: z.object({ image: z.instanceof(Uint8Array), renderedAt: z.date() }),
      errors: { BadScene: z.object({ line: z.int(), message: z.string() }), Stopping: z.void() },
      from: ["Foo"],
    },
  },
  send: {
    /** Finishes what is running, then leaves. */
    stop: { input: z.object({ reason: z.string() }), from: ["Foo"], fromNames: ["Foo"] },
  },
});
