// What VS Code's own language service says of bodies, under settings of ours.
// In: a JSON file {settings, documents: {path: text}, ask: {path, line, character}}.
// Out: {problems: {path: [message]}, completions: [label]}.

const fs = require("fs");
const {
  getLanguageService,
  TextDocument,
} = require("vscode-json-languageservice");

async function main() {
  const asked = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
  const service = getLanguageService({});
  service.configure({
    validate: true,
    schemas: asked.settings["json.schemas"].map((one, index) => ({
      uri: `schema://ours/${index}`,
      fileMatch: one.fileMatch,
      schema: one.schema,
    })),
  });
  const open = (path) =>
    TextDocument.create(`file://${path}`, "json", 1, asked.documents[path]);
  const problems = {};
  for (const path of Object.keys(asked.documents)) {
    const document = open(path);
    const found = await service.doValidation(document, service.parseJSONDocument(document));
    problems[path] = found.map((one) => one.message);
  }
  const document = open(asked.ask.path);
  const listed = await service.doComplete(
    document,
    { line: asked.ask.line, character: asked.ask.character },
    service.parseJSONDocument(document),
  );
  const completions = listed.items.map((one) => one.label);
  process.stdout.write(JSON.stringify({ problems, completions }));
}

main();
