// Reads one file of a model with the Hub's own Node client, by commit hash or by branch:
//   node read_model.mjs REPOSITORY FILE REVISION
import { readFile } from "node:fs/promises";
import { downloadFileToCacheDir } from "@huggingface/hub";

const [repo, path, revision] = process.argv.slice(2);
try {
  const file = await downloadFileToCacheDir({ repo, path, revision });
  const config = JSON.parse(await readFile(file, "utf-8"));
  console.log(`node: read ${path} of ${repo}: model_type is ${config.model_type}`);
} catch (error) {
  console.log(`node: ${error.message}: ${error.cause?.message ?? "no cause given"}`);
  process.exitCode = 1;
}
