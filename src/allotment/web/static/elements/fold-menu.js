// Closes an open <details> menu on Escape, on a click elsewhere and when the focus leaves it.
class FoldMenu extends HTMLElement {
  connectedCallback() {
    this.details = this.querySelector("details");
    this.onOutside = (event) => { if (!this.contains(event.target)) this.details.open = false; };
    document.addEventListener("click", this.onOutside);
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.details.open) return;
      this.details.open = false;
      this.details.querySelector("summary").focus();
    });
    this.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.contains(event.relatedTarget)) this.details.open = false;
    });
  }

  disconnectedCallback() {
    document.removeEventListener("click", this.onOutside);
  }
}
customElements.define("fold-menu", FoldMenu);
