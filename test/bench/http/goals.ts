import type { Row } from "./figures.ts";

/** What Fairway's CPU per request is to be at most, as a ratio to another proxy that does the same work. */
export interface Goal {
  readonly caseName: string;
  readonly peer: string;
  readonly ratioMax: number;
}

const TO_NGINX: Readonly<Record<string, number>> = {
  "keep-alive": 1,
  "keep-alive-60": 1,
  close: 1.4,
  "close-60": 1.4,
  "down-1m": 0.9,
  "down-1m-60": 0.9,
  "up-1m": 0.9,
  "tls-keep-alive": 1.1,
  "tls13-ecdsa": 1.2,
  "tls13-rsa": 1.2,
  "tls12-ecdsa": 1.2,
  "tls12-rsa": 1.2,
  "tls13-resumed": 1.2,
  "tls12-resumed": 1.2,
  "h2-16x16": 2,
  "h2-64x1": 2,
};

export const GOALS: readonly Goal[] = [
  ...Object.entries(TO_NGINX).map(([caseName, ratioMax]) => ({ caseName, peer: "nginx", ratioMax })),
  ...["keep-alive", "keep-alive-60"].flatMap((caseName) => [
    { caseName, peer: "haproxy", ratioMax: 0.9 },
    { caseName, peer: "envoy", ratioMax: 0.35 },
  ]),
];

/** Goals beside what was measured: head and cells of a table. Goals that were not measured, or whose row is void, are left out. */
export function goalCells(rows: readonly Row[]): readonly (readonly string[])[] {
  const cells = GOALS.flatMap(({ caseName, peer, ratioMax }) => {
    const row = rows.find((one) => one.caseName === caseName && one.target === "fairway");
    const other = rows.find((one) => one.caseName === caseName && one.target === peer);
    const ratio = row?.ratios[peer];
    if (ratio === undefined || row?.wrong !== null || other?.wrong !== null) return [];
    const { median, low, high } = ratio;
    const range = `${low.toFixed(2)}-${high.toFixed(2)}`;
    const verdict = median <= ratioMax ? "met" : low <= ratioMax ? "missed; met in some repeats" : "missed";
    return [[`${caseName} to ${peer}`, ratioMax.toFixed(2), median.toFixed(2), range, verdict]];
  });
  return [["goal", "at most", "median", "range", ""], ...cells];
}
