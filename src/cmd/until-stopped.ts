import { ListenFailed } from "../kernel/listen.ts";
import { wrongUse } from "./cli.ts";

/** Exit code of a process that was told twice to end, as a shell shows it for Ctrl-C. */
const EXIT_INTERRUPTED = 130;

/** Resolves with the first SIGINT or SIGTERM. The second one ends the process on the spot. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let times = 0;
    const onSignal = (): void => {
      if (++times === 1) resolve();
      else process.exit(EXIT_INTERRUPTED);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}

/**
 * Calls `reopen` at each SIGUSR1, as log rotation sends it. It is listened to even where there is no log: Node itself would open a
 * debugger's port.
 */
export function onReopenSignal(reopen: () => void): void {
  process.on("SIGUSR1", reopen);
}

/** What a command does for as long as it runs; a port that cannot be opened ends it as wrong use, with a sentence. */
export async function running(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ListenFailed) wrongUse(error.message);
    throw error;
  }
}
