/** What expressions yield (cel-spec; Kubernetes' CEL libraries), and that none runs past its limit. */
import { performance } from "node:perf_hooks";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileExpression, PER_CALL_LIMIT } from "../../../src/kube/cel/expression.ts";
import { dynValue, jsonValue } from "../../../src/kube/cel/json.ts";
import { DYN } from "../../../src/kube/cel/types.ts";

const data = { a: "x-1", n: 3, d: 1.5, l: [3, 1, 2], s: ["b", "a", "b"], m: { k: "v", "a.b": 1 }, o: { p: { q: true } }, nul: null };

function run(source: string, object: unknown = data, limit = PER_CALL_LIMIT) {
  const compiled = compileExpression(source, { variables: new Map([["o", DYN]]) });
  if (!compiled.program) throw new Error(compiled.problem);
  return compiled.program.run({ o: dynValue(object) }, limit);
}

const TRUE = [
  "1 + 2 * 3 == 7 && 7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1",
  "1.5 + 1.5 == 3.0 && 3.0 / 2.0 == 1.5",
  "dyn(1) == dyn(1.0) && dyn(1) == dyn(1u) && dyn(1) != dyn('1') && [dyn(1)] == [dyn(1.0)]",
  "1 < 2.5 && 2u > 1 && 'a' < 'b' && b'a' < b'b' && false < true",
  "'\\u00e9'.size() == 1 && '😀'.size() == 1 && r'\\n'.size() == 2 && '''a\nb'''.size() == 3",
  "o.l.all(x, x > 0) && o.l.exists(x, x == 2) && o.l.exists_one(x, x == 3)",
  "o.l.map(x, x * 2) == [6, 2, 4] && o.l.filter(x, x > 1) == [3, 2] && o.l.map(x, x > 1, x * 10) == [30, 20]",
  "[[1, 2], [3]].all(x, x.all(y, y > 0)) && [1, 2].exists(x, [2, 3].exists(y, x == y))",
  "o.m.all(k, k.size() > 0) && o.m.exists(k, v, v == 'v') && 'k' in o.m && !('z' in o.m) && 2 in o.l",
  "o.l.all(i, v, i >= 0 && v > 0) && o.l.transformList(i, v, i * 10 + v) == [3, 11, 22]",
  "{'a': 1, 'b': 2}.transformMap(k, v, v + 1) == {'a': 2, 'b': 3}",
  "{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v) == {'b': 2}",
  "{'a': 'x'}.transformMapEntry(k, v, {v: k}) == {'x': 'a'}",
  "has(o.m.k) && !has(o.m.z) && has(o.o.p.q) && o.m['a.b'] == 1",
  "o.?m.?k.orValue('') == 'v' && o.?zz.?k.orValue('none') == 'none' && !o.?zz.hasValue()",
  "o.l[?0].hasValue() && !o.l[?9].hasValue() && optional.of(1).optMap(x, x + 1).value() == 2",
  "optional.none().or(optional.of(1)).value() == 1 && !optional.ofNonZeroValue('').hasValue()",
  "[1, ?optional.none(), ?optional.of(2)] == [1, 2] && {?'a': optional.none()}.size() == 0",
  "o.l.sort() == [1, 2, 3] && o.s.distinct() == ['b', 'a'] && o.l.sortBy(x, -x) == [3, 2, 1] && o.l.reverse() == [2, 1, 3]",
  "o.l.sum() == 6 && o.l.min() == 1 && o.l.max() == 3 && !o.l.isSorted() && [1, 2].isSorted()",
  "o.s.indexOf('b') == 0 && o.s.lastIndexOf('b') == 2 && o.l.slice(1, 2) == [1] && lists.range(3) == [0, 1, 2]",
  "o.l.first().value() == 3 && o.l.last().value() == 2 && ![].first().hasValue() && [[1], [2, 3]].flatten() == [1, 2, 3]",
  "sets.contains([1, 2], [1]) && sets.equivalent([1, 1], [1]) && sets.intersects([1], [1, 2]) && !sets.intersects([1], [2])",
  "'Hello'.lowerAscii() == 'hello' && 'a-b-c'.split('-') == ['a', 'b', 'c'] && 'a-b-c'.split('-', 2) == ['a', 'b-c'] && ['a', 'b'].join(',') == 'a,b'",
  "'hello'.substring(1, 3) == 'el' && 'hello'.charAt(1) == 'e' && 'hello'.indexOf('l') == 2 && 'hello'.lastIndexOf('l') == 3 && ' x '.trim() == 'x'",
  "'aaa'.replace('a', 'b', 2) == 'bba' && strings.quote('a\"b') == '\"a\\\\\"b\"'",
  "'%s %d %.2f %x %b %e'.format(['a', 5, 1.5, 255, 5, 1234.5]) == 'a 5 1.50 ff 101 1.234500e+03'",
  "'%s'.format([[1, 'a', true, null]]) == '[1, a, true, null]' && '100%%'.format([]) == '100%'",
  "'abc123'.matches('^[a-z]+[0-9]+$') && 'ABC'.matches('(?i)abc') && 'a1b2'.findAll('[0-9]') == ['1', '2'] && 'a1'.find('[0-9]') == '1'",
  "int('42') == 42 && int(1.9) == 1 && string(1.5) == '1.5' && string(1e100) == '1e+100' && double('1e3') == 1000.0 && bool('true') && uint(3) == 3u",
  "type(1) == int && type('a') == string && type([]) == list && type({}) == map && type(null) == null_type && type(1.0) == double",
  "duration('1h30m') == duration('90m') && duration('1h').getMinutes() == 60 && string(duration('1.5s')) == '1.5s'",
  "timestamp('2024-02-29T12:00:00Z').getDayOfYear() == 59 && timestamp('2024-02-29T12:00:00Z') + duration('24h') == timestamp('2024-03-01T12:00:00Z')",
  "timestamp('2024-01-01T00:30:00Z').getHours('+02:00') == 2 && timestamp('2024-07-01T00:00:00Z').getHours('Europe/Berlin') == 2",
  "timestamp('2024-01-01T00:00:00Z').getDayOfWeek() == 1 && timestamp('2024-01-01T00:00:00Z') - timestamp('2023-12-31T00:00:00Z') == duration('24h')",
  "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('1k').asInteger() == 1000 && quantity('500m').add(quantity('500m')) == quantity('1')",
  "quantity('1').compareTo(quantity('2')) == -1 && !quantity('1.5').isInteger() && quantity('-1').sign() == -1 && isQuantity('1Mi') && !isQuantity('x')",
  "ip('127.0.0.1').isLoopback() && ip('::1').family() == 6 && isIP('10.0.0.1') && !isIP('10.0.0.01') && ip('fe80::1').isLinkLocalUnicast()",
  "cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.0.0/8').masked() == cidr('10.0.0.0/8')",
  "url('https://user@host:80/a/b?x=1&x=2').getPort() == '80' && url('https://[::1]:80/').getHostname() == '::1' && url('/a?x=1').getQuery()['x'] == ['1']",
  "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('v1.2', true) == semver('1.2.0') && semver('1.0.0-alpha').isLessThan(semver('1.0.0')) && !isSemver('v1')",
  "!format.dns1123Label().validate('abc').hasValue() && format.dns1123Label().validate('A_').hasValue() && format.named('uuid').hasValue()",
  "true || 1 / 0 == 1",
  "1 / 0 == 1 || true",
  "!(false && 1 / 0 == 1) && !(1 / 0 == 1 && false)",
  "[0, 1].exists(x, 1 / x == 1) && !([0, 1].all(x, 1 / x == 2))",
  "(true ? 1 : 1 / 0) == 1 && -9223372036854775808 < 0 && 0x1F == 31",
  "dyn(o.nul) == null && o.n in [1, 2, 3] && b'ab'.size() == 2 && b'\\x61' == b'a'",
  "o.__proto__ == 1 || true",
];

