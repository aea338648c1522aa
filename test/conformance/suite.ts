/** Kubernetes' own end-to-end suite as a program: built once from its published Go modules into the user's cache. */
import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export interface TestResult {
  name: string;
  state: "passed" | "failed" | "skipped" | "did not run";
  seconds: number;
  /** The first lines of the failure. */
  message: string;
  log: string;
}

export interface Target {
  kubeconfig: string;
  /** kubectl for the [sig-cli] tests; undefined = the one of $PATH. */
  kubectl: string | undefined;
}

const cache = process.env.PERIGEE_CONFORMANCE_CACHE ?? join(homedir(), ".cache", "perigee", "conformance");
const source = resolve("test/conformance");

/** Why the suite cannot be built here, or undefined. */
export function missingToolchain(): string | undefined {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "Go is not installed";
  }
}

/** Path of the suite's binary; the first build takes some minutes. */
export function buildSuite(say: (line: string) => void): string {
  const version = /k8s\.io\/kubernetes (v\S+)/.exec(readFileSync(join(source, "go.mod"), "utf8"))?.[1];
  if (!version) throw new Error("test/conformance/go.mod names no release of k8s.io/kubernetes");
  const binary = join(cache, version, "e2e.test");
  if (existsSync(binary)) return binary;
  say(`building the end-to-end suite of Kubernetes ${version} (once, some minutes)`);
  mkdirSync(join(cache, version), { recursive: true });
  const stamp = "k8s.io/component-base/version";
  const [major, minor] = version.slice(1).split(".");
  const flags = `-s -w -X ${stamp}.gitVersion=${version} -X ${stamp}.gitMajor=${major} -X ${stamp}.gitMinor=${minor}`;
  execFileSync("go", ["test", "-c", "-vet=off", "-ldflags", flags, "-o", `${binary}.new`, "k8s.io/kubernetes/test/e2e"], {
    cwd: source,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" },
  });
  renameSync(`${binary}.new`, binary);
  return binary;
}

/** Runs the named tests in one process of the suite, one after another. Never rejects: what did not run says so. */
export async function runTests(binary: string, target: Target, names: readonly string[], folder: string, label: string): Promise<TestResult[]> {
  const report = join(folder, `${label}.json`);
  const log = join(folder, `${label}.log`);
  const output = openSync(log, "w");
  const child = spawn(
    binary,
    [
      `--kubeconfig=${resolve(target.kubeconfig)}`,
      "--provider=skeleton",
      "--allowed-not-ready-nodes=-1",
      "--minStartupPods=0",
      ...(target.kubectl ? [`--kubectl-path=${target.kubectl}`] : []),
      "--ginkgo.no-color",
      "--ginkgo.v",
      `--ginkgo.json-report=${report}`,
      ...names.map((name) => `--ginkgo.focus=^.*${name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`),
    ],
    { stdio: ["ignore", output, output], env: { ...process.env, KUBECONFIG: resolve(target.kubeconfig) } },
  );
  await new Promise((done) => child.once("close", done));
  closeSync(output);
  const specs = existsSync(report) ? readReport(report) : [];
  const broken = specs.find((spec) => spec.LeafNodeType.includes("BeforeSuite") && spec.State !== "passed");
  return names.map((name) => {
    const spec = specs.find((candidate) => [...(candidate.ContainerHierarchyTexts ?? []), candidate.LeafNodeText].join(" ") === name);
    if (!spec) return { name, state: "did not run", seconds: 0, message: broken ? firstLines(broken) : "the suite ended before it", log };
    const state = spec.State === "passed" || spec.State === "skipped" ? spec.State : "failed";
    return { name, state, seconds: spec.RunTime / 1e9, message: firstLines(spec), log };
  });
}

interface Spec {
  LeafNodeType: string;
  LeafNodeText: string;
  ContainerHierarchyTexts: string[] | null;
  State: string;
  /** Nanoseconds. */
  RunTime: number;
  Failure?: { Message?: string };
}

function readReport(path: string): Spec[] {
  const suites: { SpecReports: Spec[] | null }[] = JSON.parse(readFileSync(path, "utf8"));
  return suites.flatMap((suite) => suite.SpecReports ?? []);
}

function firstLines(spec: Spec): string {
  const lines = (spec.Failure?.Message ?? "").split("\n").filter((line) => line.trim() !== "");
  return lines.slice(0, 4).join(" | ").slice(0, 600);
}
