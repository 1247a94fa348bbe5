// One run of bcrypt on a thread of its own. Plain JavaScript, so that Node runs this very file from the sources and from the
// package, whatever loads TypeScript there.
import { parentPort, workerData } from "node:worker_threads";
import { hashSync } from "bcryptjs";

/** @type {readonly { readonly password: string, readonly setting: string }[]} */
const jobs = workerData;
parentPort?.postMessage(jobs.map(({ password, setting }) => hashSync(password, setting)));