describe("evaluation", () => {
  it.each(TRUE)("%s", (source) => {
    expect(run(source)).toMatchObject({ value: true });
  });

  it.each([
    ["o.l[7]", "index out of bounds: 7"],
    ["o.m.zz", "no such key: zz"],
    ["o.a + 1", "no such overload"],
    ["9223372036854775807 + 1", "integer overflow"],
    ["-(-9223372036854775807 - 1)", "integer overflow"],
    ["uint(-1)", "unsigned integer overflow"],
    ["{'a': 1, 'a': 2}", "insert failed: key a already exists"],
    ["o.l.slice(2, 1)", "cannot slice(2, 1), start index must be less than or equal to end index"],
    ["o.constructor", "no such key: constructor"],
    ["o.m.toString", "no such key: toString"],
  ])("%s fails: %s", (source, message) => {
    expect(run(source)).toMatchObject({ error: message, exceeded: false });
  });

  it("gives back JSON as it got it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const json = JSON.parse(JSON.stringify(value));
        expect(JSON.stringify(jsonValue(dynValue(json)))).toBe(JSON.stringify(json));
      }),
    );
  });

  it("never throws for any source", () => {
    const pieces = fc.constantFrom(
      "o",
      ".",
      "l",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      "1",
      "'a'",
      "+",
      "==",
      "&&",
      "?",
      ":",
      ",",
      "x",
      "all",
      "map",
      "-",
      "!",
      " in ",
      "has",
      "1.5",
      "null",
      "\\",
      '"',
      "`",
      "=",
      "🙂",
      "b'",
      "0x",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
        const compiled = compileExpression(parts.join(""), { variables: new Map([["o", DYN]]) });
        if (compiled.program) compiled.program.run({ o: dynValue(data) }, 10_000);
        else expect(compiled.problem).toMatch(/^ERROR: <input>:\d+:\d+: /);
      }),
      { numRuns: 3000 },
    );
  });

  it("refuses nesting without end", () => {
    expect(compileExpression("(".repeat(50_000), { variables: new Map() }).problem).toContain("recursion limit");
    expect(compileExpression(`o${".a".repeat(40_000)}`, { variables: new Map([["o", DYN]]) }).problem).toContain("recursion limit");
    expect(compileExpression(`${"-".repeat(40_000)}1`, { variables: new Map() }).problem ?? "").not.toContain("RangeError");
  });
});

