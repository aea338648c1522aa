import { describe } from "vitest";
import { runAnswers } from "./workload-answers.ts";

describe("creates of core workloads answer as kube-apiserver v1.36 does", () => runAnswers("core"));
