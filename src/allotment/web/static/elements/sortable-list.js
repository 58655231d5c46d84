// Moves items of a list by dragging the handle or with the arrow keys on it. Each item's own
// "up" and "down" buttons (data-move, working forms) do the moving on the server; this element sends
// the new order to `data-order-url` as repeated `order` values, or presses those buttons when there is none.
class SortableList extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector("ol, ul");
    if (!this.list) return;
    this.addEventListener("keydown", (event) => this.onKey(event));
    this.addEventListener("dragstart", (event) => this.onStart(event));
    this.addEventListener("dragover", (event) => this.onOver(event));
    this.addEventListener("dragend", () => this.onEnd());
    for (const handle of this.querySelectorAll("[data-handle]")) handle.draggable = true;
  }

  item(element) {
    return [...this.list.children].find((item) => item.contains(element));
  }

  onKey(event) {
    const handle = event.target.closest?.("[data-handle]");
    const direction = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!handle || !direction) return;
    event.preventDefault();
    const item = this.item(handle);
    const neighbour = direction === "up" ? item.previousElementSibling : item.nextElementSibling;
    if (!neighbour) return;
    if (!this.dataset.orderUrl) {
      item.querySelector(`[data-move="${direction}"]`)?.click();
      return;
    }
    if (direction === "up") neighbour.before(item);
    else neighbour.after(item);
    handle.focus();
    this.send();
  }

  onStart(event) {
    const handle = event.target.closest?.("[data-handle]");
    if (!handle) return;
    this.dragged = this.item(handle);
    this.before = this.order().join();
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setDragImage(this.dragged, 16, 16);
    this.dragged.classList.add("dragged");
  }

  onOver(event) {
    const over = this.dragged && this.item(event.target);
    if (!over || over === this.dragged) return;
    event.preventDefault();
    const { top, height } = over.getBoundingClientRect();
    if (event.clientY < top + height / 2) over.before(this.dragged);
    else over.after(this.dragged);
  }

  onEnd() {
    this.dragged?.classList.remove("dragged");
    const moved = this.dragged && this.before !== this.order().join();
    this.dragged = null;
    if (moved) this.send();
  }

  order() {
    return [...this.list.children].map((item) => item.dataset.key ?? item.id);
  }

  async send() {
    const url = this.dataset.orderUrl;
    if (!url) return;
    const body = new FormData();
    for (const key of this.order()) body.append("order", key);
    const token = this.querySelector("[name=csrfmiddlewaretoken]")?.value ?? this.token();
    const response = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token, Accept: "application/json" } });
    if (!response.ok) location.reload();
    else this.dispatchEvent(new CustomEvent("sorted", { bubbles: true, detail: this.order() }));
  }

  token() {
    return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
  }
}
customElements.define("sortable-list", SortableList);
