/** Tells a peer that reads slowly from one that does not read at all, by what is queued for it. */
export class QueueWatch {
  #queuedBytes = 0;

  /** Whether the peer has taken some of what is queued for it since this was last asked. */
  hasMoved(queuedBytes: number): boolean {
    const before = this.#queuedBytes;
    this.#queuedBytes = queuedBytes;
    return queuedBytes > 0 && queuedBytes !== before;
  }
}
