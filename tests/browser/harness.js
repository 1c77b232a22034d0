/* A kernel that is only a list of events: it reveals a recorded run as far as it is asked to, and keeps what it was told. */
window.FakeModel = class {
  constructor(document, { known = -1, openAt = 0, speed = 0.25, fork = null, stay = false, views, language = "" } = {}) {
    const { events, ...header } = document;
    this.values = { header: { ...header, run: "test" }, speed, height: null, language, views: views ?? ["cluster", "table", "spacetime"] };
    this.runs = [{ run: 0, parent: null, at: 0, count: 0, what: "" }];
    this.docs = [events];
    this.known = [known];
    this.fork = fork; /* what every fork turns out to be: its events, and how far it has come */
    this.openAt = openAt;
    this.stay = stay;
    this.listeners = new Set();
    this.said = [];
    this.answering = true;
  }
  get(name) { return this.values[name]; }
  set(name, value) { this.values[name] = value; }
  save_changes() { this.saved = { ...this.values }; }
  on(_event, listener) { this.listeners.add(listener); }
  off(_event, listener) { this.listeners.delete(listener); }
  send(message) {
    this.said.push(message);
    if (!this.answering) return;
    if (message.type === "fork") setTimeout(() => this.begin(message), 5);
    const run = message.run ?? 0;
    if (message.type === "advance") this.known[run] = Math.max(this.known[run], Math.min(message.to, this.values.header.now));
    if (["hello", "pull", "advance", "fault"].includes(message.type)) setTimeout(() => this.answer(message), 5);
  }
  begin({ run, time, count, action, args }) {
    const number = this.runs.length;
    if (!this.fork) {
      this.tell({ type: "forked", run, runs: this.runs, error: "this run cannot be forked" });
      return;
    }
    this.runs = [...this.runs, { run: number, parent: run, at: time, count, what: `${action} ${args}` }];
    this.docs.push(this.fork.events);
    this.known.push(this.fork.now);
    this.tell({ type: "forked", run: number, runs: this.runs, error: null });
  }
  length(run = 0) {
    const { time } = this.docs[run];
    let count = 0;
    while (count < time.length && time[count] <= this.known[run]) count += 1;
    return count;
  }
  get events() { return this.docs[0]; }
  get now() { return this.known[0]; }
  set now(now) { this.known[0] = now; }
  answer({ type, have, run = 0 }, more = {}) {
    const length = this.length(run);
    const columns = Object.fromEntries(Object.entries(this.docs[run]).map(([name, values]) => [name, values.slice(have, Math.min(length, have + 5000))]));
    const openAt = type === "hello" ? { open_at: this.openAt, stay: this.stay } : {};
    const runs = type === "hello" ? { runs: this.runs } : {};
    this.tell({ type: "events", run, answers: type, start: have, columns, length, now: Math.max(0, this.known[run]), ...runs, faults: "Faults([])", fault_count: 1, error: null, ...openAt, ...more });
  }
  tell(message) { for (const listener of [...this.listeners]) listener(message); }
};
window.mount = (document_, options = {}) => {
  const model = new FakeModel(document_, options);
  const el = document.createElement("div");
  document.body.append(el);
  const dispose = labkitWidget.render({ model, el });
  return { model, el, dispose };
};
