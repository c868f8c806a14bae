// A native date field. What is typed in it belongs to the browser; a day is said once it is complete and settled.
const PAUSE = 700 // ms after the last key
const PICKED = 120 // ms after a click in the calendar

export function render({ model }) {
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
    node.append(...children)
    return node
  }
  const label = make("label", { for: "day" })
  const field = make("input", { type: "date", id: "day", "aria-describedby": "told" })
  const clear = make("button", { type: "button", class: "clear" }, "×")
  const told = make("div", { id: "told", class: "told", "aria-live": "polite" })
  const root = make("div", { class: "day" }, label, make("div", { class: "box" }, field, clear), told)

  let sent = model.seen // the number of the last word, and the day it named
  let said = model.day
  let waiting = null
  let typed = false // the last change came by keyboard
  let fault = "" // the label that says what is wrong

  const edited = () => field.getRootNode().activeElement === field
  const blame = (name) => {
    fault = name
    told.textContent = fault ? model.labels[fault] : ""
    field.setAttribute("aria-invalid", String(Boolean(fault)))
  }
  const dress = () => (clear.hidden = !field.value && !field.validity.badInput)
  const judged = () => {
    if (field.validity.badInput) return "incomplete"
    const day = field.value
    return day && (day < model.first || day > (model.last || "9999-12-31")) ? "outside" : ""
  }
  // `left` when the person is done with the field; before, a year of which digits are missing is no fault yet.
  const settle = (left) => {
    clearTimeout(waiting)
    waiting = null
    const wrong = field.value === said ? (field.validity.badInput ? "incomplete" : "") : judged()
    const typing = wrong === "incomplete" || field.value < "1000"
    if (wrong && !left && typing) return
    blame(wrong)
    dress()
    if (wrong || field.value === said) return
    said = field.value
    sent += 1
    model.send_msg({ number: sent, day: said || null })
  }
  field.oninput = () => {
    blame("")
    dress()
    clearTimeout(waiting)
    waiting = setTimeout(settle, typed ? PAUSE : PICKED, false)
  }
  field.onkeydown = (event) => {
    if (event.key === "Enter") {
      event.preventDefault()
      settle(true)
    } else {
      typed = !(event.key === " " || event.key === "F4" || event.altKey) // these open the calendar
      if (waiting !== null) field.oninput()
      setTimeout(dress)
    }
  }
  field.onpointerdown = () => (typed = false)
  field.onblur = () => {
    settle(true)
    follow()
  }
  clear.onclick = () => {
    field.value = ""
    settle(true)
    field.focus()
  }

  // What the server knows stands in the field when it answers the newest word and nobody is writing.
  const follow = () => {
    if (model.seen < sent || edited() || fault || waiting !== null) return
    said = model.day
    if (field.value !== said) field.value = said
    dress()
  }
  const bound = () => {
    field.min = model.first
    field.max = model.last || "9999-12-31"
  }
  const name = () => {
    label.textContent = model.labels.day
    clear.title = model.labels.clear
    clear.setAttribute("aria-label", model.labels.clear)
    blame(fault)
  }
  for (const property of ["day", "seen"]) model.on(property, follow)
  model.on("last", bound)
  model.on("labels", name)
  bound()
  name()
  field.value = said
  dress()
  return root
}
