// What the browser does by itself: keys, keeping a choice until the server has it, sending forms.
"use strict";
const makna = (() => {
  const meta = (name) => document.querySelector(`meta[name="makna-${name}"]`).content;
  const texts = JSON.parse(meta("texts"));
  const PENDING = "makna-pending";
  let busy = false;
  let shownAt = performance.now();
  let sent = ""; // the choice that went out last, and over which connection

  const byId = (id) => document.getElementById(id);
  const dialog = () => document.querySelector("dialog[open]");
  document.documentElement.lang = meta("lang");

  function pending() {
    try {
      return JSON.parse(sessionStorage.getItem(PENDING));
    } catch {
      return null;
    }
  }

  function say(text, isGood = true) {
    const line = byId("makna-said");
    if (!line) return;
    line.textContent = text;
    line.classList.toggle("bad", !isGood);
  }

  function setBusy(is) {
    busy = is;
    document.body.classList.toggle("is-busy", is);
  }

  // ---- choosing

  function choose(label, skipped) {
    const work = byId("makna-work");
    if (!work || busy || dialog()) return;
    const flag = byId("makna-flag");
    const choice = {
      ...work.dataset,
      version: Number(work.dataset.version),
      item: Number(work.dataset.item),
      label: skipped ? null : label,
      skipped,
      flagged: flag?.getAttribute("aria-pressed") === "true",
      note: byId("makna-note")?.value ?? "",
      seconds: (performance.now() - shownAt) / 1000,
      token: token(),
    };
    // Kept here until the server says that it has it: a server that dies now is told again.
    sessionStorage.setItem(PENDING, JSON.stringify(choice));
    send(choice);
    setTimeout(() => busy && say(texts.sending), 1500);
  }

  const onThisConnection = (choice) => `${choice.token} ${window.socket?.id}`;

  function send(choice) {
    sent = onThisConnection(choice);
    setBusy(true);
    emitEvent("makna-choice", choice);
  }

  function token() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function sendAgain() {
    const choice = pending();
    const work = byId("makna-work");
    if (!choice || choice.person !== meta("person")) return;
    const at = document.querySelector("[data-project]");
    if (!at || at.dataset.project !== choice.project || at.dataset.what !== choice.what) return;
    // Made in the moment between the connection and this call, it is on its way already.
    if (sent === onThisConnection(choice)) return;
    send(choice);
  }

  // ---- what the server says

  function done(token, forget) {
    if (forget && pending()?.token === token) sessionStorage.removeItem(PENDING);
    setBusy(false);
  }

  function shown() {
    shownAt = performance.now();
    setBusy(false);
    window.scrollTo(0, 0);
  }

  function told(form, text, isGood) {
    const line = form ? document.querySelector(`form[data-form="${form}"] .told`) : null;
    if (!line) return say(text, isGood);
    line.textContent = text;
    line.classList.toggle("bad", !isGood);
    line.scrollIntoView({ block: "nearest" });
  }

  function restore(note, isFlagged) {
    if (byId("makna-note")) byId("makna-note").value = note;
    byId("makna-flag")?.setAttribute("aria-pressed", String(isFlagged));
  }

  function ask(id) {
    setTimeout(() => byId(id)?.open || byId(id)?.showModal(), 50);
  }

  // ---- buttons and keys

  const deeds = {
    choose: (button) => choose(button.dataset.choice, false),
    skip: () => choose(null, true),
    flag: (button) => button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true")),
    undo: () => busy || emitEvent("makna-undo", {}),
    guide: () => byId("makna-guidelines")?.classList.toggle("is-open"),
    help: () => byId("makna-help").showModal(),
    close: () => dialog()?.close(),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    deeds[button.dataset.do](button);
    button.blur();
  });

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target.id === "makna-mark" && event.key === "Enter") {
      event.preventDefault();
      if (event.target.value.trim()) choose(event.target.value.trim(), false);
    } else if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
    } else if (!dialog() && !event.repeat) {
      press(event);
    }
  });

  function press(event) {
    const key = event.key.toLowerCase();
    const mark = byId("makna-mark");
    const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (key === "n" && byId("makna-note")) byId("makna-note").focus();
    else if (mark && /^[0-9.,-]$/.test(key)) return mark.focus(); // the digit itself is typed there
    else if (button) button.click();
    else return;
    event.preventDefault();
  }

  // ---- forms

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.leave) return sessionStorage.removeItem(PENDING);
    event.preventDefault();
    if (form.dataset.upload) return upload(form);
    emitEvent("makna-form", { form: form.dataset.form, fields: Object.fromEntries(new FormData(form)) });
    for (const secret of form.querySelectorAll("input[type=password]")) secret.value = "";
  });

  async function upload(form) {
    const line = form.querySelector(".told");
    const button = form.querySelector("[type=submit]");
    line.classList.remove("bad");
    line.textContent = texts.sending;
    button.disabled = true;
    try {
      const answer = await fetch(form.dataset.upload, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-CSRF-Token": meta("csrf") },
      });
      const isJson = (answer.headers.get("content-type") ?? "").includes("json");
      line.textContent = isJson ? (await answer.json()).message : await answer.text();
      line.classList.toggle("bad", !answer.ok);
      if (answer.ok) form.reset();
    } catch {
      line.textContent = texts.failed;
      line.classList.add("bad");
    }
    button.disabled = false;
  }

  // ---- the connection

  function watch() {
    if (!window.socket) return setTimeout(watch, 50);
    const [lost, kept] = document.querySelectorAll("#popup span");
    lost.textContent = texts.lost;
    kept.textContent = texts.kept;
    window.socket.on("connect", () => setTimeout(sendAgain, 100));
    window.socket.io.on("reconnect_attempt", async () => {
      // A socket is not told why it was refused: a page is.
      const answer = await fetch("/api/projects", { redirect: "manual" }).catch(() => null);
      if (answer?.status === 401) location.assign("/login");
    });
    if (window.socket.connected) setTimeout(sendAgain, 100);
  }
  watch();

  return {
    saved: (token) => done(token, true),
    refused: done,
    shown,
    told,
    restore,
    ask,
  };
})();
