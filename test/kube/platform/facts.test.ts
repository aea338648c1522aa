/** What kube-apiserver v1.36.3 answered to dry-run writes, recorded; each kind must answer the same. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject, KubeObject } from "../../../src/kube/object.ts";
import { comparable, create, kindOf, type Outcome, update } from "./pipeline.ts";

interface CreateFact {
  manifest: KubeObject;
  namespace: string;
  answer: Outcome;
}

interface UpdateFact {
  before: KubeObject;
  after: KubeObject;
  subresource: string;
  answer: Outcome;
}

interface TableFact {
  object: KubeObject;
  columns: [name: string, type: string, format: string, priority: number][];
  cells: unknown[];
}

function facts<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(`./facts/${name}.json`, import.meta.url), "utf8")) as T[];
}

function byKind<T>(list: T[], kindName: (fact: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const fact of list) groups.set(kindName(fact), [...(groups.get(kindName(fact)) ?? []), fact]);
  return [...groups];
}

describe("creating", () => {
  test.each(byKind(facts<CreateFact>("create"), (fact) => `${fact.manifest.apiVersion} ${fact.manifest.kind}`))(
    "%s is defaulted and refused as upstream does",
    (_kind, list) => {
      for (const { manifest, namespace, answer } of list) expect(create(manifest, namespace), JSON.stringify(manifest).slice(0, 500)).toEqual(answer);
    },
  );

  test.each(byKind(facts<CreateFact>("create"), (fact) => `${fact.manifest.apiVersion} ${fact.manifest.kind}`))(
    "defaulting %s twice changes nothing",
    (_kind, list) => {
      for (const { manifest } of list) {
        const kind = kindOf(manifest);
        const object = kind.decode(structuredClone(manifest) as unknown as JsonObject, { strict: [] });
        kind.applyDefaults?.(object);
        const once = structuredClone(object);
        kind.applyDefaults?.(object);
        expect(object).toEqual(once);
      }
    },
  );
});

describe("updating", () => {
  test.each(byKind(facts<UpdateFact>("update"), (fact) => `${fact.before.apiVersion} ${fact.before.kind}${fact.subresource ? `/${fact.subresource}` : ""}`))(
    "%s changes and refuses to change as upstream does",
    (_kind, list) => {
      for (const { before, after, subresource, answer } of list) {
        const { warnings: _warnings, ...ours } = update(before, after, subresource);
        expect(ours, JSON.stringify(after).slice(0, 800)).toEqual(answer);
      }
    },
  );
});

describe("printing", () => {
  test.each(byKind(facts<TableFact>("tables"), (fact) => `${fact.object.apiVersion} ${fact.object.kind}`))(
    "%s has upstream's columns and cells",
    (_kind, list) => {
      for (const { object, columns, cells } of list) {
        const kind = kindOf(object);
        expect(kind.columns?.map((column) => [column.name, column.type, column.format ?? "", column.priority ?? 0])).toEqual(columns);
        const decoded = kind.decode(structuredClone(object) as unknown as JsonObject, { strict: [] });
        const ours = kind.cells?.(decoded, new Date("2026-11-23T22:00:00Z")) ?? [];
        // Ages move on; that they are there is enough.
        const timeless = (list: readonly unknown[]) => list.map((cell) => (typeof cell === "string" && /^\d+[smhd]/.test(cell) ? "<age>" : cell));
        expect(timeless(ours), JSON.stringify(comparable(object as unknown as JsonObject))).toEqual(timeless(cells));
      }
    },
  );
});
