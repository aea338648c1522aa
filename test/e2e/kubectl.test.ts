/** Real kubectl, of the server's own release and of one four releases older, against a real server. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { debianKubectl, type Output, runKubectl } from "./kubectl.ts";
import { cases, type Step } from "./kubectl-cases.ts";

/** Debian suite → kubeconfig. Older kubectl drops a server's path in `get --raw`, so it gets the cluster at the root of its own port. */
const CLIENTS = { sid: inject("kubeconfig"), trixie: inject("rootKubeconfig") };
/** Against another server, with which the suite itself is checked, everything must hold. */
const OURS = inject("dataFolder") !== "";

for (const [suite, kubeconfig] of Object.entries(CLIENTS)) {
  const kubectl = debianKubectl(suite);
  if ("missing" in kubectl) {
    describe(`kubectl of Debian ${suite}`, () => test.skip(`SKIPPED: ${kubectl.missing}`, () => undefined));
    continue;
  }
  describe(`kubectl ${kubectl.version}`, () => {
    for (const [at, { name, steps }] of cases.entries()) {
      describe(name, () => {
        const namespace = `${suite}-${at}-${Date.now().toString(36)}`;
        const run = (step: Step) => runKubectl(kubectl.path, kubeconfig, words(step.run.replaceAll("NS", namespace)), step.input?.replaceAll("NS", namespace));
        beforeAll(async () => {
          await runKubectl(kubectl.path, kubeconfig, ["create", "namespace", namespace]);
          await runKubectl(kubectl.path, kubeconfig, ["create", "serviceaccount", "default", "-n", namespace]);
        });
        afterAll(async () => {
          await runKubectl(kubectl.path, kubeconfig, ["delete", "namespace", namespace, "--wait=false"]);
        });
        for (const step of steps) {
          const expectedToFail = step.lacks !== undefined && OURS;
          test(expectedToFail ? `${step.run} (fails: there is no ${step.lacks} yet)` : step.run, { timeout: 60_000, fails: expectedToFail }, async () => {
            const until = Date.now() + (step.within ?? 0) * 1000;
            for (;;) {
              const problem = mismatch(step, await run(step), namespace);
              if (problem === undefined) return;
              if (Date.now() >= until) expect.fail(problem);
              await new Promise((resolve) => setTimeout(resolve, 200));
            }
          });
        }
      });
    }
  });
}

/** What is wrong with an answer, or undefined. */
function mismatch(step: Step, output: Output, namespace: string): string | undefined {
  const said = `\nexit status ${output.code}\nstdout:\n${output.stdout}\nstderr:\n${output.stderr}`;
  if (output.code !== (step.code ?? 0)) return `expected exit status ${step.code ?? 0}${said}`;
  for (const [stream, wanted] of [
    ["stdout", step.out],
    ["stderr", step.err],
  ] as const) {
    if (wanted === undefined) continue;
    const text = output[stream];
    const holds =
      typeof wanted === "string" ? text === wanted.replaceAll("NS", namespace) : new RegExp(wanted.source.replaceAll("NS", namespace), wanted.flags).test(text);
    if (!holds) return `expected ${stream} to be ${wanted}${said}`;
  }
  return undefined;
}

/** Splits as a shell would, single quotes only. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replace(/'/g, ""));
}
