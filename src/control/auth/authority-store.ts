import { fail, ok, type Result } from "../../kernel/result.ts";
import { ApiError, type ApiObject, type KubernetesApi } from "../api/api.ts";
import type { AuthoritySet } from "./authority-rotation.ts";
import { readAuthority } from "./certificate-authority.ts";

/** Name of the Secret with the authorities' keys, and of the ConfigMap with what proxies trust. */
export const CHANNEL_CA_NAME = "fairway-channel-ca";

/** Key of the bundle in the ConfigMap. */
export const BUNDLE_KEY = "ca.crt";

/** Longest bundle that is read from a Secret: several authorities, and far from what a ConfigMap may hold. */
const FORMER_CHARS_MAX = 64 * 1_024;

/** The authorities as they were read, and the object they were read from, to be written back. */
export interface StoredAuthorities {
  /** Null when there are none. */
  readonly object: ApiObject | null;
  readonly set: Result<AuthoritySet, string>;
}

/** Where the authorities are kept: keys in a Secret that operators alone read, certificates in a ConfigMap that proxies mount. */
export class AuthorityStore {
  readonly #api: KubernetesApi;
  readonly #namespace: string;

  constructor(api: KubernetesApi, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  /** Reads the Secret. Rejects as `KubernetesApi.request`. */
  async read(): Promise<StoredAuthorities> {
    const object = await this.#get("secrets");
    if (object === null) return { object, set: fail("there is none") };
    return { object, set: await readSet((object.data ?? {}) as Readonly<Record<string, string>>) };
  }

  /** Writes the Secret in place of what was read; false when someone else was quicker. Rejects otherwise, as a request. */
  async write({ current, next, formerPems }: AuthoritySet, former: ApiObject | null): Promise<boolean> {
    const values = {
      "current.crt": current.certificatePem,
      "current.key": current.keyPem,
      ...(next === null ? {} : { "next.crt": next.certificatePem, "next.key": next.keyPem }),
      ...(formerPems.length === 0 ? {} : { "former.crt": formerPems.join("") }),
    };
    const data = Object.fromEntries(Object.entries(values).map(([key, text]) => [key, Buffer.from(text).toString("base64")]));
    return this.#put("secrets", { kind: "Secret", type: "Opaque", data }, former);
  }

  /** Has the ConfigMap hold this bundle, and nothing else said of it. Rejects as a request; conflicts are for the next time. */
  async publish(bundle: string): Promise<void> {
    const former = await this.#get("configmaps");
    const data = former?.data as Readonly<Record<string, string>> | undefined;
    if (data?.[BUNDLE_KEY] === bundle) return;
    await this.#put("configmaps", { kind: "ConfigMap", data: { [BUNDLE_KEY]: bundle } }, former);
  }

  async #get(plural: string): Promise<ApiObject | null> {
    try {
      return await this.#api.request({ method: "GET", path: `${this.#collection(plural)}/${CHANNEL_CA_NAME}` });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  async #put(plural: string, content: Readonly<Record<string, unknown>>, former: ApiObject | null): Promise<boolean> {
    const metadata = { ...(former?.metadata ?? { labels: LABELS }), name: CHANNEL_CA_NAME, namespace: this.#namespace };
    const body = { apiVersion: "v1", ...content, metadata };
    const path = former === null ? this.#collection(plural) : `${this.#collection(plural)}/${CHANNEL_CA_NAME}`;
    try {
      await this.#api.request({ method: former === null ? "POST" : "PUT", path, body });
      return true;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 409 || (error.status === 404 && former !== null))) return false;
      throw error;
    }
  }

  #collection(plural: string): string {
    return `/api/v1/namespaces/${this.#namespace}/${plural}`;
  }
}

const LABELS = { "app.kubernetes.io/name": "fairway", "app.kubernetes.io/component": "channel" };

async function readSet(data: Readonly<Record<string, string>>): Promise<Result<AuthoritySet, string>> {
  const text = (key: string): string => Buffer.from(data[key] ?? "", "base64").toString("utf8");
  const current = await readAuthority(text("current.crt"), text("current.key"));
  if (!current.ok) return fail(`current.crt and current.key: ${current.error}`);
  const next = data["next.crt"] === undefined ? null : await readAuthority(text("next.crt"), text("next.key"));
  const formerPems = certificatesIn(text("former.crt").slice(0, FORMER_CHARS_MAX));
  // A successor that cannot be used is made anew.
  return ok({ current: current.value, next: next?.ok ? next.value : null, formerPems });
}

function certificatesIn(pem: string): readonly string[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((each) => `${each}\n`);
}
