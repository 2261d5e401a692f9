const OK = Buffer.from("HTTP/1.1 200");
const HEAD_END = Buffer.from("\r\n\r\n");

/** Finds the ends of answers on a connection: they have a Content-Length. Keeps no bytes of bodies. */
export class AnswerReader {
  #head: Buffer = Buffer.alloc(0);
  #bodyLeft = -1;

  /** Takes bytes as they come; true when they end an answer. Throws on an answer that is not 200. One answer at a time. */
  take(bytes: Buffer): boolean {
    if (this.#bodyLeft < 0) {
      const all = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
      const end = all.indexOf(HEAD_END);
      if (end < 0) {
        // Borrowed bytes are kept as a copy.
        this.#head = Buffer.from(all);
        return false;
      }
      if (!all.subarray(0, OK.length).equals(OK)) throw new Error(all.toString("latin1", 0, 200));
      const length = /^content-length: *(\d+)/im.exec(all.toString("latin1", 0, end))?.[1];
      if (length === undefined) throw new Error("an answer without Content-Length");
      this.#bodyLeft = Number(length) - (all.length - end - HEAD_END.length);
    } else this.#bodyLeft -= bytes.length;
    if (this.#bodyLeft > 0) return false;
    if (this.#bodyLeft < 0) throw new Error("more than an answer");
    this.#head = Buffer.alloc(0);
    this.#bodyLeft = -1;
    return true;
  }
}
