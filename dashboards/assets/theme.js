// Light or dark: as the system has it when the page opens, then as the person switches it.
const SUN = "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10ZM11 1h2v4h-2ZM11 19h2v4h-2ZM1 11h4v2H1ZM19 11h4v2h-4ZM4 5.4 5.4 4l2.9 2.9-1.4 1.4ZM15.7 17.1l1.4-1.4L20 18.6 18.6 20ZM4 18.6l2.9-2.9 1.4 1.4L5.4 20ZM15.7 6.9 18.6 4 20 5.4l-2.9 2.9Z"
const MOON = "M12 3a9 9 0 1 0 9 9c0-.5 0-.9-.1-1.4A5.4 5.4 0 1 1 13.4 3.1 9 9 0 0 0 12 3Z"

export function render({ model }) {
  const button = document.createElement("button")
  button.type = "button"
  const marked = document.documentElement.dataset
  const system = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"
  const draw = () => {
    button.title = model.label
    button.setAttribute("aria-label", model.label)
    button.setAttribute("aria-pressed", String(marked.theme === "dark"))
    button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${marked.theme === "dark" ? MOON : SUN}"/></svg>`
  }
  const choose = (theme) => {
    marked.theme = theme
    draw()
  }
  button.onclick = () => choose(marked.theme === "dark" ? "light" : "dark")
  model.on("label", draw)
  choose(marked.theme || system)
  return button
}
