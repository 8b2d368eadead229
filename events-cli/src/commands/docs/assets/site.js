// The search on the index, and buttons that copy code. Without this file the pages say the same.
"use strict";

(function () {
  const form = document.querySelector("form.search");
  const input = document.getElementById("search");
  const found = document.getElementById("found");
  form.hidden = false;

  document.addEventListener("keydown", function (event) {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });

  for (const block of document.querySelectorAll("[data-copy]")) {
    addCopyButton(block);
  }
  // Only the index has a place for the answer.
  if (found) {
    startSearch();
  }

  function addCopyButton(block) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy: " + block.querySelector("pre").getAttribute("aria-label"));
    button.addEventListener("click", function () {
      const code = block.querySelector("code");
      const say = function (word) {
        button.textContent = word;
        setTimeout(function () { button.textContent = "Copy"; }, 1500);
      };
      const select = function () {
        // Where the clipboard is closed to a page: select, so that the keys for copying do it.
        const range = document.createRange();
        range.selectNodeContents(code);
        const selection = window.getSelection();
        selection.removeAllRanges();
        selection.addRange(range);
        say(document.execCommand("copy") ? "Copied" : "Selected");
      };
      if (navigator.clipboard) {
        navigator.clipboard.writeText(code.textContent).then(function () { say("Copied"); }, select);
      } else {
        select();
      }
    });
    block.append(button);
  }

  function startSearch() {
    const items = Array.from(document.querySelectorAll("ul.events > li"), function (element) {
      return {
        element: element,
        shown: (element.textContent + " " + element.dataset.names).toLowerCase(),
        fields: element.dataset.fields.split(" "),
        hit: null,
      };
    });

    input.value = asked();
    search();
    input.addEventListener("input", function () {
      // So that what was found can be sent to somebody.
      const to = input.value.trim() ? "#q=" + encodeURIComponent(input.value.trim()) : location.pathname;
      try {
        history.replaceState(null, "", to);
      } catch (error) {
        // Some browsers refuse it for pages from files; the search works all the same.
      }
      search();
    });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      const first = items.find(function (item) { return !item.element.hidden; });
      if (first && input.value.trim()) {
        location.href = first.element.querySelector("a").getAttribute("href");
      }
    });
    input.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && input.value) {
        input.value = "";
        input.dispatchEvent(new Event("input"));
      }
    });
    window.addEventListener("hashchange", function () {
      if (location.hash.startsWith("#q=")) {
        input.value = asked();
        search();
      }
    });

    function asked() {
      const fragment = location.hash.startsWith("#q=") ? location.hash.slice(1) : "";
      return new URLSearchParams(fragment || location.search).get("q") || "";
    }

    function search() {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let number = 0;
      for (const item of items) {
        const fields = [];
        const matches = words.every(function (word) {
          if (item.shown.includes(word)) {
            return true;
          }
          const field = item.fields.find(function (path) { return path.toLowerCase().includes(word); });
          if (field) {
            fields.push(field);
          }
          return field;
        });
        item.element.hidden = !matches;
        number += matches ? 1 : 0;
        showHit(item, matches ? fields : []);
      }
      for (const group of document.querySelectorAll("section.group, div.catalog")) {
        const shown = group.querySelectorAll("ul.events > li:not([hidden])").length;
        const all = group.querySelectorAll("ul.events > li").length;
        group.hidden = shown === 0;
        if (group.matches("section")) {
          group.querySelector(".number").textContent = shown === all ? all : shown + " of " + all;
        }
      }
      document.querySelectorAll("nav.chips").forEach(function (chips) { chips.hidden = words.length > 0; });
      found.textContent = words.length === 0 ? "" : number === 0
        ? "No event matches “" + input.value.trim() + "”."
        : number + " of " + items.length + (items.length === 1 ? " event." : " events.");
    }

    // What matched, where the text does not show it.
    function showHit(item, fields) {
      if (item.hit) {
        item.hit.remove();
        item.hit = null;
      }
      if (fields.length > 0) {
        item.hit = document.createElement("p");
        item.hit.className = "hit";
        item.hit.append("carries ");
        fields.forEach(function (field, index) {
          const code = document.createElement("code");
          code.textContent = field;
          item.hit.append(index > 0 ? ", " : "", code);
        });
        item.element.append(item.hit);
      }
    }
  }
})();
