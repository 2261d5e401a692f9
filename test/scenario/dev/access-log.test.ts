import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FairwayDev } from "../changes/fairway-dev.ts";
import { ask } from "./ask.ts";

const REQUESTS = 30;

test("a file has one line for each request, whichever worker had it, once the proxy has ended", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fairway-access-"));
  const file = join(folder, "access.log");
  const flags = ["--access-log", "json", "--access-log-file", file, "--access-log-fields", "status,path,host"];
  try {
    const dev = await FairwayDev.start(folder, 2, flags);
    const paths = Array.from({ length: REQUESTS }, (_, i) => i);
    await Promise.all(paths.map(() => ask(dev.port, { host: "a.test" })));
    await dev.stop();
    const lines = readFileSync(file, "utf8").split("\n");
    expect(lines.pop()).toBe("");
    expect(lines).toEqual(paths.map(() => '{"status":404,"path":"/","host":"a.test"}'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
