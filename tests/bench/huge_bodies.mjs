// A thread that asks with bodies of 60 MB, `senders` at once, until it is told to stop: who measures how long others wait must
// not be kept waiting by who sends.
import http from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { url, model, headers, senders } = workerData;
const body = Buffer.from(JSON.stringify({ model, messages: [{ role: 'user', content: 'x'.repeat(60_000_000) }] }));
let isOver = false;
parentPort.once('message', () => (isOver = true));

const ask = () => new Promise((resolve) => {
  const request = http.request(url, { method: 'POST', agent: false, headers }, (answer) => {
    answer.resume().on('end', () => resolve(answer.statusCode === 200)).on('error', () => resolve(false));
  });
  request.on('error', () => resolve(false)).end(body);
});

let answered = 0;
await Promise.all(Array.from({ length: senders }, async () => {
  while (!isOver) answered += Number(await ask());
}));
parentPort.postMessage(answered);
