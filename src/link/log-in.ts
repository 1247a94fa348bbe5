import { LinkError } from "../base/errors.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import type { Pipe } from "../pipe/pipe.ts";
import type { DialConfig } from "./dial.ts";
import { cutShort, explainUser, type Target, tooSlow } from "./explain.ts";
import { RecordLink } from "./record-link.ts";
import { RecordReader } from "./records.ts";
import { MAX_STAGE_BODY_BYTES } from "./user-stage.ts";
import type { UserStageInitiator, UserStageStep } from "./user-stage-initiator.ts";

/**
 * The user's side of the user stage on a pipe, right after CONFIRM. When it rejects the pipe is still the caller's, with a close
 * record on its way where the protocol has one; bcrypt has ended then.
 */
export function logIn(pipe: Pipe, stage: UserStageInitiator, target: Target, config: DialConfig): Promise<RecordLink> {
  const { clock, signal } = config;
  const { name, user } = config.handshake;
  const deadlineMs = (config.limits ?? DEFAULT_LIMITS).handshake.userStageMs;
  const deriving = new AbortController();
  return new Promise((resolve, reject) => {
    const reader = new RecordReader(MAX_STAGE_BODY_BYTES);
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      timer.cancel();
      signal?.removeEventListener("abort", abort);
      deriving.abort(new Error("the user stage is over"));
    };
    const fail = (error: unknown): void => {
      if (isSettled) return;
      settle();
      stage.wipe();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const abort = (): void => fail(signal?.reason);
    const go = (step: UserStageStep): void => {
      if (isSettled) return;
      if (step.kind === "derive") {
        user?.keysFor(step.setting, deriving.signal).then((keys) => {
          if (!isSettled) go(stage.login(keys));
        }, fail);
        return;
      }
      if (step.send !== undefined) pipe.write([step.send]);
      if (step.kind === "failed") return fail(explainUser(step.error, target, name));
      if (step.kind === "send") return;
      settle();
      resolve(new RecordLink(pipe, step.established, reader.takeRest(), config));
    };
    const take = (chunk: Uint8Array): void => {
      reader.push(chunk);
      for (;;) {
        const record = isSettled ? undefined : reader.next();
        if (record === undefined) return;
        go(stage.receive(record));
      }
    };
    const timer = clock.after(deadlineMs, () => fail(tooSlow(target, deadlineMs)));
    signal?.addEventListener("abort", abort, { once: true });
    pipe.start({
      data(chunk) {
        try {
          if (!isSettled) take(chunk);
        } catch (error) {
          fail(error instanceof LinkError ? explainUser(error, target, name) : error);
        }
      },
      drain() {},
      end: (error) => fail(cutShort(target, error)),
    });
  });
}
