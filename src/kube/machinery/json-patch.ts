/**
 * JSON Patch (RFC 6902) with the liberties that kube-apiserver's library takes and clients may lean on: replace and
 * test treat an absent field as null, indexes may count from the end, whatever stands before a path's first slash is ignored.
 */
import { isObject, type JsonObject } from "../object.ts";
import type { DecodeReport } from "../schema/schema.ts";
import { cloneJson, equalJson } from "./json.ts";
import { fieldOf, jsonKind, setField } from "./json-value.ts";
import { badRequest, StatusError } from "./status.ts";

const MAX_OPERATIONS = 10_000;
/** Copies may grow a document exponentially; together they may add this much. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024;

const OPERATION_FIELDS = ["op", "path", "from", "value"];

/**
 * The document that the patch makes; neither argument is changed. With a report (fieldValidation Warn or Strict) the
 * operations are decoded strictly and their unknown fields reported.
 * @throws StatusError 400 when the patch is no patch, 413 when it is too long, 422 when it does not apply.
 */
export function applyJsonPatch(document: JsonObject, patch: unknown, report?: DecodeReport): JsonObject {
  const operations = decodeOperations(patch, report);
  if (operations.length > MAX_OPERATIONS) {
    const message = `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`;
    throw new StatusError(413, "RequestEntityTooLarge", message);
  }
  const patched = new PatchedDocument(document);
  for (const operation of operations) if (!patched.apply(operation)) throw doesNotApply();
  return patched.root;
}

/** 422 in the words that upstream has for a patch that does not fit the object; it keeps the cause to itself. */
export function doesNotApply(): StatusError {
  return new StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {});
}

function decodeOperations(patch: unknown, report: DecodeReport | undefined): JsonObject[] {
  const prefix = report ? "error decoding patch: " : "";
  if (patch === null) return [];
  if (!Array.isArray(patch)) {
    throw badRequest(`${prefix}json: cannot unmarshal ${jsonKind(patch)} into Go value of type ${report ? "[]handlers.jsonPatchOp" : "jsonpatch.Patch"}`);
  }
  return patch.map((operation: unknown, index) => {
    if (operation === null) return {};
    if (!isObject(operation)) {
      throw badRequest(
        `${prefix}json: cannot unmarshal ${jsonKind(operation)} into Go value of type ${report ? "handlers.jsonPatchOp" : "jsonpatch.Operation"}`,
      );
    }
    if (report) decodeStrictly(operation, index, report);
    return operation;
  });
}

function decodeStrictly(operation: JsonObject, index: number, report: DecodeReport): void {
  for (const name of Object.keys(operation)) {
    const value = operation[name];
    if (!OPERATION_FIELDS.includes(name)) report.strict.push(`json patch unknown field "[${index}].${name}"`);
    else if (name !== "value" && typeof value !== "string" && value !== null) {
      throw badRequest(`error decoding patch: json: cannot unmarshal ${jsonKind(value)} into Go struct field jsonPatchOp.${name} of type string`);
    }
  }
}

type Container = JsonObject | unknown[];

/** A document that is copied where it is written: containers in `#owned` are its own, all others are someone's input. */
class PatchedDocument {
  root: JsonObject;
  readonly #owned = new Set<Container>();
  #copiedBytes = 0;

  constructor(document: JsonObject) {
    this.root = document;
  }

  /** False when the operation does not apply. */
  apply(operation: JsonObject): boolean {
    const { op, path, value = null } = operation;
    if (typeof path !== "string") return false;
    switch (op) {
      case "add":
        return this.#add(path, value);
      case "remove":
        return this.#remove(path);
      case "replace":
        return this.#replace(path, value);
      case "test":
        return this.#test(path, value);
      case "move":
        return this.#move(operation.from, path);
      case "copy":
        return this.#copy(operation.from, path);
      default:
        return false;
    }
  }

