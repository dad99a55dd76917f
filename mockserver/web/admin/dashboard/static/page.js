"use strict";
// The page is whole without this; it sends the changes as JSON and swaps in what the server renders anew.

const notice = document.getElementById("notice");

function say(text) {
  notice.textContent = text;
  notice.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { notice.hidden = true; }, 5000);
}

async function send(target, body) {
  const [method, address] = target.split(" ");
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const reply = await fetch(address, options);
  if (!reply.ok) {
    const problem = await reply.json().catch(() => ({ detail: `HTTP ${reply.status}` }));
    throw new Error([problem.detail, ...(problem.errors || [])].join("; "));
  }
  return reply.json();
}

async function change(target, body, control) {
  if (control) control.disabled = true;
  try {
    const done = await send(target, body);
    if ("moved" in done) say(done.moved === 1 ? "1 voucher moved" : `${done.moved} vouchers moved`);
    if (target.endsWith("/session")) location.reload();
    else await refresh();
  } catch (error) {
    say(error.message);
  } finally {
    if (control) control.disabled = false;
  }
}

function bodyOf(form) {
  const body = {};
  const chosen = form.elements.transition ? form.elements.transition.value : null;
  for (const field of form.elements) {
    if (!field.name || field.value === "" || (field.type === "checkbox" && !field.checked)) continue;
    if (field.dataset.with && field.dataset.with !== chosen) continue;
    body[field.name] = field.dataset.type ? Number(field.value) : field.value;
  }
  if (form.dataset.wrap) return { [form.dataset.wrap]: body };
  if (form.dataset.wrapList) return { [form.dataset.wrapList]: [body] };
  return body;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.send) return;
  event.preventDefault();
  change(form.dataset.send, bodyOf(form), event.submitter);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("copy" in button.dataset) {
    const line = button.closest(".inside").querySelector(".curl").textContent;
    navigator.clipboard.writeText(line).then(() => say("Copied"), () => say("Select the line and copy it"));
  } else if (button.dataset.send) {
    if (button.dataset.confirm && !confirm(button.dataset.confirm)) return;
    change(button.dataset.send, button.dataset.body ? JSON.parse(button.dataset.body) : undefined, button);
  }
});

document.addEventListener("change", (event) => {
  const select = event.target;
  if (select.dataset.move && select.value) change(`PATCH ${select.dataset.move}`, { to: select.value }, select);
});

document.addEventListener("toggle", async (event) => {
  const call = event.target;
  if (!call.open || !call.dataset.call || call.dataset.loaded) return;
  call.dataset.loaded = "yes";
  const inside = call.querySelector(".inside");
  const reply = await fetch(call.dataset.call);
  if (reply.ok) inside.innerHTML = await reply.text();
  else inside.textContent = "This request is forgotten: only the newest are kept.";
}, true);

function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const sameKind = old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && old.id === fresh.id;
  if (!sameKind) { old.replaceWith(fresh.cloneNode(true)); return; }
  if (old.nodeType !== Node.ELEMENT_NODE) { old.textContent = fresh.textContent; return; }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  const was = [...old.childNodes];
  const is = [...fresh.childNodes];
  is.forEach((node, place) => { if (place < was.length) morph(was[place], node); else old.append(node.cloneNode(true)); });
  was.slice(is.length).forEach((node) => node.remove());
}

function isBusy(section) {
  return document.activeElement && document.activeElement.tagName === "SELECT" && section.contains(document.activeElement);
}

async function refresh() {
  const reply = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!reply.ok) return;
  const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  for (const section of document.querySelectorAll("[data-live]")) {
    const again = fresh.getElementById(section.id);
    if (again && !isBusy(section)) update(section, again);
  }
}

function update(section, again) {
  if (section.id === "requests") {
    // The same numbers name other calls once the requests were cleared.
    const isSame = section.dataset.of === again.dataset.of;
    const open = isSame ? section.querySelectorAll("details[open]") : [];
    for (const call of open) { const other = again.querySelector(`#${call.id}`); if (other) other.replaceWith(call.cloneNode(true)); }
    const focused = document.activeElement && section.contains(document.activeElement) ? document.activeElement.closest("details") : null;
    if (isSame && section.dataset.newest === again.dataset.newest) return;
    section.replaceWith(document.adoptNode(again));
    if (focused) { const call = document.getElementById(focused.id); if (call) call.querySelector("summary").focus(); }
    return;
  }
  morph(section, again);
}

if (document.getElementById("projects")) {
  const pause = 1000;
  const live = async () => {
    try { if (!document.hidden) await refresh(); } catch { /* the mock is gone for now; it is asked again */ }
    setTimeout(live, pause);
  };
  setTimeout(live, pause);
}
