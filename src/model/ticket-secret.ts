import type { ResourceId } from "./ids.ts";
import type { ObjectRef } from "./object-ref.ts";

/** What all proxies of a class protect TLS session tickets with, so that a session may resume on any of them. */
export interface TicketSecret {
  readonly id: ResourceId<"ticketSecret">;
  readonly origin: ObjectRef;
  /** Base64 of at least `TICKET_SECRET_BYTES` bytes. Another one ends all sessions there are. */
  readonly secret: string;
}

/** How many bytes a secret has at least. */
export const TICKET_SECRET_BYTES = 32;
