import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { serverSideApply } from "../../../src/kube/machinery/apply.ts";
import { equalJson } from "../../../src/kube/machinery/json.ts";
import { trackUpdate } from "../../../src/kube/machinery/managed-fields.ts";
import { type StatusCause, StatusError } from "../../../src/kube/machinery/status.ts";
import type { JsonObject, KubeObject, ManagedFieldsEntry } from "../../../src/kube/object.ts";
import { decode } from "../../../src/kube/schema/decode.ts";
import { structureOf } from "../../../src/kube/schema/structure.ts";
import { typeIdOf, typeSchema } from "../../../src/kube/schema/table.ts";

interface Step {
  how: "create" | "put" | "apply" | "merge" | "strategic" | "json";
  manager: string;
  subresource: string;
  force: boolean;
  live: KubeObject | null;
  sent?: JsonObject;
  answer: KubeObject & { code?: number; message?: string; details?: { causes?: StatusCause[] } };
}

/** What kube-apiserver v1.36.3 answered to these requests, in order. */
const stories: { name: string; steps: Step[] }[] = JSON.parse(readFileSync(new URL("../../golden/machinery/ownership.json", import.meta.url), "utf8"));

/** As upstream's resetFields of a Deployment. */
const RESET: Record<string, readonly (readonly string[])[]> = { "": [["status"]], status: [["spec"], ["metadata", "labels"]] };

function resetFields(kind: string, subresource: string): readonly (readonly string[])[] {
  if (kind === "Ingress" && subresource === "status") return [["spec"]];
  return ["Deployment", "Ingress", "Service"].includes(kind) ? (RESET[subresource] ?? []) : [];
}

function kindOf(apiVersion: string, kind: string): { group: string; schema: ReturnType<typeof typeSchema> } {
  const [group, version] = apiVersion.includes("/") ? (apiVersion.split("/") as [string, string]) : ["", apiVersion];
  return { group, schema: typeSchema(typeIdOf(group, version, kind)) };
}

/** Entries whose times are left out where they are the time of the write, which no test can know. */
function comparable(entries: readonly ManagedFieldsEntry[] | undefined, live: KubeObject | null): unknown[] {
  const known = new Set(live?.metadata.managedFields?.map(({ time }) => time));
  return (entries ?? []).map(({ time, ...rest }) => ({ ...rest, time: time === undefined ? "none" : known.has(time) ? time : "now" }));
}

function canonical(object: KubeObject): KubeObject {
  const { schema } = kindOf(object.apiVersion, object.kind);
  return decode(schema, object as unknown as JsonObject, { strict: [] }) as unknown as KubeObject;
}

for (const { name, steps } of stories) {
  describe(name, () => {
    for (const [index, step] of steps.entries()) {
      it(`${index}: ${step.manager} ${step.how}s ${step.subresource}`, () => {
        const { answer, manager, subresource } = step;
        const live = step.live ? canonical(step.live) : undefined;
        const apiVersion = live?.apiVersion ?? String(step.sent?.apiVersion);
        const kind = live?.kind ?? String(step.sent?.kind);
        const { schema, group } = kindOf(apiVersion, kind);
        // Every stored time of these stories is older than this, and no entry of theirs can have it.
        const now = new Date(
          Date.parse(
            answer.metadata.managedFields
              ?.map(({ time }) => time ?? "")
              .sort()
              .at(-1) || "2030-01-01T00:00:00Z",
          ),
        );
        const common = { structure: structureOf(schema), manager, apiVersion, subresource, now, resetFields: resetFields(kind, subresource) };
        if (step.how !== "apply") {
          const request = (step.sent?.metadata as { managedFields?: ManagedFieldsEntry[] } | undefined)?.managedFields;
          const requestManagedFields = answer.metadata.managedFields === undefined ? [] : request;
          const entries = trackUpdate({ ...common, live, updated: asRequested(canonical(answer), live), requestManagedFields });
          expect(comparable(entries, live ?? null)).toEqual(comparable(answer.metadata.managedFields, live ?? null));
          return;
        }
        const run = (): ReturnType<typeof serverSideApply> =>
          serverSideApply({ ...common, live, applied: step.sent as JsonObject, group, kind, force: step.force });
        if (answer.kind === "Status") {
          // What the kind's validation refuses afterwards is not apply's to refuse.
          if (answer.code === 422) return void run();
          const thrown = thrownBy(run);
          expect({ code: thrown.code, lines: linesOf(thrown.message), causes: byField(thrown.details?.causes) }).toEqual({
            code: answer.code,
            lines: linesOf(answer.message),
            causes: byField(answer.details?.causes),
          });
          return;
        }
        const result = run();
        const final = canonical(answer);
        expect(comparable(result.managedFieldsOf(final), live ?? null)).toEqual(comparable(answer.metadata.managedFields, live ?? null));
        // Defaults aside, the merged object is what the original stored.
        const merged = canonical(result.object) as unknown as JsonObject;
        // What the endpoint resets, the kind's update takes back.
        for (const [field] of common.resetFields) delete merged[field as string];
        expect(firstMissing(merged, final)).toBe("");
      });
    }
  });
}

