import type { EntryPoint } from "../../model/entry-point.ts";
import type { GenerationUpdate } from "../messages.ts";
import { address, EntryPointAddresses } from "./entry-points.ts";
import type { SupervisorEvent } from "./events.ts";

/** An entry point that cannot be opened, by its resource. */
export interface EntryPointProblem {
  readonly entryPoint: EntryPoint | null;
  readonly message: string;
}

/** What settling the addresses of one generation came to. */
interface Settled {
  /** As the generation wants them, with ports yet to be chosen. */
  readonly wanted: readonly EntryPoint[];
  readonly failed: readonly EntryPointProblem[];
}

/** Which entry points are open and which are not, as of the generation that is live; tells what changed. */
export class EntryPointStatus {
  readonly #addresses = new EntryPointAddresses();
  readonly #onEvent: (event: SupervisorEvent) => void;
  #problems: readonly EntryPointProblem[] = [];
  #open = new Map<string, EntryPoint>();
  /** The entry points of the live generation, as they are wanted. */
  #wanted: readonly EntryPoint[] = [];
  /** By the update that `settle` gave. */
  readonly #settled = new WeakMap<GenerationUpdate, Settled>();

  constructor(onEvent: (event: SupervisorEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Why entry points of the live generation are not open. */
  get problems(): readonly EntryPointProblem[] {
    return this.#problems;
  }

  /** The update with ports chosen, and with those entry points marked that workers must leave alone. */
  async settle(update: GenerationUpdate): Promise<GenerationUpdate> {
    const settled = await this.#addresses.settle(update.entryPoints.flatMap((one) => this.#asBefore(one)));
    const failed = settled.filter(({ problem }) => problem !== null);
    const outcome: GenerationUpdate = {
      ...update,
      entryPoints: settled.map(({ entryPoint }) => entryPoint),
      taken: failed.map(({ entryPoint }) => entryPoint.name),
    };
    this.#settled.set(outcome, {
      wanted: update.entryPoints,
      failed: failed.map(({ entryPoint, problem }) => ({ entryPoint, message: problem ?? "" })),
    });
    return outcome;
  }

  /** An entry point as it is wanted; where that is as before, as it is open now, or not at all. */
  #asBefore(entryPoint: EntryPoint): readonly EntryPoint[] {
    if (entryPoint.asBefore !== true) return [entryPoint];
    const open = [...this.#open.values()].find(({ name }) => name === entryPoint.name);
    return open === undefined ? [] : [open];
  }

  /** The live generation once more, for entry points that could not be opened: their addresses may be free by now. */
  settleAgain(live: GenerationUpdate): Promise<GenerationUpdate> {
    return this.settle({ ...live, entryPoints: this.#wanted });
  }

  /** An update that `settle` gave is live; `said` is what workers said about entry points they could not open. */
  onLive(update: GenerationUpdate, said: readonly string[]): void {
    const before = new Set(this.#problems.map(({ message }) => message));
    const { wanted, failed } = this.#settled.get(update) ?? { wanted: update.entryPoints, failed: [] };
    this.#wanted = wanted;
    const problems = [...failed, ...said.map((message) => ({ entryPoint: null, message }))];
    for (const { message } of problems) if (!before.has(message)) this.#onEvent({ event: "entryPointFailed", message });
    this.#problems = problems;
    // What workers could not open they named in words only, so they are looked for there.
    const isOpen = ({ name }: EntryPoint): boolean =>
      !update.taken?.includes(name) && !said.some((message) => message.includes(`"${name}"`));
    const open = new Map(update.entryPoints.filter(isOpen).map((entryPoint) => [keyOf(entryPoint), entryPoint]));
    for (const [key, entryPoint] of this.#open) if (!open.has(key)) this.#onEvent({ event: "closed", entryPoint });
    for (const [key, entryPoint] of open) if (!this.#open.has(key)) this.#onEvent({ event: "listening", entryPoint });
    this.#open = open;
  }
}

function keyOf(entryPoint: EntryPoint): string {
  return `${entryPoint.name} ${address(entryPoint)} ${entryPoint.tls}`;
}
