import { HttpExchange } from "../proxy/http1/exchange.ts";

/** What a middleware did to a header of the request; `value` null: it was removed. Names are lower case. */
export interface HeaderChange {
  readonly name: string;
  readonly value: string | null;
}

/** An exchange that remembers what middlewares did to the headers of its request. */
export class ObservedExchange extends HttpExchange {
  #changes: HeaderChange[] = [];

  /** What happened since the last call, as far as it had an effect, in order. */
  takeChanges(): readonly HeaderChange[] {
    const changes = this.#changes.filter(({ name }) => name === "host" || this.requestEdits.touches(name));
    this.#changes = [];
    return changes;
  }

  override setAuthority(authority: string): void {
    super.setAuthority(authority);
    if (this.authority === authority) this.#changes.push({ name: "host", value: authority });
  }

  override setRequestHeader(name: string, value: string): void {
    super.setRequestHeader(name, value);
    this.#changes.push({ name, value });
  }

  override addRequestHeader(name: string, value: string): void {
    super.addRequestHeader(name, value);
    this.#changes.push({ name, value });
  }

  override removeRequestHeader(name: string): void {
    super.removeRequestHeader(name);
    this.#changes.push({ name, value: null });
  }
}
