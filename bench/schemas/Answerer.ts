import { definePeer } from "chatroom/schema";
import { z } from "zod";

const payload = z.object({ text: z.string(), n: z.number() });
const bytes = z.instanceof(Uint8Array);

/** Declared as a user would: input and output are validated on every call. */
export const Answerer = definePeer({
  get: {
    echo: { input: payload, output: payload },
    echoBytes: { input: bytes, output: bytes },
    told: { output: z.number() },
  },
  send: { note: payload },
});
