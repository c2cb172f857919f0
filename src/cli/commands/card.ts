import type { Command } from "../command.ts";
import { UsageError } from "../usage_error.ts";

/** What the command asks of the rest of the project. */
export interface CardParts {
  /** Writes the card; returns its path. */
  writeCard(model: string, options: { run?: string; license?: string }): Promise<string>;
  /** Writes the card of packed shards; returns its path. */
  writeDataCard(shards: string, license?: string): Promise<string>;
}

/** `deno task card`: the README.md of an exported model or of shards, from the facts of their files. */
export function cardCommand(parts: CardParts): Command {
  return {
    name: "card",
    summary: "Write the README.md of an exported model, or of packed shards, from their files",
    options: {
      model: { kind: "value", value: "DIR", help: "Folder of the model" },
      shards: { kind: "value", value: "DIR", help: "Folder of packed shards, instead of a model" },
      run: {
        kind: "value",
        value: "DIR",
        help: "The run that it was exported from, for its scores; none leaves them out",
      },
      license: {
        kind: "value",
        value: "NAME",
        help: "Licence of the weights or data, such as apache-2.0; none leaves it out",
      },
    },
    async run({ arguments: args }) {
      const model = args.value("model"), shards = args.value("shards");
      const run = args.value("run"), license = args.value("license");
      if ((model === undefined) === (shards === undefined)) {
        throw new UsageError(
          "give exactly one of --model, the folder of an exported model, and --shards",
        );
      }
      if (model === undefined) {
        if (run !== undefined) throw new UsageError("--run belongs to --model; leave it out");
        const file = await parts.writeDataCard(shards!, license);
        return { json: { shards, file }, text: `card     ${file}` };
      }
      const file = await parts.writeCard(model, {
        ...(run === undefined ? {} : { run }),
        ...(license === undefined ? {} : { license }),
      });
      return { json: { model, file }, text: `card     ${file}` };
    },
  };
}
