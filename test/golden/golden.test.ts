import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { goldenText } from "./golden-text.ts";

/**
 * Golden pairs: `<kind>/<behaviour>.in.yaml` is the whole input, `.out.yaml` what it compiles to. `npm run golden` rewrites the
 * outputs; their difference is reviewed like code.
 */
const folder = fileURLToPath(new URL(".", import.meta.url));
const inputs = globSync("**/*.in.yaml", { cwd: folder }).sort();
const isWriting = process.env.GOLDEN === "write";

test.for(inputs)("%s compiles to its golden output", (input) => {
  const outputFile = `${folder}${input.replace(/\.in\.yaml$/, ".out.yaml")}`;
  const output = goldenText(readFileSync(`${folder}${input}`, "utf8"));
  if (isWriting) writeFileSync(outputFile, output);
  expect(existsSync(outputFile), `${outputFile} exists (npm run golden writes it)`).toBe(true);
  expect(output).toBe(readFileSync(outputFile, "utf8"));
});

test("no golden output is without its input", () => {
  const outputs = globSync("**/*.out.yaml", { cwd: folder });
  expect(outputs.filter((output) => !inputs.includes(output.replace(/\.out\.yaml$/, ".in.yaml")))).toEqual([]);
  expect(inputs.length).toBeGreaterThanOrEqual(150);
});
