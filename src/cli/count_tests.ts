/** How many tests of a run passed and failed. */
export interface TestCounts {
  passed: number;
  failed: number;
  ignored: number;
}

/**
 * Counts the test cases of a JUnit report as `deno test --junit-path` writes it. Steps are cases of
 * their own there, so each is counted.
 *
 * @throws {SyntaxError} if the text is not such a report.
 */
export function countTests(junit: string): TestCounts {
  if (!/<testsuites\b/.test(junit)) {
    throw new SyntaxError("not a JUnit report: no <testsuites> element; run the tests again");
  }
  const counts: TestCounts = { passed: 0, failed: 0, ignored: 0 };
  for (
    const [, closed, body] of junit.matchAll(/<testcase\b[^>]*?(?:(\/)>|>(.*?)<\/testcase>)/gs)
  ) {
    if (closed === undefined && /<(?:failure|error)\b/.test(body)) counts.failed++;
    else if (closed === undefined && /<skipped\b/.test(body)) counts.ignored++;
    else counts.passed++;
  }
  return counts;
}
