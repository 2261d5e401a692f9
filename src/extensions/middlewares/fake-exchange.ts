import { FAILURES, type Failure } from "../../model/failure.ts";
import { canonicalPath } from "../../rules/canonical-path.ts";
import type { ClientCertificate, Exchange } from "./exchange.ts";

type HeaderList = readonly (readonly [name: string, value: string])[];

/** What a test says about the request; everything else has the plainest value. */
export interface FakeRequest {
  readonly method?: string;
  readonly scheme?: "http" | "https";
  readonly host?: string;
  readonly authority?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: HeaderList;
  readonly response?: { readonly status: number; readonly headers: HeaderList };
}

/** An exchange without sockets, for tests of middlewares: it keeps what hooks did, and holds to the rules of `Exchange`. */
export class FakeExchange implements Exchange {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly query: string;
  readonly clientAddress = "192.0.2.1";
  readonly clientCertificate: ClientCertificate | null = null;
  readonly status: number;
  authority: string;
  path: string;
  /** All request headers as they would go upstream, in order. */
  requestHeaders: [name: string, value: string][];
  /** All response headers as they would go to the client, in order. */
  responseHeaders: [name: string, value: string][];

  constructor(request: FakeRequest = {}) {
    this.method = request.method ?? "GET";
    this.scheme = request.scheme ?? "http";
    this.host = request.host ?? "shop.example";
    this.authority = request.authority ?? this.host;
    this.path = request.path ?? "/";
    this.query = request.query ?? "";
    this.requestHeaders = (request.headers ?? []).map(([name, value]) => [lowerCase(name), value]);
    this.status = request.response?.status ?? 0;
    this.responseHeaders = (request.response?.headers ?? []).map(([name, value]) => [lowerCase(name), value]);
  }

  rewritePath(path: string): Failure | undefined {
    if (canonicalPath(path) !== path) return FAILURES.BadPath;
    this.path = path;
    return undefined;
  }

  setAuthority(authority: string): void {
    this.authority = authority;
  }

  requestHeader(name: string): string | null {
    return this.requestHeaders.find(([key]) => key === lowerCase(name))?.[1] ?? null;
  }

  setRequestHeader(name: string, value: string): void {
    this.removeRequestHeader(name);
    this.addRequestHeader(name, value);
  }

  addRequestHeader(name: string, value: string): void {
    this.requestHeaders.push([lowerCase(name), value]);
  }

  removeRequestHeader(name: string): void {
    this.requestHeaders = this.requestHeaders.filter(([key]) => key !== lowerCase(name));
  }

  responseHeader(name: string): string | null {
    return this.responseHeaders.find(([key]) => key === lowerCase(name))?.[1] ?? null;
  }

  setResponseHeader(name: string, value: string): void {
    this.removeResponseHeader(name);
    this.addResponseHeader(name, value);
  }

  addResponseHeader(name: string, value: string): void {
    this.responseHeaders.push([lowerCase(name), value]);
  }

  removeResponseHeader(name: string): void {
    this.responseHeaders = this.responseHeaders.filter(([key]) => key !== lowerCase(name));
  }
}

/** The contract gives names in lower case; a hook that does not is wrong, and its test says so. */
function lowerCase(name: string): string {
  if (name !== name.toLowerCase()) throw new Error(`header name ${name} is not lower case`);
  return name;
}
