import { expect, test } from "vitest";
import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import { problem } from "../model/problem-codes.ts";
import { ProblemWatch } from "./problem-watch.ts";
import type { EventFormat, RunEvent } from "./run-events.ts";

function located(name: string, line: number): LocatedProblem {
  const object = { kind: "IngressRoute", namespace: "shop", name };
  return { ...problem("InvalidRule", object, "spec.routes[0].match", "It does not parse."), file: "a.yaml", line };
}

function watch(format: EventFormat) {
  const events: RunEvent[] = [];
  let problems: readonly LocatedProblem[] = [];
  const watched = new ProblemWatch(
    () => problems,
    (event) => events.push(event),
    format,
  );
  const look = (now: readonly LocatedProblem[]): RunEvent[] => {
    problems = now;
    watched.look();
    return events.splice(0);
  };
  return look;
}

test("a problem is told once when it appears and once when it is solved, wherever its line moves", () => {
  const look = watch("json");
  const [a, b] = [located("a", 1), located("b", 2)];
  expect(look([a])).toEqual([{ event: "problem", ...a }]);
  expect(look([{ ...a, line: 5 }, b])).toEqual([{ event: "problem", ...b }]);
  expect(look([b])).toEqual([{ event: "problemSolved", ...a, line: 5 }]);
  expect(look([b])).toEqual([]);
});

test("people get the first fifty and a count, programs get all", () => {
  const many = Array.from({ length: 60 }, (_, index) => located(`r${index}`, index));
  expect(watch("json")(many)).toHaveLength(60);
  const lines = watch("text")(many);
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toEqual({ event: "problemsLeftOut", count: 10 });
});
