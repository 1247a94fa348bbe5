/** Entry `chatroom/testing`: for tests of programs that use chatroom. */
export { MemoryNetwork, type MemoryNetworkOptions } from "../pipe/memory.ts";
export { memoryEnvironment } from "./memory-environment.ts";
export { ManualClock } from "./manual-clock.ts";
export { testCall, type TestCallOptions } from "./test-call.ts";
