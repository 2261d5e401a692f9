/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };
type JsonRecord = { readonly [member: string]: Json };

/** Lists whose items are told apart by a member, in any of the objects the fake serves (`x-kubernetes-list-map-keys`). */
const LIST_KEYS: Readonly<Record<string, string>> = { conditions: "type", controllers: "controllerName", ownerReferences: "uid" };

/** JSON merge patch (RFC 7396). */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, Json> = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

/**
 * Server-side apply, as far as we use it: what the manager applies now is set, what it applied before and no longer does is removed, the
 * rest stays. Lists are replaced whole, but for those in LIST_KEYS. Nobody ever conflicts: it is as with `force=true`.
 */
export function applyPatch(target: Json | undefined, applied: Json, before: Json | undefined, member = ""): Json {
  if (isRecord(applied)) {
    const merged: Record<string, Json> = isRecord(target) ? { ...target } : {};
    const former = isRecord(before) ? before : {};
    for (const name of Object.keys(former)) if (!(name in applied)) removeOwned(merged, name, former[name] as Json);
    for (const [name, value] of Object.entries(applied)) merged[name] = applyPatch(merged[name], value, former[name], name);
    return merged;
  }
  const key = LIST_KEYS[member];
  if (!Array.isArray(applied) || key === undefined) return applied;
  return applyList(asRecords(target), asRecords(applied), asRecords(before), key);
}

function applyList(
  target: readonly JsonRecord[],
  applied: readonly JsonRecord[],
  before: readonly JsonRecord[],
  key: string,
): Json {
  const find = (list: readonly JsonRecord[], item: JsonRecord): JsonRecord | undefined =>
    list.find((each) => each[key] === item[key]);
  const kept = target.filter((item) => find(before, item) === undefined || find(applied, item) !== undefined);
  const updated = kept.map((item) => {
    const now = find(applied, item);
    return now === undefined ? item : applyPatch(item, now, find(before, item));
  });
  return [...updated, ...applied.filter((item) => find(kept, item) === undefined)];
}

/** Takes out what a manager owned alone: of a record only the members it had applied. */
function removeOwned(record: Record<string, Json>, name: string, owned: Json): void {
  const current = record[name];
  const key = LIST_KEYS[name];
  if (key !== undefined && Array.isArray(owned)) {
    const gone = new Set(asRecords(owned).map((item) => item[key]));
    const others = asRecords(current).filter((item) => !gone.has(item[key]));
    if (others.length === 0) delete record[name];
    else record[name] = others;
    return;
  }
  if (!isRecord(owned) || !isRecord(current)) {
    delete record[name];
    return;
  }
  const left: Record<string, Json> = { ...current };
  for (const [member, value] of Object.entries(owned)) removeOwned(left, member, value);
  if (Object.keys(left).length === 0) delete record[name];
  else record[name] = left;
}

function asRecords(value: Json | undefined): readonly JsonRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function isRecord(value: Json | undefined): value is JsonRecord {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
