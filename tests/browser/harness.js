/* A kernel that is only a list of events: it reveals a recorded run as far as it is asked to, and keeps what it was told. */
window.FakeModel = class {
  constructor(document, { known = -1, openAt = 0, speed = 0.25, views } = {}) {
    const { events, ...header } = document;
    this.values = { header: { ...header, run: "test" }, speed, height: null, views: views ?? ["cluster", "table", "spacetime"] };
    this.events = events;
    this.now = known;
    this.openAt = openAt;
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
    if (message.type === "advance") this.now = Math.max(this.now, Math.min(message.to, this.values.header.now));
    if (["hello", "pull", "advance", "fault"].includes(message.type)) setTimeout(() => this.answer(message), 5);
  }
  length() {
    const { time } = this.events;
    let count = 0;
    while (count < time.length && time[count] <= this.now) count += 1;
    return count;
  }
  answer({ type, have }, more = {}) {
    const length = this.length();
    const columns = Object.fromEntries(Object.entries(this.events).map(([name, values]) => [name, values.slice(have, Math.min(length, have + 5000))]));
    const openAt = type === "hello" ? { open_at: this.openAt } : {};
    this.tell({ type: "events", answers: type, start: have, columns, length, now: Math.max(0, this.now), faults: "Faults([])", fault_count: 1, error: null, ...openAt, ...more });
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
