/** patch: read the object as this version serves it, change the document, and go on as an update does. */
import { serverSideApply } from "../../kube/machinery/apply.ts";
import { FieldError } from "../../kube/machinery/field.ts";
import { cloneJson } from "../../kube/machinery/json.ts";
import { applyJsonPatch } from "../../kube/machinery/json-patch.ts";
import { goValue } from "../../kube/machinery/json-value.ts";
import { applyMergePatch } from "../../kube/machinery/merge-patch.ts";
import { badRequest, conflict, invalid, notFound, StatusError } from "../../kube/machinery/status.ts";
import { applyStrategicMerge } from "../../kube/machinery/strategic-merge.ts";
import { isObject, type JsonObject, type KubeObject } from "../../kube/object.ts";
import { DecodeError } from "../../kube/schema/decode.ts";
import { JsonError, parseJson } from "../../kube/schema/json.ts";
import type { Outcome, WriteCall } from "./call.ts";
import { keyOf, target } from "./call.ts";
import { served } from "./convert.ts";
import { beginCreate, commitCreate, dropDuplicateOwners, placeInNamespace, prepareCreate } from "./create.ts";
import { goKind, keepReset, typeProblem } from "./decode-body.ts";
import type { FieldValidation } from "./options.ts";
import { checkName, type UpdateRules, updateObject } from "./update.ts";

export const JSON_PATCH = "application/json-patch+json";
export const MERGE_PATCH = "application/merge-patch+json";
export const STRATEGIC_PATCH = "application/strategic-merge-patch+json";
export const APPLY_PATCH = "application/apply-patch+yaml";

export interface Patch {
  contentType: string;
  /** JSON text. */
  body: string;
  fieldValidation: FieldValidation;
  force: boolean;
  /** Strict errors of the YAML that an apply patch came as. */
  bodyStrictErrors?: readonly string[];
  rules?: UpdateRules;
}

/** @throws StatusError 415 for a patch type that the kind does not take. */
function checkContentType(call: WriteCall, contentType: string): void {
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(call.kind.patchSchema ? [STRATEGIC_PATCH] : []), APPLY_PATCH];
  if (!accepted.includes(contentType)) {
    throw new StatusError(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
    );
  }
}

