import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { goDuration, humanDuration, parseGoDuration, shortHumanDuration } from "../../../src/kube/machinery/duration.ts";
import { parseLabelSelector } from "../../../src/kube/machinery/label-selector.ts";
import * as names from "../../../src/kube/machinery/names.ts";
import {
  addQuantity,
  canonicalQuantity,
  canonicalResourceQuantity,
  compareQuantity,
  isQuantity,
  parseQuantity,
  subtractQuantity,
} from "../../../src/kube/machinery/quantity.ts";
import { applyStrategicMerge } from "../../../src/kube/machinery/strategic-merge.ts";
import type { JsonObject } from "../../../src/kube/object.ts";
import { typeSchema } from "../../../src/kube/schema/table.ts";

/** What apimachinery v0.36.3 itself answers to generated inputs. */
interface Case {
  A: string;
  B: string;
  N: number;
  Doc: JsonObject;
  Patch: JsonObject;
  answer: { [field: string]: unknown; error?: string };
}

function recorded(name: string): Case[] {
  return JSON.parse(readFileSync(new URL(`../../golden/machinery/${name}.json`, import.meta.url), "utf8"));
}

function outcome(run: () => { [field: string]: unknown }): { [field: string]: unknown } {
  try {
    return run();
  } catch (error) {
    return { error: (error as Error).message };
  }
}

describe("as apimachinery does", () => {
  it("quantities are parsed, written back, rounded, compared, added and subtracted", () => {
    for (const { A, B, answer } of recorded("quantity")) {
      const mine = outcome(() => {
        const a = parseQuantity(A);
        const result: { [field: string]: unknown } = { text: a.toString(), rounded: canonicalResourceQuantity(A), sign: a.sign };
        expect(canonicalQuantity(A)).toBe(result.text);
        if (isQuantity(B)) {
          const b = parseQuantity(B);
          Object.assign(result, { cmp: compareQuantity(a, b), sum: addQuantity(a, b).toString(), difference: subtractQuantity(a, b).toString() });
        }
        return result;
      });
      // Upstream's integer views of large and of negative numbers overflow; ours do not.
      const { value, milli, ...expected } = answer;
      expect(mine, `${A} ${B}`).toEqual(expected);
      if (expected.sign === 1 && parseQuantity(A).value() < 1e9) {
        expect([parseQuantity(A).value(), parseQuantity(A).milliValue()], A).toEqual([Number(value), Number(milli)]);
      }
    }
  });

  it("names are refused, in the same words", () => {
    const rules: { [rule: string]: (value: string) => string[] } = {
      label: names.isDNS1123Label,
      subdomain: names.isDNS1123Subdomain,
      label1035: names.isDNS1035Label,
      qualified: names.isQualifiedName,
      value: names.isValidLabelValue,
      port: names.isValidPortName,
      env: names.isEnvVarName,
      strictEnv: names.isStrictEnvVarName,
      key: names.isConfigMapKey,
      wildcard: names.isWildcardDNS1123Subdomain,
      c: names.isCIdentifier,
      percent: names.isValidPercent,
      header: names.isHTTPHeaderName,
      underscore: names.isDNS1123SubdomainWithUnderscore,
      ip: names.isValidIP,
      legacyIP: names.isValidIPForLegacyField,
      cidr: names.isValidCIDR,
      legacyCIDR: names.isValidCIDRForLegacyField,
    };
    for (const { A, answer } of recorded("names")) {
      for (const [rule, check] of Object.entries(rules)) expect(check(A), `${rule} of ${JSON.stringify(A)}`).toEqual(answer[rule] ?? []);
    }
  });

  it("label selectors are parsed, printed and refused", () => {
    for (const { A, answer } of recorded("selector")) {
      expect(
        outcome(() => ({ text: parseLabelSelector(A).toString() })),
        A,
      ).toEqual(answer);
    }
  });

  it("durations are printed and parsed", () => {
    for (const { N, answer } of recorded("duration")) {
      expect({ human: humanDuration(N / 1e6), short: shortHumanDuration(N / 1e6), go: goDuration(BigInt(JSON.stringify(N))) }, String(N)).toEqual(answer);
    }
    for (const { A, answer } of recorded("parseDuration")) {
      expect(
        outcome(() => ({ ns: String(parseGoDuration(A)) })),
        A,
      ).toEqual(answer);
    }
  });

  it("strategic merge patches are applied, with all directives", () => {
    for (const { Doc, Patch, answer } of recorded("strategic")) {
      const before = JSON.stringify([Doc, Patch]);
      expect(
        outcome(() => ({ result: applyStrategicMerge(Doc, Patch, typeSchema("core.v1.Pod")) })),
        before,
      ).toEqual(answer);
      expect(JSON.stringify([Doc, Patch])).toBe(before);
    }
  });
});
