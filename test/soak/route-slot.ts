import { Timeline } from "./timeline.ts";

/** Routes take turns among so many marks: a version is told from any that was live lately. */
export const MARKS = 8;

/** A host whose route, middleware and endpoints change on their own, and what they may be at which time. */
export class RouteSlot {
  readonly name: string;
  /** Version of its middleware. */
  readonly editions = new Timeline(0);
  /** Version of its route. */
  readonly routes = new Timeline(0);
  /** Names of the servers behind its Service. */
  readonly servers: Timeline<readonly string[]>;

  constructor(name: string, servers: readonly string[]) {
    this.name = name;
    this.servers = new Timeline(servers);
  }

  get host(): string {
    return `${this.name}.soak.test`;
  }
}
