/** The channel's clockwork: one set for operator and proxy. Tests use shorter ones. */
export interface ChannelTiming {
  /** A side that sent nothing else says this often that it lives. */
  readonly heartbeatMs: number;
  /** A side silent for this long is taken for dead. */
  readonly silenceMs: number;
  /** An operator that has said nothing on a new stream for this long is not there. */
  readonly connectMs: number;
  /** A stream older than this is asked to come back, so that proxies spread over replicas again. */
  readonly streamAgeMs: number;
  /** A proxy that has not answered a commit for this long is sent away. */
  readonly answerMs: number;
  /** How often the token of a live stream is checked again. */
  readonly recheckMs: number;
  /** First and longest pause before the proxy connects again when nobody serves it. */
  readonly backoffFirstMs: number;
  readonly backoffSoonMs: number;
  /** Longest pause when it is refused: until somebody changes something, nothing will be different. */
  readonly backoffMostMs: number;
}

export const CHANNEL_TIMING: ChannelTiming = {
  heartbeatMs: 10_000,
  silenceMs: 30_000,
  connectMs: 10_000,
  streamAgeMs: 3_600_000,
  answerMs: 60_000,
  recheckMs: 300_000,
  backoffFirstMs: 100,
  backoffSoonMs: 2_000,
  backoffMostMs: 10_000,
};
