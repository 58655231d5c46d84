// Shows that a form is on its way: the button inside is held until the page answers.
class BusyButton extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.form = this.button?.form;
    this.hold = () => queueMicrotask(() => this.set(true));
    this.release = () => this.set(false);
    this.form?.addEventListener("submit", this.hold);
    this.form?.addEventListener("htmx:afterRequest", this.release);
    window.addEventListener("pageshow", this.release);
  }

  disconnectedCallback() {
    this.form?.removeEventListener("submit", this.hold);
    this.form?.removeEventListener("htmx:afterRequest", this.release);
    window.removeEventListener("pageshow", this.release);
  }

  set(busy) {
    if (busy === (this.button.getAttribute("aria-busy") === "true")) return;
    if (busy) this.words = this.button.textContent;
    this.button.setAttribute("aria-busy", String(busy));
    // Disabled only after the form's data was taken, so that the button's own value is sent.
    setTimeout(() => { this.button.disabled = busy; });
    const text = [...this.button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (text) text.data = busy ? this.dataset.words ?? "Working…" : this.words.trim();
  }
}
customElements.define("busy-button", BusyButton);
