// oav's live validator behind lines of JSON: one order a line in, one answer a line out.
//
// {"load": [files], "folder": "..."}          -> {"seconds": s}
// {"method", "urls", "bodies": [...], "chunk", "whole"}
//                                    -> {"seconds": s, "accepted": n, "errors": n}
//
// Bodies are parsed before the clock starts, a few at a time, as `measure.CHUNK`
// says; each while it runs where the call is "whole". They are validated once each:
// oav changes what it validates, and a second verdict on the same object differs.
"use strict";
const { LiveValidator } = require("oav");
const fs = require("node:fs");
const readline = require("node:readline");

let validator;

async function load({ load: files, folder }) {
  validator = new LiveValidator(
    {
      directory: folder,
      swaggerPaths: files,
      swaggerPathsPattern: [],
      git: { shouldClone: false },
      loadValidatorInBackground: false,
      loadValidatorInInitialize: false,
    },
    () => {},
  );
  const started = clock();
  await validator.initialize();
  return { seconds: clock() - started };
}

async function judge({ method, urls, bodies, chunk, whole }) {
  let accepted = 0;
  let errors = 0;
  let seconds = 0;
  for (let at = 0; at < bodies.length; at += chunk) {
    const texts = bodies.slice(at, at + chunk);
    const ready = whole ? texts : texts.map((text) => JSON.parse(text));
    const started = clock();
    for (let index = 0; index < ready.length; index += 1) {
      const url = urls[at + index];
      const body = whole ? JSON.parse(ready[index]) : ready[index];
      const verdict = await validator.validateLiveRequest({ method, url, body });
      if (verdict.isSuccessful) accepted += 1;
      errors += verdict.errors.length;
    }
    seconds += clock() - started;
  }
  return { seconds, accepted, errors };
}

// Seconds that the processor gave to the thread that validates; where the system
// does not tell (Linux does), to the whole process.
function clock() {
  try {
    return Number(fs.readFileSync("/proc/self/schedstat", "utf8").split(" ")[0]) / 1e9;
  } catch {
    const used = process.cpuUsage();
    return (used.user + used.system) / 1e6;
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    const answer = order.load ? await load(order) : await judge(order);
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
}

main();
