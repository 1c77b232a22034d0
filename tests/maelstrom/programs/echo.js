#!/usr/bin/env node
// An echo node in JavaScript.
const readline = require("readline");
let me = null;
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { src, body } = JSON.parse(line);
  const answer = { in_reply_to: body.msg_id };
  if (body.type === "init") {
    me = body.node_id;
    answer.type = "init_ok";
  } else {
    answer.type = "echo_ok";
    answer.echo = body.echo;
  }
  process.stdout.write(JSON.stringify({ src: me, dest: src, body: answer }) + "\n");
});
