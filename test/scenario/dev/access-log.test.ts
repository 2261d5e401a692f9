import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FairwayDev } from "../changes/fairway-dev.ts";
import { until } from "../channel/world.ts";
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

test("at SIGUSR1 a file that was moved away is opened anew, and no line is lost", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fairway-access-"));
  const [file, moved] = [join(folder, "access.log"), join(folder, "access.log.1")];
  const flags = ["--access-log", "json", "--access-log-file", file, "--access-log-fields", "status"];
  try {
    const dev = await FairwayDev.start(folder, 1, flags);
    try {
      await ask(dev.port, { host: "a.test" });
      await until("the first line is written", () => readFileSync(file, "utf8") !== "");
      renameSync(file, moved);
      process.kill(dev.pid, "SIGUSR1");
      await until("the file is there again", () => existsSync(file));
      await ask(dev.port, { host: "a.test" });
    } finally {
      await dev.stop();
    }
    for (const path of [moved, file]) expect(readFileSync(path, "utf8")).toBe('{"status":404}\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
