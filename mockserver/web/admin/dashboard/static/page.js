"use strict";
// The page is whole without this. It sends changes as JSON, follows links without losing the place, and once a second
// takes over what the server shows anew. Whatever is typed, open or focused stays.

const main = document.getElementById("main");
const notice = document.getElementById("notice");
const GONE = "The mock does not answer: what is shown is from before. It is asked again and again.";

// What is said stays until the next is, or it is closed; good news goes by itself.
function say(text, isTrouble = false) {
  clearTimeout(say.timer);
  document.getElementById("notice-text").textContent = text;
  notice.classList.toggle("trouble", isTrouble);
  notice.toggleAttribute("data-quiet", text === "");
  document.getElementById("notice-close").hidden = text === "";
  if (text && !isTrouble) say.timer = setTimeout(() => say(""), 8000);
}

// Changes.

async function send(target, body) {
  const [method, address] = target.split(" ");
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const reply = await fetch(address, options).catch(() => { throw new Error("The mock does not answer: see whether it was done"); });
  const answer = await reply.json().catch(() => ({ detail: `HTTP ${reply.status}` }));
  if (!reply.ok) throw new Error([answer.detail, ...(answer.errors || [])].join("; "));
  return answer;
}

// What was done, in words that are true once the page shows it.
const TOLD = {
  now: (answer) => `${answer.date_time}${answer.merchant_id ? ` for ${answer.merchant_id}` : ""}, ${answer.state}`,
  vendor: (answer) => `submissions of ${answer.merchant_id} are ${answer.vendor_state ? `refused: ${answer.vendor_state}` : "taken"}`,
  rules: () => [...main.querySelectorAll(".rule-words")].map((rule) => rule.textContent).join("; "),
};

function doneIn(words, answer) {
  if ("moved" in answer) return answer.moved === 1 ? "1 voucher is moved" : `${answer.moved} vouchers are moved`;
  const told = TOLD[words.tell] ? ` ${TOLD[words.tell](answer)}` : "";
  return `${words.done || "Done"}${told}`;
}

async function change(control, words, target, makeBody) {
  // Not `disabled`: a button that is would lose the focus.
  if (control.getAttribute("aria-disabled") === "true") return;
  control.setAttribute("aria-disabled", "true");
  try {
    const answer = await send(target, await makeBody());
    if (target.endsWith("/session")) { location.reload(); return; }
    await refresh();
    say(doneIn(words, answer));
  } catch (error) {
    say(error.message, true);
  } finally {
    control.removeAttribute("aria-disabled");
  }
}

function valueOf(field) {
  if (field.dataset.type === "number") return Number(field.value);
  return field.dataset.type === "json" ? JSON.parse(field.value) : field.value;
}

function bodyOf(form, submitter) {
  const body = {};
  for (const field of form.elements) {
    const isPressed = field.type === "submit" ? field === submitter : !field.dataset.by || field.dataset.by === submitter?.id;
    if (!field.name || field.value === "" || !isPressed || "notSent" in field.dataset || field.closest("[hidden]")) continue;
    if (field.type !== "checkbox" || field.checked) body[field.name] = valueOf(field);
  }
  if (form.dataset.wrap) return { [form.dataset.wrap]: body };
  if (form.dataset.wrapList) return { [form.dataset.wrapList]: [body] };
  return body;
}

// A readings file says all that is not at its default; only one of them is to change.
async function switched(target, key, value) {
  const { readings } = await send(target.replace("PUT", "GET"));
  const others = Object.entries(readings).filter(([, one]) => one.value !== one.default).map(([name, one]) => [name, one.value]);
  return { readings: { ...Object.fromEntries(others), [key]: value } };
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.filter !== undefined) {
    event.preventDefault();
    go(addressOf(form), true);
  } else if (form.dataset.send) {
    event.preventDefault();
    const control = event.submitter || form;
    const body = bodyOf(form, event.submitter);
    const key = form.dataset.switch;
    const whom = form.dataset.scope && form.elements[form.dataset.scope].value;
    const address = form.dataset.send.replace(/{(.*)}/, (_, name) => encodeURIComponent(form.elements[name].value));
    const target = address + (whom ? `?${new URLSearchParams({ [form.dataset.scope]: whom })}` : "");
    if (key) change(control, { done: `${key} is ${body.value} now` }, target, () => switched(target, key, body.value));
    else change(control, form.dataset, target, () => body);
  }
});

// A field that goes with one of several buttons presses that one.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.dataset.by) return;
  event.preventDefault();
  document.getElementById(event.target.dataset.by).click();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && button.id === "notice-close") {
    say("");
    if (main) main.focus({ preventScroll: true });
  } else if (button && "copy" in button.dataset) {
    const line = button.closest(".inside").querySelector(".curl").textContent;
    const failed = () => say("It cannot be copied from here: select the line, and copy it", true);
    if (navigator.clipboard) navigator.clipboard.writeText(line).then(() => say("Copied"), failed);
    else failed();
  } else if (button && button.dataset.send) {
    const words = button.dataset;
    if (words.confirm && !confirm(words.confirm)) return;
    change(button, words, words.send, () => (words.body ? JSON.parse(words.body) : undefined));
  }
});

// Where on the page the reader is: its address.

function addressOf(form) {
  const asked = [...new FormData(form)].filter(([, value]) => value !== "");
  return `?${new URLSearchParams(asked)}`;
}

async function go(address, isSamePlace = false) {
  history[isSamePlace ? "replaceState" : "pushState"](null, "", address);
  await refresh();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='?']");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const isOther = new URL(link.href).searchParams.get("view") !== shownView();
  go(link.href).then(() => {
    if (!isOther) return;
    scrollTo(0, 0);
    focusIn(main.querySelector("h1").closest("section"));
    showChosen();
  });
});

