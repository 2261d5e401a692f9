import type { Node } from "yaml";
import { isCollection, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import { fieldKeys } from "../../validate/field-path.ts";
import type { DocumentPlace, Piece } from "./parse-documents.ts";
import { YAML_OPTIONS } from "./parse-documents.ts";

/**
 * The line (from 1) a field of a document stands on; where the field is not there, that of the nearest thing around it.
 * Undefined when the file no longer has such a document.
 */
export function lineOfField(pieces: readonly Piece[], place: DocumentPlace, field: string): number | undefined {
  const piece = pieces[place.piece];
  if (piece === undefined) return undefined;
  const lineCounter = new LineCounter();
  const document = [...parseAllDocuments(piece.text, { ...YAML_OPTIONS, lineCounter })][place.document];
  if (document === undefined || document.errors.length > 0 || !isNode(document.contents)) return undefined;
  const keys = place.item === null ? fieldKeys(field) : ["items", String(place.item), ...fieldKeys(field)];
  const offset = offsetOf(document.contents, keys);
  return offset === undefined ? undefined : piece.linesBefore + lineCounter.linePos(offset).line;
}

/** Where the deepest part of a path begins that is there: its key in a mapping, the item itself in a sequence. */
function offsetOf(root: Node, keys: readonly string[]): number | undefined {
  let offset = root.range?.[0];
  let node: unknown = root;
  for (const key of keys) {
    const found = isCollection(node) ? childOf(node, key) : undefined;
    if (found === undefined) break;
    offset = found.offset ?? offset;
    node = found.node;
  }
  return offset;
}

function childOf(node: unknown, key: string): { readonly node: unknown; readonly offset: number | undefined } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(key)];
    return isNode(item) ? { node: item, offset: item.range?.[0] } : undefined;
  }
  if (!isMap(node)) return undefined;
  for (const pair of node.items) {
    if (isPair(pair) && isScalar(pair.key) && String(pair.key.value) === key)
      return { node: pair.value, offset: pair.key.range?.[0] };
  }
  return undefined;
}