describe("the cost limit", () => {
  const list = Array.from({ length: 5000 }, (_, index) => index);
  it.each([
    "o.all(a, o.all(b, o.all(c, a + b + c >= 0)))",
    "o.map(a, o.map(b, b)).size() > 0",
    "o.exists(a, o.exists(b, a == b - 100000))",
    "o.all(a, o == o)",
    "o.all(a, [o, o, o, o] == [o, o, o, o])",
    "o.all(a, a in o)",
    "lists.range(9000000).size() > 0",
    "(o + o + o + o).map(x, o + o + o + o + o).size() > 0",
    "o.map(x, o).flatten().map(x, x).size() > 0",
    "o.distinct().size() > 0",
    "o.map(x, string(x)).join(',').replace('', o.map(x, string(x)).join(',')).replace('', 'aaaaaaaaaaaaaaaaaaaa').size() > 0",
  ])("cuts %s off in milliseconds", (source) => {
    const started = performance.now();
    const outcome = run(source, list);
    expect(outcome).toMatchObject({ error: "operation cancelled: actual cost limit exceeded", exceeded: true });
    // Measured 1–60 ms; the rest is for busy machines.
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it("takes patterns that backtracking engines choke on in linear time", () => {
    const started = performance.now();
    expect(run("o.matches('(a+)+$')", `${"a".repeat(5000)}!`)).toMatchObject({ value: false });
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it("leaves ordinary rules alone", () => {
    expect(run("o.all(x, o.size() > x)", list)).toMatchObject({ value: true });
  });
});
