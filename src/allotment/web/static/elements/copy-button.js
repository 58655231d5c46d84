// Copies text: of the element named by data-from, else of the nearest code block or result.
class CopyButton extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.button?.addEventListener("click", () => this.copy());
  }

  get source() {
    if (this.dataset.from) return document.querySelector(this.dataset.from);
    return this.closest("figure, .card")?.querySelector("pre, .result");
  }

  async copy() {
    const text = this.source?.innerText ?? "";
    try {
      await navigator.clipboard.writeText(text);
      this.say(this.dataset.done ?? "Copied");
    } catch {
      // Without permission (plain http on another machine) the text is selected, ready for the keyboard.
      getSelection().selectAllChildren(this.source);
      this.say(this.dataset.failed ?? "Selected, press Ctrl+C");
    }
  }

  say(words) {
    const text = [...this.button.childNodes].findLast((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!text) return;
    this.words ??= text.data;
    text.data = words;
    this.button.setAttribute("aria-live", "polite");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { text.data = this.words; }, 2000);
  }
}
customElements.define("copy-button", CopyButton);
