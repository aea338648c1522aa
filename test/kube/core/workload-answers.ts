/**
 * Runs tables of facts: what a kube-apiserver v1.36.3 answered to a create of each object (one JSON line a case), with
 * the four long explanations of name rules abbreviated. A refused case lists its causes, an accepted one the object as
 * it came back, without what admission adds, and the warnings.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FieldErrors, FieldPath } from "../../../src/kube/machinery/field.ts";
import type { JsonObject, KubeObject } from "../../../src/kube/object.ts";
import { workloadKinds } from "../../../src/kube/workloads.ts";

interface Answer {
  name: string;
  object: JsonObject & { apiVersion: string; kind: string };
  causes?: string[];
  accepted?: JsonObject & { metadata: { labels?: object; annotations?: object } };
  warnings?: string[];
}

const ABBREVIATIONS: readonly (readonly [string, string])[] = [
  ["a lowercase RFC 1123 label must consist of", "{LABEL}"],
  ["a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-'", "{SUBDOMAIN}"],
  ["name part must consist of", "{NAME_PART}"],
  ["a valid label must be an empty string", "{LABEL_VALUE}"],
];
/** Everything after these is the explanation itself, up to an optional continuation about prefixes. */
const TAIL = / with an optional DNS subdomain prefix.*$/;

const UID = "UID";
const NOW = new Date("2026-01-02T03:04:05Z");
const CONTEXT = { now: NOW, user: { username: "tester", groups: [] } };

export function runAnswers(group: string): void {
  const path = new URL(`../${group}/workload-answers.jsonl`, import.meta.url);
  const answers = readFileSync(path, "utf8").trimEnd().split("\n");
  for (const line of answers) {
    const answer = JSON.parse(line) as Answer;
    test(`${answer.name}: ${answer.causes ? "is refused with the same causes" : "comes back with the same defaults"}`, () => check(answer));
  }
}

function check({ object, causes, accepted, warnings = [] }: Answer): void {
  const kind = workloadKinds.find((each) => each.apiVersion === object.apiVersion && each.kind === object.kind);
  if (!kind) throw new Error(`no kind ${object.kind}`);
  const made = kind.decode(structuredClone(object), { strict: [] });
  made.metadata.uid = UID;
  const given = made.metadata.name;
  made.metadata.name ??= "x";
  kind.applyDefaults?.(made);
  kind.prepareForCreate?.(made, CONTEXT);
  const errors = new FieldErrors();
  kind.validate?.(made, errors, FieldPath.root);
  kind.validateCreate?.(made, errors, FieldPath.root);
  for (const message of given === undefined ? [] : (kind.validateName?.(given, false) ?? [])) errors.invalid(FieldPath.of("metadata", "name"), given, message);
  const found = errors.list.map((error) => `${error.reason.replace("FieldValue", "")} ${error.field}: ${abbreviate(error.body())}`);
  // Maps are walked in no particular order upstream.
  expect(found.sort()).toEqual([...(causes ?? [])].sort());
  if (!accepted) return;
  const stored = kind.storage ? kind.storage.fromStorage(kind.storage.toStorage(made)) : made;
  expect(comparable(stored)).toEqual(withTimes(accepted));
  expect((kind.warnings?.(made) ?? []).sort()).toEqual([...warnings].sort());
}

function abbreviate(message: string): string {
  for (const [start, short] of ABBREVIATIONS) {
    const at = message.indexOf(start);
    if (at >= 0) return message.slice(0, at) + short + (TAIL.exec(message)?.[0] ?? "");
  }
  return message;
}

function comparable(object: KubeObject): JsonObject {
  const { metadata, apiVersion: _apiVersion, kind: _kind, ...rest } = JSON.parse(JSON.stringify(object)) as KubeObject & JsonObject;
  return { ...rest, metadata: { ...(metadata.labels && { labels: metadata.labels }), ...(metadata.annotations && { annotations: metadata.annotations }) } };
}

/** The one time in these answers is the condition of gated pods: when they were created. */
function withTimes(accepted: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(accepted), (key, value: unknown) =>
    key === "lastTransitionTime" && typeof value === "string" ? "2026-01-02T03:04:05Z" : value,
  ) as JsonObject;
}
