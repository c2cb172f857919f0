import assert from "node:assert/strict";
import { countTests } from "../../src/cli/count_tests.ts";

Deno.test("countTests tells passed, failed and ignored apart when the report has all of them", () => {
  const junit = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="5" failures="2">
  <testsuite name="./a_test.ts">
    <testcase name="a" time="0.1"><failure message="1 &lt; 2">no</failure></testcase>
    <testcase name="b &quot;/&gt;&quot;" time="0.1">
    </testcase>
    <testcase name="c" time="0.1"><skipped/></testcase>
    <testcase name="d" time="0.1"/>
    <testcase name="e" time="0.1"><error message="x"/></testcase>
  </testsuite>
</testsuites>`;
  assert.deepEqual(countTests(junit), { passed: 2, failed: 2, ignored: 1 });
});

Deno.test("countTests refuses the text when it is not a report", () => {
  assert.throws(() => countTests("ok | 3 passed"), SyntaxError);
});
