import type { ResourceId } from "./ids.ts";

/** A listening port. Its name is what routers refer to. */
export interface EntryPoint {
  readonly id: ResourceId<"entryPoint">;
  readonly name: string;
  /** IP address to bind; "" binds all addresses. */
  readonly host: string;
  /** TCP port; 0 lets the system choose (the supervisor settles it once for all workers). */
  readonly port: number;
  /** Whether connections are TLS. */
  readonly tls: boolean;
  /** CIDRs of peers whose X-Forwarded-* headers are believed. Empty: nobody's. */
  readonly trustedProxies: readonly string[];
}
