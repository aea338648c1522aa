/**
 * npm run differential [-- --reference KUBECONFIG --record --kubeconfig KUBECONFIG --only REGEX --jobs N --all --summary]
 *
 * Sends the same requests to ours and to a reference and prints every difference that is not explained. Without
 * --reference the recorded answers under test/golden stand in for it; --record writes them. Without --kubeconfig
 * a perigee is started.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { startPerigee } from "../e2e/server.ts";
import { type Difference, differences } from "./compare.ts";
import { type Answer, clusterClient, type Send } from "./exchange.ts";
import { readGolden, writeGolden } from "./golden.ts";
import { normalise } from "./normalise.ts";
import { readScenarios, type Scenario } from "./scenario.ts";

const { values: options } = parseArgs({
  options: {
    reference: { type: "string" },
    record: { type: "boolean", default: false },
    kubeconfig: { type: "string" },
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "4" },
    /** Print explained differences too. */
    all: { type: "boolean", default: false },
    /** Print each kind of difference once, the most frequent first. */
    summary: { type: "boolean", default: false },
  },
});

const root = "test/differential";
const golden = "test/golden";

/** A difference that is meant: every pattern must match. */
interface Explanation {
  scenario?: string;
  id?: string;
  at: string;
  ours?: string;
  why: string;
}
const explanations: Explanation[] = parse(readFileSync(join(root, "explained.yaml"), "utf8")) ?? [];

const scenarios = readScenarios(root, new RegExp(options.only));
const reference = options.reference ? clusterClient(options.reference) : undefined;

if (options.record) {
  if (!reference) throw new Error("--record needs --reference");
  await inParallel(scenarios, async (scenario) => writeGolden(golden, scenario.name, await play(scenario, reference)));
  console.log(`${scenarios.length} recorded`);
} else {
  const data = mkdtempSync(join(tmpdir(), "perigee-differential-"));
  const stop = options.kubeconfig ? undefined : await startPerigee(data);
  try {
    const ours = clusterClient(options.kubeconfig ?? join(data, "kubeconfig"));
    let equal = 0;
    let different = 0;
    const explained = new Map<string, number>();
    const groups = new Map<string, { count: number; example: string }>();
    await inParallel(scenarios, async (scenario) => {
      const expected = reference ? await play(scenario, reference) : readGolden(golden, scenario.name);
      if (!expected) {
        different++;
        console.log(`${scenario.name}: nothing recorded; run with --reference and --record`);
        return;
      }
      const actual = await play(scenario, ours);
      const lines: string[] = [];
      for (const [id, answer] of actual) {
        const recorded = expected.get(id);
        const found: Difference[] = recorded ? differences(recorded, answer) : [{ at: "answer", reference: "(not recorded)", ours: String(answer.status) }];
        const open = found.filter((difference) => {
          const explanation = explanations.find((candidate) => explains(candidate, scenario.name, id, difference));
          if (explanation) explained.set(explanation.why, (explained.get(explanation.why) ?? 0) + 1);
          return options.all || !explanation;
        });
        if (open.length === 0) equal++;
        else different++;
        for (const { at, reference: was, ours: is } of open) {
          const line = `  ${id}\n    ${at}\n      reference ${was}\n      ours      ${is}`;
          lines.push(line);
          const key = [at.replace(/\[\d+\]/g, "[]"), was.slice(0, 40), is.slice(0, 40)].join(" ");
          groups.set(key, { count: (groups.get(key)?.count ?? 0) + 1, example: groups.get(key)?.example ?? `${scenario.name}\n${line}` });
        }
      }
      if (lines.length > 0 && !options.summary) console.log(`${scenario.name}\n${lines.join("\n")}`);
    });
    if (options.summary)
      for (const { count, example } of [...groups.values()].sort((a, b) => b.count - a.count)) console.log(`${count} times, as in ${example}`);
    for (const [why, count] of explained) console.log(`explained ${count} times: ${why}`);
    console.log(`${equal} passed, ${different} failed`);
    process.exitCode = different > 0 ? 1 : 0;
  } finally {
    await stop?.();
    rmSync(data, { recursive: true, force: true });
  }
}

function explains(explanation: Explanation, scenario: string, id: string, difference: Difference): boolean {
  const matches = (pattern: string | undefined, text: string) => pattern === undefined || new RegExp(pattern).test(text);
  return (
    matches(explanation.scenario, scenario) &&
    matches(explanation.id, id) &&
    matches(explanation.at, difference.at) &&
    matches(explanation.ours, difference.ours)
  );
}

/** The normalised answers of a scenario, by id, in order. Its namespace is made before and removed after. */
async function play(scenario: Scenario, send: Send): Promise<Map<string, Answer>> {
  const namespaces = "/api/v1/namespaces";
  const answers = new Map<string, Answer>();
  await send({ id: "", method: "DELETE", path: `${namespaces}/${scenario.namespace}` });
  await send({ id: "", method: "GET", path: `${namespaces}/${scenario.namespace}`, until: 404 });
  await send({
    id: "",
    method: "POST",
    path: namespaces,
    body: JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: scenario.namespace } }),
  });
  await send({ id: "", method: "GET", path: `${namespaces}/${scenario.namespace}/serviceaccounts/default`, until: 200 });
  for (const request of scenario.requests) {
    const answer = normalise(await send(request), request);
    if (answers.has(request.id)) throw new Error(`${scenario.name} has two requests called ${request.id}`);
    if (!request.silent) answers.set(request.id, answer);
  }
  await send({ id: "", method: "DELETE", path: `${namespaces}/${scenario.namespace}` });
  return answers;
}

async function inParallel(all: readonly Scenario[], work: (scenario: Scenario) => Promise<void>): Promise<void> {
  const together = all.filter((scenario) => !scenario.alone);
  let taken = 0;
  const take = async () => {
    for (let scenario = together[taken++]; scenario; scenario = together[taken++]) await work(scenario);
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, take));
  for (const scenario of all) if (scenario.alone) await work(scenario);
}
