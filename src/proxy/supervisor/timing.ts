/**
 * How long the supervisor waits for what. Tests use shorter ones. A worker on a busy machine is slow and not lost: until it has been
 * silent for long, waiting for it costs less than a listener.
 */
export interface SupervisorTiming {
  /** A worker that has not prepared a generation in this time is replaced. */
  readonly prepareMs: number;
  /** A worker that has not switched in this time is replaced. */
  readonly switchMs: number;
  /** A worker that has not become ready in this time after its start is replaced. */
  readonly startMs: number;
  /** A worker silent for this long is replaced. */
  readonly silenceMs: number;
  /** First and longest pause before a worker is started again; a worker that lived `healthyMs` starts from the first. */
  readonly restartFirstMs: number;
  readonly restartMostMs: number;
  readonly healthyMs: number;
  /** First and longest pause before entry points that could not be opened are tried again. */
  readonly reopenFirstMs: number;
  readonly reopenMostMs: number;
}

export const SUPERVISOR_TIMING: SupervisorTiming = {
  prepareMs: 10_000,
  switchMs: 10_000,
  startMs: 30_000,
  silenceMs: 10_000,
  restartFirstMs: 50,
  restartMostMs: 10_000,
  healthyMs: 60_000,
  reopenFirstMs: 500,
  reopenMostMs: 30_000,
};

/** The delays of a drain. */
export interface DrainTiming {
  /** At least this long connections are still accepted, so that whoever sends them can learn that we are leaving. */
  readonly delayMs: number;
  /** Then until this long has brought no connection, but never longer than `quietMostMs` more. */
  readonly quietMs: number;
  readonly quietMostMs: number;
  /** After the listeners are closed, exchanges get this long to end. */
  readonly deadlineMs: number;
}

/** For a Pod: its endpoints take a while to be forgotten by everybody. */
export const POD_DRAIN: DrainTiming = { delayMs: 15_000, quietMs: 2_000, quietMostMs: 30_000, deadlineMs: 30_000 };

/** For a terminal: Ctrl-C is answered at once. */
export const TERMINAL_DRAIN: DrainTiming = { delayMs: 0, quietMs: 0, quietMostMs: 0, deadlineMs: 1_000 };
