import { nativeEngine } from "../../src/crypto/native.ts";
import { portableEngine } from "../../src/crypto/portable.ts";

/** Both engines: every vector must come out alike. */
export const engines = [nativeEngine, portableEngine] as const;
