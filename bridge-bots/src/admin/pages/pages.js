// What the pages do beyond what they do without script: show changes as they come. Nothing depends on it.
"use strict";

const said = document.getElementById("said");
const mark = document.getElementById("live");

// "3 min ago", in the words of the server.
function ago(ms) {
  const seconds = Math.max(0, Math.floor((Date.now() - ms) / 1000));
  if (seconds < 10) return "just now";
  if (seconds < 60) return seconds + " s ago";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min ago";
  if (seconds < 172800) return Math.floor(seconds / 3600) + " h ago";
  return Math.floor(seconds / 86400) + " days ago";
}

// "up 2 hours", in the words of the server.
function length(ms) {
  const seconds = Math.max(0, Math.floor((Date.now() - ms) / 1000));
  const [number, unit] = seconds < 60 ? [seconds, "second"] : seconds < 3600 ? [Math.floor(seconds / 60), "minute"]
    : seconds < 172800 ? [Math.floor(seconds / 3600), "hour"] : [Math.floor(seconds / 86400), "day"];
  return number + " " + unit + (number === 1 ? "" : "s");
}

function age() {
  for (const time of document.querySelectorAll("time[data-lasting]")) {
    time.textContent = time.dataset.lasting + " " + length(Date.parse(time.dateTime));
  }
  for (const time of document.querySelectorAll("time[data-ago]")) time.textContent = ago(Date.parse(time.dateTime));
}

// The element that has the focus keeps it, as its successor of the same id.
function replace(region, html) {
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  region.replaceChildren(...fresh.childNodes);
  if (focused) document.getElementById(focused)?.focus();
  const news = region.querySelector("[data-said]")?.dataset.said;
  if (said && news && said.textContent !== news) said.textContent = news;
  age();
}

function add(list, html) {
  const fresh = new DOMParser().parseFromString("<ul>" + html + "</ul>", "text/html").body.firstChild;
  // What a command writes is read downwards, a log from its newest line.
  const isDown = list.dataset.order === "down";
  const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
  for (const line of [...fresh.children]) {
    line.classList.add("new");
    isDown ? list.append(line) : list.prepend(line);
    list.dataset.after = line.dataset.number;
  }
  const most = Number(list.dataset.most || 500);
  while (list.children.length > most) (isDown ? list.firstElementChild : list.lastElementChild).remove();
  if (isDown && isAtEnd) list.scrollTop = list.scrollHeight;
  document.getElementById("no-lines")?.remove();
}

function tell(text, isOn) {
  if (!mark) return;
  mark.textContent = text;
  mark.classList.toggle("on", isOn);
}

// A tab that nobody looks at holds no connection.
function follow(element, event, address, take) {
  let source = null;
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource(address());
    source.onopen = () => tell("Live", true);
    source.onerror = () => {
      // Told to go away: nobody is signed in any more. Else it is asked anew, for what came since, not since the page was loaded.
      const isRefused = source.readyState === EventSource.CLOSED;
      tell(isRefused ? "Not live; load the page anew" : "Connecting again …", false);
      if (isRefused) return;
      close();
      setTimeout(open, 2000);
    };
    source.addEventListener(event, message => take(element, JSON.parse(message.data)));
  };
  const close = () => { source?.close(); source = null; };
  document.addEventListener("visibilitychange", () => document.hidden ? close() : open());
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
}

for (const region of document.querySelectorAll("[data-live]")) {
  follow(region, "state", () => region.dataset.live, replace);
}
for (const list of document.querySelectorAll("[data-lines]")) {
  follow(list, "lines", () => list.dataset.lines + "&after=" + list.dataset.after, add);
}

for (const zone of document.querySelectorAll("[data-drop]")) {
  const input = zone.querySelector("input[type=file]");
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, event => { event.preventDefault(); zone.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
  zone.addEventListener("drop", event => {
    event.preventDefault();
    if (event.dataTransfer.files.length > 0) input.files = event.dataTransfer.files;
  });
}

// The code of a sign-in link stands behind the #, which no server sees. It is taken out of the address at once.
const code = document.getElementById("code");
if (code && location.hash.length > 1) {
  code.value = location.hash.slice(1);
  code.closest(".field").hidden = true;
  document.getElementById("paste").hidden = true;
  history.replaceState(null, "", location.pathname);
  code.form.querySelector("button").focus();
}

// A notice is told once, and not again when the page is loaded anew.
const url = new URL(location.href);
if (url.searchParams.delete("done"), url.href !== location.href) history.replaceState(null, "", url);

age();
setInterval(age, 15000);
