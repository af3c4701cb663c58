/* SPDX-License-Identifier: Apache-2.0 */
/* All is there without this: it filters what has a name, and sorts tables by their columns. */
"use strict";

document.querySelectorAll("input[data-filters]").forEach((input) => {
    const items = document.querySelectorAll(input.dataset.filters);
    const count = document.getElementById(input.getAttribute("aria-describedby"));
    const folded = new Set([...items].map((item) => item.closest("details")).filter(Boolean));
    const filter = () => {
        const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        let shown = 0;
        items.forEach((item) => {
            const name = item.dataset.name.toLowerCase();
            item.hidden = !words.every((word) => name.includes(word));
            shown += item.hidden ? 0 : 1;
        });
        count.textContent = `${shown} of ${items.length} shown`;
        if (words.length > 0) {
            folded.forEach((details) => {
                details.open = true;
            });
        }
    };
    input.addEventListener("input", filter);
    input.parentElement.hidden = false;
    filter();
});

document.querySelectorAll("table[data-sortable]").forEach((table) => {
    const body = table.tBodies[0];
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.title = "Sort";
        button.append(...header.childNodes);
        header.append(button);
        button.addEventListener("click", () => {
            const rises = header.getAttribute("aria-sort") !== "ascending";
            headers.forEach((other) => other.removeAttribute("aria-sort"));
            header.setAttribute("aria-sort", rises ? "ascending" : "descending");
            const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
            const rows = [...body.rows].sort((a, b) => {
                const [x, y] = [key(a), key(b)];
                if (x === "" || y === "") {
                    return (x === "") - (y === ""); /* what is not known stands last */
                }
                const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
                return rises ? order : -order;
            });
            body.append(...rows);
        });
    });
});
