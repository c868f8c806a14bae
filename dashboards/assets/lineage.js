// The lineage as HTML that the server escaped, in a box that scrolls by itself; a newly chosen asset starts at its top.
export function render({ model }) {
  const box = document.createElement("div")
  box.className = "scroll"
  box.tabIndex = 0
  let chosen = ""
  let steps = true // of the chosen asset are drawn

  const reveal = () => {
    const { top } = box.getBoundingClientRect()
    if (top < 0 || top > window.innerHeight * 0.7) box.scrollIntoView({ block: "start", behavior: "smooth" })
  }
  const draw = () => {
    box.innerHTML = model.object
    box.setAttribute("aria-label", model.label)
    box.scrollTop = 0
    if (model.asset !== chosen) {
      chosen = model.asset
      steps = !chosen
    }
    if (steps) return
    steps = box.querySelector("li") !== null
    reveal()
  }
  box.onclick = async (event) => {
    const button = event.target.closest("button[data-copy]")
    if (!button) return
    const told = button.textContent
    try {
      await navigator.clipboard.writeText(button.dataset.copy)
      button.textContent = button.dataset.copied
    } catch {
      button.textContent = button.dataset.copy // to be selected by hand
      return
    }
    setTimeout(() => (button.textContent = told), 1500)
  }
  model.on("object", draw)
  draw()
  return box
}
