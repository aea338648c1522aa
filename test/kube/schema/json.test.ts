import { describe, expect, it } from "vitest";
import { decode } from "../../../src/kube/schema/decode.ts";
import { JsonError, parseJson } from "../../../src/kube/schema/json.ts";
import { typeSchema } from "../../../src/kube/schema/table.ts";

function refusal(text: string, kind?: string): string {
  try {
    parseJson(text, { strict: [] }, kind);
  } catch (error) {
    if (error instanceof JsonError) return error.message;
    throw error;
  }
  return "accepted";
}

// Asked of kube-apiserver v1.36.3: POST to configmaps.
const REFUSED: [text: string, why: string, summary: string][] = [
  ['{"metadata":', "unexpected end of JSON input", '{"metadata":'],
  ['{"metadata":{}} x', "invalid character 'x' after top-level value", '{"metadata":{}} x'],
  ["", "unexpected end of JSON input", "<empty>"],
  ["  ", "unexpected end of JSON input", "2020"],
  ["{", "unexpected end of JSON input", "{"],
  ["[1,2", "unexpected end of JSON input", "5b312c32"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string", '{"a":1,}'],
  ["{a:1}", "invalid character 'a' looking for beginning of object key string", "{a:1}"],
  ['{"a":01}', "invalid character '1' after object key:value pair", '{"a":01}'],
  ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')", '{"a":tru}'],
  ['{"a":nul', "invalid character ' ' in literal null (expecting 'l')", '{"a":nul'],
  ['{"a":"\\x"}', "invalid character 'x' in string escape code", '{"a":"\\x"}'],
  ['{"a":"\n"}', "invalid character '\\n' in string literal", '{"a":"\n"}'],
  ['{"a":"\\u12"}', "invalid character '\"' in \\u hexadecimal character escape", '{"a":"\\u12"}'],
  ['{"a" 1}', "invalid character '1' after object key", '{"a" 1}'],
  ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair", '{"a":1 "b":2}'],
  ['{"a":-}', "invalid character '}' in numeric literal", '{"a":-}'],
  ['{"a":1.}', "invalid character '}' after decimal point in numeric literal", '{"a":1.}'],
  ['{"a":1e}', "invalid character '}' in exponent of numeric literal", '{"a":1e}'],
  ['{"a":"b', "unexpected end of JSON input", '{"a":"b'],
  ["{}{}", "invalid character '{' after top-level value", "{}{}"],
  ["\u00ff", "invalid character '\u00c3' looking for beginning of value", "c3bf"],
  ['\ufeff{"metadata":{"name":"a"}}', "invalid character '\u00ef' looking for beginning of value", "efbbbf7b226d65746164617461223a7b226e616d65223a2261227d7d"],
  [`{"metadata":{"name":"a"},"x":${"[".repeat(1_001)}${"]".repeat(1_001)}}`, "invalid character '[' exceeded max depth", '{"metadata":{"name":"a"},"x":[ ...'],
];

describe("malformed JSON is refused in upstream's words", () => {
  it.each(REFUSED)("%j", (text, why, summary) => {
    const problem = `couldn't get version/kind; json parse error: ${why}`;
    expect(refusal(text, "ConfigMap")).toBe(`the object provided is unrecognized (must be of type ConfigMap): ${problem} (${summary})`);
    expect(refusal(text)).toBe(problem);
  });

  it("takes 1,000 levels", () => {
    expect(refusal(`{"a":${"[".repeat(999)}${"]".repeat(999)}}`)).toBe("accepted");
  });
});

describe("duplicate fields", () => {
  it.each([
    ['{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}', []],
    ['{"a":1,"a":2}', ['duplicate field "a"']],
    ['{"a":1,"a":2,"a":3}', ['duplicate field "a"']],
    ['{"spec":{"x":":{\\"","x":"\\\\"},"spec":{}}', ['duplicate field "spec.x"', 'duplicate field "spec"']],
    ['{"l":[{"u":1},{"v":[0,{"u":1,"u":2}]}]}', ['duplicate field "l[1].v[1].u"']],
    ['{"a":{"k":1} , "\\u0061" : [ ] }', ['duplicate field "a"']],
    ['{"__proto__":1,"__proto__":2}', ['duplicate field "__proto__"']],
  ])("%s", (text, strict) => {
    const report = { strict: [] };
    parseJson(text, report);
    expect(report.strict).toEqual(strict);
  });

  // Asked of kube-apiserver v1.36.3 with fieldValidation=Strict.
  it.each([
    [
      '{"metadata":{"name":"a","name":"b","foo":1},"data":{"a":"1","a":"2"},"data":{"b":"1"},"zzz":1,"zzz":2}',
      ['duplicate field "metadata.name"', 'unknown field "metadata.foo"', 'duplicate field "data.a"', 'duplicate field "data"', 'unknown field "zzz"'],
    ],
    [
      '{"metadata":{"name":"a"},"zzz":{"a":1,"a":2},"Data":{"a":"b"},"__proto__":{"x":1},"constructor":1}',
      ['unknown field "zzz"', 'unknown field "Data"', 'unknown field "__proto__"', 'unknown field "constructor"'],
    ],
    [
      '{"metadata":{"name":"a","ownerReferences":[{"uid":"a","uid":"b","foo":1}]},"foo":[1],"kind":"ConfigMap","kind":"ConfigMap"}',
      ['duplicate field "metadata.ownerReferences[0].uid"', 'unknown field "metadata.ownerReferences[0].foo"', 'unknown field "foo"', 'duplicate field "kind"'],
    ],
  ])("are reported among unknown fields in document order, unknown fields' own content is not looked at: %s", (text, strict) => {
    const report = { strict: [] };
    decode(typeSchema("core.v1.ConfigMap"), parseJson(text, report) as Record<string, unknown>, report);
    expect(report.strict).toEqual(strict);
  });
});

describe("text", () => {
  it("replaces unpaired surrogates as Go does", () => {
    expect(parseJson('{"a":"\\ud800","b":"\\uD83D\\uDE00","c":"\\\\ud800","d":"\\udc00x"}', { strict: [] })).toEqual({
      a: "\ufffd",
      b: "\u{1f600}",
      c: "\\ud800",
      d: "\ufffdx",
    });
  });
});
