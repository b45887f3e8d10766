// What people write in Node.js, timed from within: `node peers.mjs NAME COUNT LIMIT` prints seconds.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [name, count, limit] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const require = createRequire(`${process.cwd()}/`);
const installed = async (library) => (await import(pathToFileURL(require.resolve(library)).href)).default;
const nothing = async () => { await null; };
const tasks = Array.from({ length: count }, () => nothing);

const peers = {
  "Promise.all": async () => () => Promise.all(tasks.map((task) => task())),
  "p-limit": async () => {
    const limited = (await installed("p-limit"))(limit);
    return () => Promise.all(tasks.map((task) => limited(task)));
  },
  "p-map": async () => {
    const pMap = await installed("p-map");
    return () => pMap(tasks, (task) => task(), { concurrency: limit });
  },
};

const run = await peers[name]();
const began = performance.now();
await run();
console.log((performance.now() - began) / 1000);
