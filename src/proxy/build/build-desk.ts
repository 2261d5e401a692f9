import type { ResourceId } from "../../model/ids.ts";
import type { FromBuild, ToBuild } from "../messages.ts";
import type { Builder, BuiltGeneration } from "./builder.ts";
import type { LastGoodFile } from "./last-good-file.ts";

/** Answers the supervisor's messages with a builder and a file, one after another. What the build thread does, without the thread. */
export class BuildDesk {
  readonly #builder: Builder;
  readonly #file: LastGoodFile | null;
  readonly #send: (message: FromBuild) => void;
  /** Resources that changed since what is on its way to the disk. */
  readonly #unsaved = new Set<ResourceId>();
  #turn: Promise<void> = Promise.resolve();

  constructor(builder: Builder, file: LastGoodFile | null, send: (message: FromBuild) => void) {
    this.#builder = builder;
    this.#file = file;
    this.#send = send;
  }

  /** Takes a message; the promise ends when it has been dealt with, after all messages before it. */
  take(message: ToBuild): Promise<void> {
    this.#turn = this.#turn.then(() => this.#handle(message));
    return this.#turn;
  }

  async #handle(message: ToBuild): Promise<void> {
    switch (message.type) {
      case "restore":
        return this.#restore();
      case "apply":
        return this.#apply(message);
      case "commit":
        return this.#commit(message.sequence);
      case "describe":
        this.#send({ type: "described", request: message.request, json: this.#builder.describe() });
        return;
      case "close":
        await this.#file?.flush();
    }
  }

  #apply(message: Extract<ToBuild, { type: "apply" }>): void {
    const built = this.#builder.apply(message);
    if (!built.ok) {
      this.#send({ type: "rejected", version: message.version, reason: built.error });
      return;
    }
    const { update, refused, changed } = built.value;
    for (const id of changed) this.#unsaved.add(id);
    this.#send({ type: "built", update, refused });
  }

  /** The newest generation only: when another is under way already, its own commit will follow. */
  #commit(sequence: number): void {
    this.#builder.settle(sequence);
    if (sequence !== this.#builder.sequence) return;
    this.#file?.save([...this.#unsaved].map((id) => [id, this.#builder.resource(id)]));
    this.#unsaved.clear();
  }

  async #restore(): Promise<void> {
    const built = await this.#restored();
    const held = built === null ? [] : this.#builder.held().map(({ id, hash }) => [id, hash] as const);
    this.#send({ type: "restored", update: built?.update ?? null, held, refused: built?.refused ?? [] });
  }

  async #restored(): Promise<BuiltGeneration | null> {
    if (this.#file === null) return null;
    const read = await this.#file.read();
    if (!read.ok) return this.#refuse(read.error);
    if (read.value === null) return null;
    const { version, resources, unopened } = read.value;
    if (unopened > 0) this.#log("warn", "certificates of the last good snapshot cannot be opened", { certificates: unopened });
    const built = this.#builder.apply({ version, reset: true, upserts: resources, removals: [] });
    if (!built.ok) return this.#refuse(built.error);
    this.#file.begin(this.#builder.held());
    return built.value;
  }

  #refuse(reason: string): null {
    this.#log("error", "the last good snapshot cannot be used", { reason });
    return null;
  }

  #log(level: "warn" | "error", message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#send({ type: "log", level, message, fields });
  }
}
