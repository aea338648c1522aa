/** The front desk's own counters, in Prometheus text. They are this isolate's: a scrape adds the object's. */
const requests = new Map<string, number>();

/** Counts an answer; labels are bounded, as methods and codes are. */
export function countRequest(method: string, code: number): void {
  const labels = `${KNOWN_METHODS.has(method) ? method : "OTHER"}",code="${code}`;
  requests.set(labels, (requests.get(labels) ?? 0) + 1);
}

const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export function metricsText(): string {
  const lines = [...requests].map(([labels, count]) => `perigee_front_desk_requests_total{method="${labels}"} ${count}\n`);
  return `# HELP perigee_front_desk_requests_total Requests answered by this instance of the front desk, to all clusters.\n# TYPE perigee_front_desk_requests_total counter\n${lines.join("")}`;
}
