import assert from "node:assert/strict";
import { compareReleased, releasedNames } from "./released_parity.ts";

// Set by hand, since open_clip has to make the files first; released_parity.ts says how.
const folder = Deno.env.get("CLIPA_RELEASED");

for (const name of folder ? releasedNames(folder) : ["released models"]) {
  Deno.test({
    name: `${name} gives open_clip's embeddings and keeps its bits (CLIPA_RELEASED)`,
    ignore: !folder,
    async fn() {
      for await (const { text, good } of compareReleased(folder!, name)) {
        console.error(text);
        assert.ok(good, text);
      }
    },
  });
}