/** The patch as a value; a JSON null patch is null. `strict` collects its duplicate fields. */
function parsePatch(text: string, strict: string[], frame: (why: string) => string): unknown {
  try {
    return parseJson(text, { strict });
  } catch (error) {
    if (error instanceof JsonError) throw badRequest(frame(error.why.replace(/^couldn't get version\/kind; json parse error: /, "")));
    throw error;
  }
}

interface Patched {
  document: JsonObject;
  /** What a refusal shows as the patch. */
  shown: string | undefined;
}

/** The document after a JSON, merge or strategic merge patch. `strict` collects what strict field validation refuses in the patch itself. */
function patchedDocument(call: WriteCall, patch: Patch, document: JsonObject, strict: string[]): Patched {
  const report = patch.fieldValidation === "Ignore" ? undefined : { strict };
  if (patch.contentType === STRATEGIC_PATCH && call.kind.patchSchema) {
    const value = parsePatch(patch.body, strict, (why) => why);
    return { document: applyStrategicMerge(document, value, call.kind.patchSchema), shown: goValue(value) };
  }
  const value = parsePatch(patch.body, strict, (why) => `error decoding patch: ${why}`);
  if (patch.contentType === JSON_PATCH) strict.splice(0, strict.length, ...strict.map((each) => `json patch ${each}`));
  if (patch.contentType === JSON_PATCH) return { document: applyJsonPatch(document, value, report), shown: undefined };
  return { document: applyMergePatch(document, value), shown: undefined };
}

function refusePatched({ document, shown }: Patched, why: string): StatusError {
  return invalid({ group: "", kind: "" }, "", [new FieldError("Invalid", "patch", shown ?? JSON.stringify(sortedMembers(document)), why)]);
}

/** Upstream's patched documents are maps, which are written in the order of their keys. */
function sortedMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedMembers);
  if (!isObject(value)) return value;
  const members = Object.keys(value).sort();
  return Object.fromEntries(members.map((name) => [name, sortedMembers(value[name])]));
}

/** A strategic merge patch is not decoded from JSON but converted field by field, and fails in other words. */
function conversionProblem(why: string): string {
  const match = /^json: cannot unmarshal (\S+)(?: (\S+))? into Go .* of type (\S+)$/.exec(why);
  if (!match) return why.startsWith("illegal base64") ? `error decoding from json: ${why}` : why;
  const [, json = "", number, go = ""] = match;
  const kinds: Record<string, string> = { object: "map", array: "slice", number: number?.includes(".") ? "float64" : "int64" };
  const from = kinds[json] ?? json;
  if (go.startsWith("[]")) return `cannot restore slice from ${from}`;
  if (go.startsWith("map[")) return `cannot restore map from ${from}`;
  if (!/^(?:string|bool|u?int\d*|float\d+)$/.test(go)) return `cannot restore struct from: ${from}`;
  const convertible = (from === "int64" && go !== "bool") || (from === "float64" && go !== "bool" && go !== "string");
  return convertible ? `cannot convert ${from} to ${go}` : `unrecognized type: ${go}`;
}

/** A document whose patch took its apiVersion away is of no type: all that it holds is unknown, its name too. */
function undeterminable(call: WriteCall, patch: Patch, document: JsonObject, strict: readonly string[]): StatusError {
  const fields = Object.keys(document).filter((field) => field !== "apiVersion" && field !== "kind");
  const unknown = [...strict, ...fields.sort().map((field) => `unknown field ${JSON.stringify(field)}`)];
  if (patch.fieldValidation === "Strict") return refusePatched({ document, shown: undefined }, `strict decoding error: ${unknown.join(", ")}`);
  if (patch.fieldValidation === "Warn") call.warnings.push(...unknown);
  return badRequest(`the name of the object (${call.name} based on URL) was undeterminable: name must be provided`);
}

/** A patched document as an object of the kind. @throws StatusError 422 when it does not decode, or strictly so. */
function decodePatched(call: WriteCall, patch: Patch, patched: Patched, strict: string[]): KubeObject {
  const { kind } = call;
  const { document } = patched;
  if (!document.apiVersion && !kind.custom) throw undeterminable(call, patch, document, strict);
  document.apiVersion ??= kind.apiVersion;
  document.kind ??= kind.kind;
  let object: KubeObject;
  const unknown: string[] = [];
  const given = { apiVersion: String(document.apiVersion), kind: String(document.kind) };
  if (given.apiVersion.split("/").length > 2) throw refusePatched(patched, `unexpected GroupVersion string: ${given.apiVersion}`);
  const problem = kind.custom ? undefined : typeProblem(given, kind);
  if (problem) throw refusePatched(patched, problem);
  try {
    object = kind.decode(document, { strict: unknown });
  } catch (error) {
    if (error instanceof DecodeError) throw refusePatched(patched, patched.shown === undefined ? error.why : conversionProblem(error.why));
    throw error;
  }
  keepReset(object, document);
  strict.push(...unknown.sort());
  if (patch.fieldValidation === "Strict" && strict.length > 0) throw refusePatched(patched, `strict decoding error: ${strict.join(", ")}`);
  if (patch.fieldValidation === "Warn") call.warnings.push(...strict);
  return object;
}

/** @throws StatusError 400 when the patched object is not the one that the URL names. */
function checkPlace(call: WriteCall, object: KubeObject): void {
  checkName(call, object);
  placeInNamespace(call, object);
}

/** Patches a stored object, or creates it where the patch is an apply. */
export function patchObject(call: WriteCall, patch: Patch): Outcome {
  checkContentType(call, patch.contentType);
  if (patch.contentType === APPLY_PATCH) return applyPatch(call, patch);
  const stored = call.transaction.get(keyOf(call.kind, call.namespace, call.name));
  if (!stored) throw notFound(target(call.kind), call.name);
  const strict: string[] = [];
  const patched = patchedDocument(call, patch, served(call.kind, stored.object) as unknown as JsonObject, strict);
  const object = decodePatched(call, patch, patched, strict);
  checkPlace(call, object);
  return updateObject(call, { object, stored, isPatch: true, rules: patch.rules });
}

/** The object that a patch other than an apply makes of `current`, for faces of an object that are not stored themselves (Scale). */
export function patchDocument(call: WriteCall, patch: Patch, current: KubeObject): KubeObject {
  checkContentType(call, patch.contentType);
  const strict: string[] = [];
  return decodePatched(call, patch, patchedDocument(call, patch, current as unknown as JsonObject, strict), strict);
}

/** The configuration that an apply patch carries. @throws StatusError 400. */
export function parseApplied(patch: Patch, strict: string[]): JsonObject {
  const applied = parsePatch(patch.body, strict, (why) => `error decoding YAML: ${why}`);
  if (!isObject(applied))
    throw badRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goKind(applied)} into Go value of type map[string]interface {}`,
    );
  return applied;
}

/** Strict field validation of an applied configuration. @throws StatusError 400. */
function checkApplied(call: WriteCall, patch: Patch, applied: JsonObject, strict: string[]): void {
  if (patch.fieldValidation === "Ignore") return;
  call.kind.decode(cloneJson(applied), { strict });
  if (strict.length === 0) return;
  if (patch.fieldValidation === "Strict") throw badRequest(`error strict decoding YAML: ${strict.join(", ")}`);
  call.warnings.push(...strict);
}

/** Server-side apply (KEP-555): the only patch that creates. */
function applyPatch(call: WriteCall, patch: Patch): Outcome {
  const { kind, name, namespace } = call;
  const strict: string[] = [...(patch.bodyStrictErrors ?? [])];
  const applied = parseApplied(patch, strict);
  const stored = call.transaction.get(keyOf(kind, namespace, name));
  if (!stored && call.subresource !== "") throw notFound(target(kind), name);
  const meta = isObject(applied.metadata) ? applied.metadata : {};
  if (!stored && meta.uid)
    throw conflict(target(kind), name, `uid mismatch: the provided object specified uid ${String(meta.uid)}, and no existing object was found`);
  const result = serverSideApply({
    live: stored && served(kind, stored.object),
    applied,
    structure: kind.structure(),
    group: kind.group,
    kind: kind.kind,
    manager: call.fieldManager,
    force: patch.force,
    apiVersion: kind.apiVersion,
    subresource: call.subresource,
    now: call.now,
    resetFields: kind.resetFields?.[call.subresource] ?? [],
  });
  checkApplied(call, patch, applied, strict);
  const object = kind.decode(result.object as unknown as JsonObject, { strict: [] });
  object.metadata.name ||= name;
  if (kind.scope === "Namespaced") object.metadata.namespace ||= namespace;
  checkPlace(call, object);
  if (stored) return updateObject(call, { object, stored, isPatch: true, rules: patch.rules, managedFields: (final) => result.managedFieldsOf(final) });
  delete object.metadata.resourceVersion;
  beginCreate(call, object);
  dropDuplicateOwners(call, object, true);
  prepareCreate(call, object);
  return commitCreate(call, object, result.managedFieldsOf(object));
}
