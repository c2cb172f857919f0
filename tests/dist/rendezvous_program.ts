/**
 * One process of a rendezvous: `rendezvous_program.ts <options as JSON>`; prints what rank 0 said.
 *
 * @module
 */
import { rendezvous } from "../../src/dist/rendezvous.ts";

try {
  const options = JSON.parse(Deno.args[0]);
  console.log(await rendezvous(options.rank === 0 ? "the id" : "", options));
  Deno.exit(0);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
