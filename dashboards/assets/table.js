// One page of rows, drawn as a plain table. Everything comes from the server as text and is put in as text.
export function render({ model, el }) {
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value)
    }
    node.append(...children)
    return node
  }
  const ask = (request) => model.send_msg(request)

  const search = make("input", { type: "search", class: "search", spellcheck: "false", autocomplete: "off" })
  const status = make("span", { class: "status", "aria-live": "polite" })
  const size = make("select", { class: "size" })
  const sizeLabel = make("label", { class: "size-label" })
  const pager = {}
  for (const [name, sign] of [["first", "«"], ["previous", "‹"], ["next", "›"], ["last", "»"]]) {
    pager[name] = make("button", { type: "button", class: `pager ${name}` }, sign)
  }
  const head = make("tr")
  const body = make("tbody")
  const table = make("table", {}, make("thead", {}, head), body)
  const frame = make("div", { class: "frame" }, table)
  const root = make(
    "div",
    { class: "paged-table" },
    make("div", { class: "bar" }, search),
    frame,
    make("div", { class: "bar foot" }, status, make("span", { class: "grow" }), sizeLabel, size, ...Object.values(pager)),
  )

  const pages = () => Math.max(1, Math.ceil(model.total / model.size))
  pager.first.onclick = () => ask({ page: 0 })
  pager.previous.onclick = () => ask({ page: Math.max(0, model.page - 1) })
  pager.next.onclick = () => ask({ page: Math.min(pages() - 1, model.page + 1) })
  pager.last.onclick = () => ask({ page: pages() - 1 })
  size.onchange = () => ask({ size: Number(size.value) })
  let waiting = null
  search.oninput = () => {
    clearTimeout(waiting)
    waiting = setTimeout(() => ask({ search: search.value }), 250)
  }

  const choose = (row) => ask({ selected: row.dataset.id })
  body.onclick = (event) => {
    const row = event.target.closest("tr[data-id]")
    if (row) choose(row)
  }
  body.onkeydown = (event) => {
    const row = event.target.closest("tr[data-id]")
    if (!row) return
    const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key]
    if (next) next.focus()
    else if (event.key === "Enter" || event.key === " ") choose(row)
    else return
    event.preventDefault()
  }

  const drawHead = () => {
    head.replaceChildren(
      ...model.columns.map((column) => {
        const sorted = column.name === model.sort
        const arrow = make("span", { class: "arrow", "aria-hidden": "true" }, sorted ? (model.descending ? "▼" : "▲") : "")
        const cell = make("th", {
          scope: "col",
          class: column.kind,
          "aria-sort": sorted ? (model.descending ? "descending" : "ascending") : "none",
        })
        if (column.sortable) {
          const button = make("button", { type: "button", "data-sort": column.name }, column.title, arrow)
          button.onclick = () => ask({ sort: column.name })
          cell.append(button)
        } else cell.append(column.title)
        return cell
      }),
    )
  }
  const drawRows = () => {
    if (!model.rows.length) {
      const cell = make("td", { class: "none", colspan: String(model.columns.length) }, model.labels.none)
      body.replaceChildren(make("tr", {}, cell))
    } else {
      body.replaceChildren(
        ...model.rows.map((row) =>
          make(
            "tr",
            { "data-id": row.id, tabindex: "0", "aria-selected": String(row.id === model.selected), title: model.labels.choose },
            ...model.columns.map((column, index) => {
              const cell = row.cells[index]
              return make("td", { class: `${column.kind} ${cell.tone ?? ""}`, title: cell.title }, cell.text)
            }),
          ),
        ),
      )
    }
    status.textContent = model.labels.status
    const last = pages() - 1
    pager.first.disabled = pager.previous.disabled = model.page <= 0
    pager.next.disabled = pager.last.disabled = model.page >= last
    root.classList.toggle("busy", model.busy)
  }
  const drawLabels = () => {
    search.placeholder = model.labels.search
    search.setAttribute("aria-label", model.labels.search_label)
    sizeLabel.textContent = model.labels.page_size
    size.setAttribute("aria-label", model.labels.page_size)
    size.replaceChildren(...model.sizes.map((n) => make("option", { value: String(n), selected: n === model.size }, String(n))))
    for (const [name, button] of Object.entries(pager)) {
      button.title = model.labels[name]
      button.setAttribute("aria-label", model.labels[name])
    }
    if (document.activeElement !== search && el.getRootNode().activeElement !== search) search.value = model.search
  }
  const mark = () => {
    for (const row of body.querySelectorAll("tr[data-id]")) {
      row.setAttribute("aria-selected", String(row.dataset.id === model.selected))
    }
  }
  // A page arrives as one change of `version`, so that rows are never drawn under another page's heads.
  const draw = () => {
    drawHead()
    drawLabels()
    drawRows()
  }
  model.on("version", draw)
  model.on("selected", mark)
  model.on("busy", () => root.classList.toggle("busy", model.busy))
  draw()
  return root
}
