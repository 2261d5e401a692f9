import {
  type ApiObject,
  type ApiRequest,
  ApiUnreachable,
  type KubernetesApi,
  type WatchEvent,
  type WatchOptions,
} from "../../src/control/api/api.ts";
import type { ProcessClock, SimulatedTime } from "./simulated-time.ts";

/** What may go wrong between a process and the API server. Shares are of requests. */
export interface Trouble {
  /** Longest way of a request or an answer. */
  readonly delayMs: number;
  readonly requestsLost: number;
  /** The request was carried out, and nobody is told. */
  readonly answersLost: number;
}

export const NO_TROUBLE: Trouble = { delayMs: 5, requestsLost: 0, answersLost: 0 };

/** An API server as one process sees it through a network that delays and loses, in simulated time. */
export class UnreliableApi implements KubernetesApi {
  trouble: Trouble = NO_TROUBLE;
  readonly #api: KubernetesApi;
  readonly #time: SimulatedTime;
  readonly #clock: ProcessClock;
  readonly #random: () => number;

  constructor(api: KubernetesApi, time: SimulatedTime, clock: ProcessClock, random: () => number) {
    this.#api = api;
    this.#time = time;
    this.#clock = clock;
    this.#random = random;
  }

  request<T = ApiObject>(request: ApiRequest): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const giveUp = (): void => reject(new ApiUnreachable("no answer in time"));
      this.#clock.after(request.timeoutMs ?? 30_000, giveUp);
      if (this.#happens(this.trouble.requestsLost)) return;
      const isAnswerLost = this.#happens(this.trouble.answersLost);
      this.#time.after(this.#delayMs(), async () => {
        const answer = await this.#api.request<T>(request).then(
          (value) => () => resolve(value),
          (error: unknown) => () => reject(error),
        );
        if (!isAnswerLost) this.#time.after(this.#delayMs(), () => this.#clock.whenAwake(answer));
      });
    });
  }

  /** Events come late, and in order. */
  async *watch(path: string, options: WatchOptions): AsyncGenerator<WatchEvent> {
    for await (const event of this.#api.watch(path, options)) {
      await new Promise<void>((resolve) => {
        this.#time.after(this.#delayMs(), () => this.#clock.whenAwake(resolve));
      });
      yield event;
    }
  }

  #delayMs(): number {
    return this.#random() * this.trouble.delayMs;
  }

  #happens(share: number): boolean {
    return this.#random() < share;
  }
}
