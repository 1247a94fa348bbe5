/** Entry `chatroom/testing`: for tests of programs that use chatroom. */
export { MemoryNetwork, type MemoryNetworkOptions } from "../pipe/memory.ts";
export type { Shape } from "./course.ts";
export type { HostOptions } from "./host-life.ts";
export { memoryEnvironment } from "./memory-environment.ts";
export { ManualClock } from "./manual-clock.ts";
export type { Faults } from "./random-faults.ts";
export type { Range } from "./seeded.ts";
export { simulate, type SimulateOptions } from "./simulate.ts";
export type { SimulatedHost } from "./simulated-host.ts";
export type { Hosts, SimulatedNetwork } from "./simulated-network.ts";
export type { SimulationEvent } from "./simulation-event.ts";
export { testCall, type TestCallOptions } from "./test-call.ts";
