import type { Dice } from "./dice.ts";

type Family = readonly [matcher: string, args: readonly string[]];

const TERMS: readonly Family[] = [
  ["Host", ["`a.test`", "`b.test`", "`x.a.test`", "`*.a.test`", "`*.test`", "`A.Test`", "`b.test.`", "`10.0.0.1`", "`[::1]`"]],
  ["HostRegexp", ["`^[a-z]\\.test$`", "`a`"]],
  ["Path", ["`/`", "`/a`", "`/a/`", "`/a/b`", "`/b`", "`/a%2Fb`"]],
  ["PathPrefix", ["`/`", "`/a`", "`/a/`", "`/a/b`", "`/b`", "`/long/path`"]],
  ["PathSegmentPrefix", ["`/a`", "`/a/b`", "`/`"]],
  ["PathRegexp", ["`^/a`", "`b$`", "`^/[a-z]$`"]],
  ["Method", ["`GET`", "`POST`", "`DELETE`"]],
  ["Header", ["`X-Test`, `1`", "`x-test`, `2`", "`Host`, `a.test`"]],
  ["HeaderRegexp", ["`X-Test`, `^[0-9]$`", "`Accept`, `json`"]],
  ["Query", ["`q`, `1`", "`q`, `2`", "`flag`"]],
  ["QueryRegexp", ["`q`, `^[0-9]+$`"]],
  ["ClientIP", ["`127.0.0.0/8`", "`10.1.2.3`"]],
];

const HOST = TERMS.slice(0, 2);
const PATHS = TERMS.slice(2, 6);

const BROKEN = ["Host(`a.test`", "Pth(`/a`)", "PathRegexp(`(`)", "Host(`a.test`) & Path(`/a`)", "Path(`/a/../b`)"];

/** A rule of few words, so that many rules meet at the same requests. One in thirty does not parse; most name a host or a path. */
export function randomRule(dice: Dice): string {
  if (dice.chance(1 / 30)) return dice.pick(BROKEN);
  if (dice.chance(0.03)) return randomTerms(dice, 0);
  const place = dice.pick([[HOST], [PATHS], [HOST, PATHS], [HOST, PATHS]]).map((family) => written(dice, dice.pick(family)));
  return dice.chance(0.4) ? place.join(" && ") : [...place, `(${randomTerms(dice, 1)})`].join(" && ");
}

function randomTerms(dice: Dice, depth: number): string {
  const count = 1 + dice.number(3 - depth);
  const symbol = dice.pick([" && ", " || "]);
  return Array.from({ length: count }, () => randomTerm(dice, depth)).join(symbol);
}

function randomTerm(dice: Dice, depth: number): string {
  if (depth < 2 && dice.chance(0.2)) return `${dice.pick(["", "!"])}(${randomTerms(dice, depth + 1)})`;
  return `${dice.chance(0.1) ? "!" : ""}${written(dice, dice.pick(TERMS))}`;
}

function written(dice: Dice, [matcher, args]: Family): string {
  return `${matcher}(${dice.pick(args)})`;
}
