import type { Piece } from "./contract.ts";
import type { Ledger } from "./ledger.ts";
import { OFFSETS } from "./noise.ts";
import type { RouteSlot } from "./route-slot.ts";
import type { EntryPorts } from "./soak-folder.ts";
import type { Timeline } from "./timeline.ts";

/** What all clients of a soak share. */
export interface SoakRun {
  readonly ledger: Ledger;
  readonly ports: EntryPorts;
  /** Slots whose servers leave the configuration before they end. */
  readonly slots: readonly RouteSlot[];
  /** The slot whose servers are killed on the spot. */
  readonly rough: RouteSlot;
  /** Whether `web` trusts this machine; the other entry points never do. */
  readonly trusts: Timeline<boolean>;
  /** Whether the entry point `extra` is there. */
  readonly hasExtra: Timeline<boolean>;
  /** From 0 to 1, seeded. */
  readonly random: () => number;
  /** Told to stop: sessions end with what they have in hand. */
  isOver: boolean;
}

/** A whole number of `[least, most]`. */
export function between(run: SoakRun, least: number, most: number): number {
  return least + Math.floor(run.random() * (most - least + 1));
}

export function anyPiece(run: SoakRun, least: number, most: number): Piece {
  return { offset: between(run, 0, OFFSETS - 1), length: between(run, least, most) };
}

export function anySlot(run: SoakRun): RouteSlot {
  return run.slots[between(run, 0, run.slots.length - 1)] as RouteSlot;
}

/** A pause of a client, shorter when the soak ends. */
export async function pause(run: SoakRun, ms: number): Promise<void> {
  const untilMs = performance.now() + ms;
  while (!run.isOver && performance.now() < untilMs)
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(100, untilMs - performance.now()))));
}
