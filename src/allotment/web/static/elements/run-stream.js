// Follows a run by server-sent events from `src` and shows it as it happens.
//   progress {"words", "value"?, "max"?}  → [data-progress] text, <progress>
//   text     {"text", "part"?}            → appended to [data-text] (or [data-text="part"]), never as HTML
//   result   {"text", "part"?}            → replaces the streamed text
//   done, failed {"words"?, "url"?}       → the page (data-done, or the event's url) is loaded anew
// The browser reconnects by itself with Last-Event-ID; the server replays, so text is kept by event id.
class RunStream extends HTMLElement {
  connectedCallback() {
    const src = this.getAttribute("src");
    if (!src || this.dataset.state === "done") return;
    this.seen = new Set();
    this.source = new EventSource(src);
    const handlers = { progress: this.progress, text: this.text, result: this.result, done: this.end, failed: this.end };
    for (const [name, handle] of Object.entries(handlers)) {
      this.source.addEventListener(name, (event) => this.receive(event, name, handle));
    }
    this.source.addEventListener("error", () => this.lost());
    this.source.addEventListener("open", () => this.note(""));
  }

  disconnectedCallback() {
    this.source?.close();
  }

  receive(event, name, handle) {
    if (event.lastEventId) {
      const key = `${name} ${event.lastEventId}`;
      if (this.seen.has(key)) return;
      this.seen.add(key);
    }
    handle.call(this, this.parse(event.data), name);
  }

  parse(data) {
    try {
      const value = JSON.parse(data);
      return typeof value === "object" && value !== null ? value : { text: String(value), words: String(value) };
    } catch {
      return { text: data, words: data };
    }
  }

  place(part) {
    return (part && this.querySelector(`[data-text="${CSS.escape(part)}"]`)) || this.querySelector("[data-text]");
  }

  progress({ words, value, max }) {
    const place = this.querySelector("[data-progress]");
    if (place && words) place.textContent = words;
    const bar = this.querySelector("progress");
    if (!bar || value === undefined) return;
    bar.value = value;
    if (max !== undefined) bar.max = max;
  }

  text({ text, part }) {
    const place = this.place(part);
    if (!place) return;
    place.hidden = false;
    place.append(document.createTextNode(text ?? ""));
  }

  result({ text, part }) {
    const place = this.place(part);
    if (!place || text === undefined) return;
    place.hidden = false;
    place.textContent = text;
  }

  end({ words, url }, name) {
    this.source.close();
    this.dataset.state = name;
    this.progress({ words });
    const target = this.dataset.fragment;
    if (target && window.htmx) {
      window.htmx.ajax("GET", target, { target: this, swap: "outerHTML" });
      return;
    }
    const next = url ?? this.dataset.done;
    if (next) location.assign(next);
    else location.reload();
  }

  lost() {
    if (this.source.readyState === EventSource.CLOSED) {
      this.note(this.dataset.lost ?? "The connection ended. Reload the page to see where the run stands; it goes on without you.");
    } else {
      this.note(this.dataset.waiting ?? "Connecting again…");
    }
  }

  note(words) {
    const place = this.querySelector("[data-connection]");
    if (place) place.textContent = words;
  }
}
customElements.define("run-stream", RunStream);