window.addEventListener("popstate", () => refresh());

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form || form.dataset.filter === undefined) return;
  clearTimeout(form.typing);
  form.typing = setTimeout(() => go(addressOf(form), true), 250);
});

document.addEventListener("toggle", async (event) => {
  const call = event.target;
  if (!call.dataset.call) return;
  rememberOpen(call);
  const inside = call.querySelector(".inside");
  if (!call.open || "loaded" in inside.dataset) return;
  inside.dataset.loaded = "";
  inside.setAttribute("aria-busy", "true");
  try {
    const reply = await fetch(call.dataset.call);
    if (reply.ok) inside.innerHTML = await reply.text();
    else inside.textContent = "This request is forgotten: only the newest are kept.";
  } catch {
    delete inside.dataset.loaded;
  }
  inside.removeAttribute("aria-busy");
}, true);

function rememberOpen(call) {
  const address = new URL(location.href);
  const open = [...main.querySelectorAll(".call[open]")].map((one) => one.dataset.n);
  address.searchParams.delete("open");
  address.searchParams.delete("of");
  if (open.length) {
    // The same numbers name other calls once the requests were cleared.
    address.searchParams.set("of", new URL(call.dataset.call, address).searchParams.get("of"));
    address.searchParams.set("open", open.join(","));
  }
  history.replaceState(null, "", address);
}

// What the server shows anew.

function shownView() {
  return main.className.replace("view-", "");
}

let running = null;
let next = null;
let isGone = false;

// What was changed before this is called is shown once it has ended.
function refresh() {
  if (running === null) {
    running = takeOver().finally(() => { running = null; });
    return running;
  }
  next ??= running.then(() => { next = null; return refresh(); });
  return next;
}

async function takeOver() {
  const asked = location.href;
  const address = new URL(asked);
  address.searchParams.set("live", "yes");
  address.hash = "";
  let reply;
  let text;
  try {
    reply = await fetch(address, { headers: { Accept: "text/html" } });
    text = await reply.text();
  } catch {
    if (!isGone) say(GONE, true);
    isGone = true;
    return;
  }
  if (isGone) say("The mock answers again");
  isGone = false;
  if (reply.status === 401) location.reload();
  if (!reply.ok || location.href !== asked) return;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const focused = document.activeElement;
  const section = focused && focused.closest("section");
  document.title = fresh.title;
  morph(document.getElementById("views"), fresh.getElementById("views"));
  morph(main, fresh.getElementById("main"));
  showWhatFits();
  if (focused && document.activeElement !== focused) focusIn(section);
}

function focusIn(section) {
  const heading = section && document.contains(section) && section.querySelector("[tabindex='-1']");
  (heading || main).focus({ preventScroll: true });
}

// Make `old` what `fresh` is, with as few changes as it takes: an element with an id stays the same element.
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  for (const { name, value } of [...fresh.attributes]) if (old.getAttribute(name) !== value && name !== "open") old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !STAYING.has(name)) old.removeAttribute(name);
  const ids = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
  let place = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    if (node.id) while (place && place.id !== node.id && !ids.has(place.id)) place = dropped(place);
    if (place && isSame(place, node)) {
      const next = place.nextSibling;
      become(place, node);
      place = next;
    } else {
      const moved = node.id ? [...old.children].find((child) => child.id === node.id && isSame(child, node)) : null;
      old.insertBefore(moved || document.importNode(node, true), place);
      if (moved) become(moved, node);
    }
  }
  while (place) place = dropped(place);
}

const STAYING = new Set(["open", "aria-disabled", "aria-busy", "hidden"]);

function become(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else if (isField(old)) {
    becomeField(old, fresh);
  } else if (!("loaded" in old.dataset)) {
    morph(old, fresh);
  }
}

function isField(node) {
  return node.nodeName === "INPUT" || node.nodeName === "SELECT";
}

// What somebody chose or typed, and did not send yet, stays.
function becomeField(old, fresh) {
  const isKept = old.value !== valueAtStart(old) && (old.nodeName === "INPUT" || [...fresh.options].some((one) => one.value === old.value));
  const value = isKept ? old.value : valueAtStart(fresh);
  if (!old.isEqualNode(fresh)) morph(old, fresh);
  if (old.value !== value) old.value = value;
}

function valueAtStart(field) {
  if (field.nodeName === "INPUT") return field.defaultValue;
  const option = [...field.options].find((one) => one.defaultSelected) || field.options[0];
  return option ? option.value : "";
}

function dropped(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function isSame(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && (old.id || "") === (fresh.id || "");
}

// A field of a form is shown where the choice that it goes with is made.
function showWhatFits() {
  for (const label of document.querySelectorAll("[data-only]")) {
    const [name, ...values] = label.dataset.only.split(" ");
    label.hidden = !values.includes(label.closest("form").elements[name].value);
    // Else the browser would wait for what is required there.
    label.querySelector("input").disabled = label.hidden;
  }
  for (const words of document.querySelectorAll("[data-what-of]")) {
    words.textContent = words.closest("form").elements[words.dataset.whatOf].selectedOptions[0].dataset.what;
  }
}

document.addEventListener("change", showWhatFits);

// The project that is open is in sight among the others.
function showChosen() {
  const card = document.querySelector(".card[aria-current]");
  if (card) card.parentElement.scrollTop = card.offsetTop - card.parentElement.offsetTop - 60;
}

if (main) {
  document.documentElement.classList.add("live");
  showWhatFits();
  showChosen();
  const pause = 1000;
  const live = async () => {
    if (!document.hidden) await refresh();
    setTimeout(live, pause);
  };
  setTimeout(live, pause);
}