  #add(path: string, value: unknown): boolean {
    const target = this.#writable(path);
    if (!target) return false;
    const { container, key } = target;
    if (!Array.isArray(container)) {
      setField(container, key, value);
      return true;
    }
    const index = key === "-" ? container.length : indexIn(key, container.length + 1);
    if (index === undefined) return false;
    container.splice(index, 0, value);
    return true;
  }

  #remove(path: string): boolean {
    const target = this.#writable(path);
    if (!target) return false;
    const { container, key } = target;
    if (!Array.isArray(container)) {
      if (!Object.hasOwn(container, key)) return false;
      delete container[key];
      return true;
    }
    const index = indexIn(key, container.length);
    if (index === undefined) return false;
    container.splice(index, 1);
    return true;
  }

  #replace(path: string, value: unknown): boolean {
    if (path === "") {
      // Upstream lets an array through here and then fails to decode it as an object.
      if (!isObject(value)) return false;
      this.root = value;
      return true;
    }
    const target = this.#writable(path);
    if (!target) return false;
    const { container, key } = target;
    if (!Array.isArray(container)) {
      setField(container, key, value);
      return true;
    }
    const index = indexIn(key, container.length);
    if (index === undefined) return false;
    container[index] = value;
    return true;
  }

  #test(path: string, value: unknown): boolean {
    if (path === "") return equalJson(this.root, value);
    const found = this.#read(path);
    return found !== undefined && equalJson(found.value ?? null, value);
  }

  #move(from: unknown, path: string): boolean {
    if (typeof from !== "string") return false;
    const found = this.#read(from);
    return found !== undefined && this.#remove(from) && this.#add(path, found.value ?? null);
  }

  #copy(from: unknown, path: string): boolean {
    if (typeof from !== "string") return false;
    const found = this.#read(from);
    if (!found) return false;
    const copy = cloneJson(found.value ?? null);
    this.#copiedBytes += JSON.stringify(copy).length;
    return this.#copiedBytes <= MAX_COPIED_BYTES && this.#add(path, copy);
  }

  /** What stands at the path: undefined when its container is missing, `value` undefined when only the field is. */
  #read(path: string): { value: unknown } | undefined {
    const keys = keysOf(path);
    if (!keys) return undefined;
    let current: unknown = this.root;
    for (const [at, key] of keys.entries()) {
      const last = at === keys.length - 1;
      if (Array.isArray(current)) {
        const index = indexIn(key, current.length);
        if (index === undefined) return undefined;
        current = current[index];
      } else if (isObject(current)) {
        current = fieldOf(current, key);
      } else {
        return undefined;
      }
      if (!last && (current === null || current === undefined)) return undefined;
    }
    return { value: current };
  }

  /** The container that holds the path's last key, made writable together with all above it. */
  #writable(path: string): { container: Container; key: string } | undefined {
    const keys = keysOf(path);
    if (!keys) return undefined;
    const key = keys.pop() as string;
    this.root = this.#own(this.root) as JsonObject;
    let container: Container = this.root;
    for (const step of keys) {
      const index: number | undefined = Array.isArray(container) ? indexIn(step, container.length) : undefined;
      if (Array.isArray(container) && index === undefined) return undefined;
      const next: unknown = Array.isArray(container) ? container[index as number] : fieldOf(container, step);
      if (!isObject(next) && !Array.isArray(next)) return undefined;
      const owned = this.#own(next);
      if (Array.isArray(container)) container[index as number] = owned;
      else setField(container, step, owned);
      container = owned;
    }
    return { container, key };
  }

  #own(container: Container): Container {
    if (this.#owned.has(container)) return container;
    const copy = Array.isArray(container) ? [...container] : { ...container };
    this.#owned.add(copy);
    return copy;
  }
}

function keysOf(path: string): string[] | undefined {
  const parts = path.split("/");
  if (parts.length < 2) return undefined;
  return parts.slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** An index below `length`, negative ones counted from the end; undefined when it is none. */
function indexIn(key: string, length: number): number | undefined {
  if (!/^[-+]?[0-9]+$/.test(key)) return undefined;
  const index = Number(key);
  if (index >= length || index < -length) return undefined;
  return index < 0 ? index + length : index;
}
