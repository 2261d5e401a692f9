import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child, hasProgram, LOAD_CORE } from "./children.ts";
import type { Load } from "./load.ts";

/** How much longer than asked a run may take. */
const GRACE_MS = 30_000;

/** What is missing for it, or null. */
export function missingWrk(): string | null {
  return hasProgram("wrk") ? null : "apt-get install wrk";
}

/** Asks `address` (a URL) as fast as answers come, over so many connections. `requests` are sent in turn, as they are. */
export async function saturate(
  folder: string,
  address: string,
  plan: { readonly connections: number; readonly seconds: number; readonly requests: readonly string[] },
): Promise<Load> {
  const file = join(folder, "wrk.lua");
  writeFileSync(file, script(plan.requests));
  const flags = ["-t1", `-c${plan.connections}`, `-d${Math.ceil(plan.seconds)}s`, "--timeout", "20s", "-s", file];
  return readOutput(await new Child(LOAD_CORE, "wrk", [...flags, address]).output(plan.seconds * 1_000 + GRACE_MS));
}

function script(requests: readonly string[]): string {
  return `local requests = {
${requests.map((text) => `  ${JSON.stringify(text)},`).join("\n")}
}
local at = 0
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"answered":%d,"failed":%d,"seconds":%f,"p50Ms":%f,"p99Ms":%f,"p999Ms":%f}\\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000))
end
`;
}

/** Reads what the script wrote at its end. */
function readOutput(text: string): Load {
  const json = /^RESULT (\{.*\})$/m.exec(text)?.[1];
  if (json === undefined) throw new Error(`wrk says: ${text}`);
  const load = JSON.parse(json) as Load;
  return { ...load, examples: load.failed > 0 ? [text.replaceAll("\n", "; ").slice(0, 300)] : [] };
}
