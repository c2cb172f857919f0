import type { Command } from "../command.ts";
import { UsageError } from "../usage_error.ts";

/** What the command asks of the rest of the project. */
export interface CardParts {
  /** Writes the card; returns its path. */
  writeCard(model: string, options: { run?: string; license?: string }): Promise<string>;
}

/** `deno task card`: the README.md of an exported model, from the facts of its files. */
export function cardCommand(parts: CardParts): Command {
  return {
    name: "card",
    summary: "Write the README.md of an exported model from its files and its run",
    options: {
      model: { kind: "value", value: "DIR", help: "Folder of the model" },
      run: {
        kind: "value",
        value: "DIR",
        help: "The run that it was exported from, for its scores; none leaves them out",
      },
      license: {
        kind: "value",
        value: "NAME",
        help: "Licence of the weights, such as apache-2.0; none leaves it out",
      },
    },
    async run({ arguments: args }) {
      const model = args.value("model");
      if (model === undefined) {
        throw new UsageError("--model is missing; name the folder of an exported model");
      }
      const run = args.value("run"), license = args.value("license");
      const file = await parts.writeCard(model, {
        ...(run === undefined ? {} : { run }),
        ...(license === undefined ? {} : { license }),
      });
      return { json: { model, file }, text: `card     ${file}` };
    },
  };
}
