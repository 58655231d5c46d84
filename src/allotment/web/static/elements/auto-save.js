// Sends the form inside, 600 ms after the last change, and says so. The form's own button keeps working.
// The answer may be empty, a page, or problem+json; a refusal is shown and nothing typed is touched.
const QUIET_MS = 600;

class AutoSave extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    if (!this.form) return;
    this.status = this.querySelector("[data-status]") ?? this.appendStatus();
    this.changed = () => this.later();
    this.form.addEventListener("input", this.changed);
    this.form.addEventListener("change", this.changed);
    this.flush = () => { if (this.timer) this.save(); };
    window.addEventListener("pagehide", this.flush);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    window.removeEventListener("pagehide", this.flush);
  }

  appendStatus() {
    const status = document.createElement("p");
    status.className = "form-note";
    this.append(status);
    status.setAttribute("role", "status");
    return status;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), QUIET_MS);
  }

  async save() {
    clearTimeout(this.timer);
    this.timer = null;
    if (!this.form.checkValidity()) return;
    this.request?.abort();
    this.request = new AbortController();
    this.say("saving", "Saving…");
    try {
      const response = await fetch(this.form.action, {
        method: "POST",
        body: new FormData(this.form),
        headers: { Accept: "application/json", "X-Auto-Save": "1" },
        signal: this.request.signal,
        keepalive: true,
      });
      if (!response.ok) throw new Error(await this.reason(response));
      this.say("saved", "Saved");
      this.dispatchEvent(new CustomEvent("saved", { bubbles: true }));
    } catch (error) {
      if (error.name !== "AbortError") this.say("failed", `Not saved. ${error.message}`);
    }
  }

  async reason(response) {
    const problem = await response.json().catch(() => ({}));
    return [problem.detail, problem.hint].filter(Boolean).join(" ") || "Use the button to save.";
  }

  say(state, words) {
    this.dataset.state = state;
    this.status.textContent = this.dataset[state] ?? words;
  }
}
customElements.define("auto-save", AutoSave);
