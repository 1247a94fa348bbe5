import { definePeer } from "chatroom/schema";
import { z } from "zod";

/** Inputs of the sizes that are encoded and decoded alone. */
export const Values = definePeer({
  send: {
    message: z.object({ text: z.string(), n: z.number() }),
    three: z.object({ id: z.number(), name: z.string(), ok: z.boolean() }),
    seven: z.object({
      id: z.string(),
      name: z.string(),
      tags: z.array(z.string()),
      at: z.object({ x: z.number(), y: z.number() }),
      active: z.boolean(),
      kind: z.enum(["user", "admin"]),
      note: z.string().optional(),
    }),
    rows: z.array(z.object({ id: z.number(), name: z.string(), score: z.number(), active: z.boolean() })),
  },
});
