import { describe } from "vitest";
import { runAnswers } from "../core/workload-answers.ts";

describe("creates of autoscaling workloads answer as kube-apiserver v1.36 does", () => runAnswers("autoscaling"));
