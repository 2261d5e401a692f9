import { hash } from "node:crypto";
import type { ObjectRef } from "../../model/object-ref.ts";
import { ApiError, type ApiObject, type KubernetesApi } from "../api/api.ts";
import { objectPath, STATUS_KINDS } from "./status-kinds.ts";

/** Longest field manager, as the API has it. */
const MANAGER_MAX = 128;

/** The answer to a write is read for its resource version alone. */
const METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/**
 * Writes statuses by server-side apply, under a field manager that is the controller's own: what another one has written of the same
 * object stays, and what is not applied again goes.
 */
export class StatusWriter {
  readonly #api: KubernetesApi;
  readonly #manager: string;

  constructor(api: KubernetesApi, controllerName: string) {
    this.#api = api;
    this.#manager = fieldManager(controllerName);
  }

  /**
   * Applies a status, or with null gives up all that was applied before. Answers the object's new version; null when there is no such
   * object any more. Rejects as `KubernetesApi.request`.
   */
  async apply(ref: ObjectRef, status: object | null, signal: AbortSignal): Promise<number | null> {
    const { apiVersion } = STATUS_KINDS.get(ref.kind) as { readonly apiVersion: string };
    const metadata = { name: ref.name, ...(ref.namespace === "" ? {} : { namespace: ref.namespace }) };
    try {
      const answer = await this.#api.request<ApiObject>({
        method: "PATCH",
        path: `${objectPath(ref)}/status`,
        // The server would read it twice to warn of unknown fields. There are none: our tests hold statuses to their schemas.
        query: { fieldManager: this.#manager, force: true, fieldValidation: "Ignore" },
        contentType: "application/apply-patch+yaml",
        accept: METADATA_ONLY,
        body: { apiVersion, kind: ref.kind, metadata, ...(status === null ? {} : { status }) },
        signal,
      });
      return Number(answer.metadata.resourceVersion ?? 0);
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 410)) return null;
      throw error;
    }
  }
}

/** The field manager of a controller: two controllers never own each other's fields. */
export function fieldManager(controllerName: string): string {
  const name = `fairway-operator/${controllerName}`;
  return name.length <= MANAGER_MAX ? name : `fairway-operator/${hash("sha256", controllerName, "hex")}`;
}
