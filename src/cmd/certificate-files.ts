import { readFileSync } from "node:fs";
import type { Clock } from "../kernel/clock.ts";
import type { CertificatePem } from "../kernel/self-signed.ts";

/** How often the files are looked at: a mounted Secret changes by a swapped link, which not every file system tells. */
const LOOK_MS = 10_000;

/** A certificate and its key in files, which may be replaced at any time. */
export class CertificateFiles {
  readonly #certificate: string;
  readonly #key: string;
  readonly #clock: Clock;
  #cancel: () => void = () => {};

  constructor(certificate: string, key: string, clock: Clock) {
    this.#certificate = certificate;
    this.#key = key;
    this.#clock = clock;
  }

  /** What the files hold now. Throws what reading a file throws. */
  read(): CertificatePem {
    return { chainPem: readFileSync(this.#certificate, "utf8"), keyPem: readFileSync(this.#key, "utf8") };
  }

  /** Calls `onChange` with each new content; a pair that cannot be read, or that it throws for, is told to `onProblem` and looked at again. */
  follow(
    onChange: (pair: CertificatePem) => void,
    onProblem: (error: unknown) => void,
    known: CertificatePem = this.read(),
  ): void {
    this.#cancel = this.#clock.after(LOOK_MS, () => {
      let now = known;
      try {
        const read = this.read();
        if (read.chainPem !== known.chainPem || read.keyPem !== known.keyPem) {
          onChange(read);
          now = read;
        }
      } catch (error) {
        onProblem(error);
      }
      this.follow(onChange, onProblem, now);
    });
  }

  stop(): void {
    this.#cancel();
  }
}
