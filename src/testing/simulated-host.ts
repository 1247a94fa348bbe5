import { HostLife, type HostOptions, type World } from "./host-life.ts";

/** A machine of a simulation, with an address of its own, that programs run on until it crashes. */
export class SimulatedHost {
  readonly name: string;
  /** Made up: an address of 127.0.0.0/8. */
  readonly address: string;
  readonly #world: World;
  #life: HostLife;
  #lives = 1;
  readonly #programs: Program[] = [];

  constructor(name: string, address: string, world: World) {
    this.name = name;
    this.address = address;
    this.#world = world;
    this.#life = new HostLife(name, address, 1, world);
  }

  get isUp(): boolean {
    return !this.#life.isOver;
  }

  /** Whether `run` was called, so that a restart has something to run. */
  get hasProgram(): boolean {
    return this.#programs.length > 0;
  }

  /** What a program here is opened with. Good until a crash. @throws Error while the host is down. */
  get options(): HostOptions {
    if (!this.isUp) throw new Error(`the host "${this.name}" is down: restart() brings it back`);
    return this.#life.options;
  }

  /** Ends after so many simulated milliseconds; never when the host crashes before. For handlers that take their time. */
  sleep(ms: number): Promise<void> {
    const { clock } = this.options.environment;
    return new Promise((resolve) => clock.after(ms, resolve));
  }

  /**
   * Runs a program here, besides others: now, and again at every restart. Gives what it gives: this first run, or the next one when the
   * host crashes before it is done. A program that is to be restarted leaves what others need in a variable of theirs.
   * @throws Error while the host is down.
   */
  run<Result>(program: (options: HostOptions) => Result | PromiseLike<Result>): Promise<Result> {
    const { options } = this;
    const one: Program = { run: program, done: undefined };
    this.#programs.push(one);
    return this.#start(one, options) as Promise<Result>; // of that very program
  }

  /**
   * Ends everything here at once: its timers never fire, nobody listens, no event comes to it any more. The other ends of its links get
   * a reset; with `silent` (the power went) they hear nothing, and dials to it hang until it is back.
   * What runs here can't be stopped from waiting: what it awaits never comes. A host that is down is left alone.
   */
  crash(options: { silent?: boolean } = {}): void {
    if (!this.isUp) return;
    const isSilent = options.silent === true;
    this.#life.isOver = true;
    this.#world.record({ what: "crash", from: this.name, text: isSilent ? "silent" : "reset" });
    this.#world.network.crash(this.address, isSilent);
    if (isSilent) this.#world.silence(this.address, true);
  }

  /** Crashes, if it is up, and runs the programs of `run` again, with new options. Resolves when all are done, or rejects as one does. */
  async restart(): Promise<void> {
    this.crash();
    this.#life = new HostLife(this.name, this.address, ++this.#lives, this.#world);
    this.#world.record({ what: "start", from: this.name });
    this.#world.silence(this.address, false);
    const { options } = this;
    await Promise.all(this.#programs.map((program) => this.#start(program, options)));
  }

  #start(program: Program, options: HostOptions): Promise<unknown> {
    const life = this.#life;
    const done = (program.done ??= newDone());
    const settle = (run: () => void): void => {
      if (life.isOver || program.done !== done) return;
      program.done = undefined;
      run();
    };
    (async () => program.run(options))().then(
      (result) => settle(() => done.resolve(result)),
      (error: unknown) => settle(() => done.reject(error)),
    );
    return done.promise;
  }
}

interface Program {
  readonly run: (options: HostOptions) => unknown;
  /** Settled by the next run that comes to its end. */
  done: Done | undefined;
}

interface Done {
  readonly promise: Promise<unknown>;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

function newDone(): Done {
  let settlers: Omit<Done, "promise"> | undefined;
  const promise = new Promise((resolve, reject) => {
    settlers = { resolve, reject };
  });
  return { promise, ...(settlers as Omit<Done, "promise">) };
}
