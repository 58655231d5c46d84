// Lets a file be dropped on a file field, says which file was taken, and at once when it is larger than may be sent.
class DropFile extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=file]");
    this.words = this.querySelector(".drop-words span");
    if (!this.input) return;
    this.addEventListener("dragover", (event) => { event.preventDefault(); this.classList.add("over"); });
    this.addEventListener("dragleave", () => this.classList.remove("over"));
    this.addEventListener("drop", (event) => this.take(event));
    this.input.addEventListener("change", () => this.show());
  }

  take(event) {
    event.preventDefault();
    this.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    this.input.files = event.dataTransfer.files;
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  show() {
    const files = [...this.input.files];
    const most = Number(this.dataset.most);
    this.input.setCustomValidity(most && files.some((file) => file.size > most) ? this.dataset.tooLarge : "");
    this.input.reportValidity();
    if (!this.words) return;
    this.invitation ??= this.words.textContent;
    this.words.textContent = files.length ? files.map((file) => `${file.name} · ${this.size(file.size)}`).join(", ") : this.invitation;
  }

  size(bytes) {
    const kilobytes = bytes / 1024;
    return kilobytes < 1024 ? `${Math.max(1, Math.round(kilobytes))} kB` : `${(kilobytes / 1024).toFixed(1)} MB`;
  }
}
customElements.define("drop-file", DropFile);
