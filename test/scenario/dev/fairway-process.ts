import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import type { RunEvent } from "../../../src/cmd/run-events.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

type EventOf<E extends RunEvent["event"]> = Extract<RunEvent, { readonly event: E }>;

/** Every line of every test has to hold to the published schema. */
const SCHEMA: unknown = JSON.parse(readFileSync(new URL("docs/reference/events.schema.json", `file://${ROOT}`), "utf8"));
const holdsToSchema = new Ajv({ strict: false }).compile(SCHEMA as object);

/** A `fairway` command that runs as a process of its own and tells what happens as JSON lines. */
export class FairwayProcess {
  readonly events: RunEvent[] = [];
  stderr = "";
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;

  constructor(...args: readonly string[]) {
    this.#child = spawn(process.execPath, ["src/main.ts", ...args, "--events", "json"], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stderr?.on("data", (bytes) => {
      this.stderr += bytes;
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => this.#take(line));
    this.#exited = once(this.#child, "exit").then(([code]) => code as number | null);
  }

  /** Lines that are no event by the schema, each with what is wrong. */
  readonly strays: string[] = [];

  #take(line: string): void {
    const event = JSON.parse(line) as RunEvent;
    if (holdsToSchema(event)) this.events.push(event);
    else this.strays.push(`${line}: ${holdsToSchema.errors?.map(({ message }) => message).join(", ")}`);
  }

  /** All events of one kind so far. */
  of<E extends RunEvent["event"]>(event: E): EventOf<E>[] {
    return this.events.filter((each): each is EventOf<E> => each.event === event);
  }

  /** The nth event of a kind (from 1) that passes; waits for it, at most 20 s. */
  async event<E extends RunEvent["event"]>(
    event: E,
    passes: (found: EventOf<E>) => boolean = () => true,
    nth = 1,
  ): Promise<EventOf<E>> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const found = this.of(event).filter(passes)[nth - 1];
      if (found) return found;
      if (this.#child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`no event "${event}" came.\nevents: ${JSON.stringify(this.events, null, 1)}\nstderr: ${this.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The port an entry point listens on. */
  async port(name: string): Promise<number> {
    return (await this.event("listening", ({ entryPoint }) => entryPoint.name === name)).entryPoint.port;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The exit code; null when a signal ended it. */
  exit(): Promise<number | null> {
    return this.#exited;
  }

  /** Ends it on the spot. Throws when it said something that is no event. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.#exited;
    if (this.strays.length > 0) throw new Error(`not an event by docs/reference/events.schema.json: ${this.strays.join("\n")}`);
  }
}
