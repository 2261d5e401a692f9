import type { KubernetesApi } from "../../src/control/api/api.ts";
import type { HeldTerm } from "../../src/control/leader/held-term.ts";
import { LeaderElection } from "../../src/control/leader/leader-election.ts";
import type { LeaseTiming } from "../../src/control/leader/lease-timing.ts";
import type { Holder } from "../../src/control/leader/observed-lease.ts";
import { ProcessClock, type SimulatedTime } from "./simulated-time.ts";
import { UnreliableApi } from "./unreliable-api.ts";

export interface ReplicaOptions {
  readonly name: string;
  readonly time: SimulatedTime;
  readonly api: KubernetesApi;
  readonly timing: LeaseTiming;
  readonly random: () => number;
  readonly rate?: number;
  readonly offsetMs?: number;
}

/** A replica of the operator that does nothing but take part in the election. */
export class SimulatedReplica {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly api: UnreliableApi;
  readonly election: LeaderElection;
  /** What it was told, in order. */
  readonly told: string[] = [];
  readonly terms: HeldTerm[] = [];
  readonly problems: unknown[] = [];
  holder: Holder | null = null;
  /** What it does first in a term. */
  takeOver: (term: HeldTerm) => Promise<void> = async () => {};

  constructor({ name, time, api, timing, random, rate = 1, offsetMs = 0 }: ReplicaOptions) {
    this.name = name;
    this.clock = new ProcessClock(time, rate, offsetMs);
    this.api = new UnreliableApi(api, time, this.clock, random);
    this.election = new LeaderElection({
      api: this.api,
      namespace: "fairway-system",
      name: "fairway-operator",
      identity: name,
      url: `https://${name}:9443`,
      timing,
      clock: this.clock,
      random,
      onAcquired: (term) => {
        this.terms.push(term);
        this.told.push(`acquired ${term.number}`);
        return this.takeOver(term);
      },
      onLost: (reason) => this.told.push(`lost: ${reason}`),
      onHolder: (holder) => {
        this.holder = holder;
      },
      onProblem: (error) => this.problems.push(error),
    });
  }

  /** Whether it writes now: it has the right, and does not stand still. */
  get writes(): boolean {
    return !this.clock.isPaused && this.election.term !== null;
  }
}
