// The browser's tab: its title, and an address that says what the page shows, so that reloading it shows the same.
export function render({ model }) {
  const named = { lang: "language", on: "day", finding: "finding" }
  const first = Object.fromEntries(Object.entries(named).map(([name, value]) => [name, model[value]]))
  const show = () => {
    if (model.title) document.title = model.title
    document.documentElement.lang = model.language
    const address = new URL(window.location.href)
    for (const [name, property] of Object.entries(named)) {
      const value = model[property]
      if (!value) address.searchParams.delete(name)
      else if (address.searchParams.has(name) || value !== first[name]) address.searchParams.set(name, value)
    }
    if (address.href !== window.location.href) window.history.replaceState(window.history.state, "", address)
  }
  for (const name of ["title", ...Object.values(named)]) model.on(name, show)
  show()
  const nothing = document.createElement("span")
  nothing.hidden = true
  return nothing
}
