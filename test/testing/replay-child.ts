/** Prints the digest of a seed's events, for a test that compares two processes. */
import { busyEvents, digest } from "./busy-people.ts";

console.log(digest(await busyEvents(Number(process.argv[2]))));