/** Go's maps have no order, and so neither have upstream's causes. */
function byField(causes: readonly StatusCause[] | undefined): StatusCause[] {
  return [...(causes ?? [])].sort((a, b) => (String(a.field) < String(b.field) ? -1 : 1));
}

function linesOf(message: string | undefined): string[] {
  return (message ?? "").split("\n").sort();
}

/** Ownership is settled before addresses are allocated. */
function asRequested(object: KubeObject, live: KubeObject | undefined): KubeObject {
  if (object.kind !== "Service" || live) return object;
  const { clusterIP: _ip, clusterIPs: _ips, ipFamilies: _families, ipFamilyPolicy: _policy, ...spec } = (object as KubeObject & { spec: JsonObject }).spec;
  return { ...object, spec } as KubeObject;
}

/** The first path at which `expected` lacks or contradicts something of `actual`; server-owned metadata aside. */
function firstMissing(actual: unknown, expected: unknown, at = ""): string {
  // An absent targetPort is the zero IntOrString until it is defaulted.
  if (at.endsWith(".targetPort")) return "";
  if (/^\.metadata\.(managedFields|resourceVersion|generation|uid|creationTimestamp)/.test(at)) return "";
  if (typeof actual !== "object" || actual === null) return actual === null || equalJson(actual, expected) ? "" : at;
  if (Array.isArray(actual)) {
    if (!Array.isArray(expected) || expected.length !== actual.length) return at;
    return actual.map((each, index) => firstMissing(each, expected[index], `${at}[${index}]`)).find(Boolean) ?? "";
  }
  const other = (expected ?? {}) as JsonObject;
  return (
    Object.entries(actual)
      .map(([field, value]) => firstMissing(value, other[field], `${at}.${field}`))
      .find(Boolean) ?? ""
  );
}

function thrownBy(run: () => unknown): StatusError {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a list that is always there", () => {
  const { schema } = kindOf("storage.k8s.io/v1", "CSINode");
  const written = (drivers: unknown) =>
    trackUpdate({
      live: undefined,
      updated: decode(
        schema,
        { apiVersion: "storage.k8s.io/v1", kind: "CSINode", metadata: { name: "n" }, spec: { drivers } },
        { strict: [] },
      ) as unknown as KubeObject,
      structure: structureOf(schema),
      manager: "m",
      apiVersion: "storage.k8s.io/v1",
      subresource: "",
      now: new Date(0),
    });

  it("is owned by who sends it empty, though it is stored as null", () => {
    expect(written([])).toMatchObject([{ manager: "m", fieldsV1: { "f:spec": { "f:drivers": {} } } }]);
  });

  it("is not owned by who sends null", () => {
    expect(written(null)).toEqual([]);
  });
});
