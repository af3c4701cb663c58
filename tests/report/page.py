#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at a report's page in a headless Chromium: page.py PAGE.html HOSTILE.html [FOLDER for screenshots].

Sizes of a phone and of a desktop, light, dark and printed: no complaint of the console, no request, nothing to scroll
sideways, contrast of all text; every control by mouse or keyboard; all there without scripts. The second page is of a
model whose names are markup: none of it becomes any. Prints what is wrong and ends with status 1, or one line; 77 where
there is no browser."""
import os
import sys

sys.dont_write_bytecode = True
import chromium

PHONE, DESKTOP = (390, 844, True), (1200, 900, False)
CONTRAST = 4.5  # WCAG 2.1, level AA

# Elements that stand out of the window, or of their section, other than in a frame of their own that scrolls.
WIDE = """[...document.querySelectorAll('body *')].filter(e => {
    for (let at = e.parentElement; at; at = at.parentElement)
        if (getComputedStyle(at).overflowX !== 'visible') return false;
    const box = e.getBoundingClientRect();
    return box.width > 0 && !e.closest('.skip') && (box.right > innerWidth + 0.5 || box.left < -0.5);
}).map(e => e.tagName + ' ' + (e.id || e.className.baseVal || e.className))"""
SECTIONS = """[document.scrollingElement, ...document.querySelectorAll('section')]
    .filter(e => e.scrollWidth > Math.min(e.clientWidth, innerWidth)).map(e => e.id || e.tagName)"""

# Text and what is behind it: the least contrast of each pair of colours.
COLOURS = """(() => {
    const parse = c => { const n = c.match(/[0-9.]+/g).map(Number); return {rgb: n.slice(0, 3), a: n[3] ?? 1}; };
    const light = rgb => { const [r, g, b] = rgb.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const behind = e => { for (; e; e = e.parentElement) {
        const c = parse(getComputedStyle(e).backgroundColor); if (c.a > 0) return c.rgb; }
        return [255, 255, 255]; };
    const found = {};
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const e = walker.currentNode.parentElement, style = getComputedStyle(e);
        if (!walker.currentNode.data.trim() || e.closest('script, style, title, desc, [hidden]')) continue;
        const colour = e.closest('svg') ? style.fill : style.color;
        const a = light(parse(colour).rgb), b = light(behind(e.closest('svg')?.parentElement ?? e));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const key = colour + ' on ' + behind(e.closest('svg')?.parentElement ?? e);
        found[key] = Math.min(found[key] ?? 99, ratio);
    }
    return found;
})()"""


class Checker:
    def __init__(self, page, path, folder):
        self.page, self.path, self.folder, self.faults, self.checks = page, path, folder, [], 0

    def expect(self, holds, what):
        self.checks += 1
        if not holds:
            self.faults.append(what)

    def shot(self, name):
        if self.folder:
            self.page.screenshot(os.path.join(self.folder, name + ".png"), whole=True)

    def quiet(self, where):
        complaints = self.page.complaints()
        self.expect(not complaints, f"{where}: {complaints[:3]}")

    def looks(self):
        for size, place in ((PHONE, "phone"), (DESKTOP, "desktop")):
            for scheme in ("light", "dark"):
                where = f"{place}, {scheme}"
                self.page.size(*size)
                self.page.media(scheme=scheme)
                self.page.open(self.path)
                self.page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
                self.expect(self.page.run("innerWidth") == size[0], f"{where}: the page is wider than the window")
                for what in (SECTIONS, WIDE):
                    wide = self.page.run(what)
                    self.expect(not wide, f"{where}: to be scrolled sideways: {wide[:5]}")
                colours = self.page.run(COLOURS)
                faint = {k: round(v, 2) for k, v in colours.items() if v < CONTRAST}
                self.expect(len(colours) >= 3 and not faint, f"{where}: faint: {faint}")
                self.quiet(where)
                self.shot(f"{place}-{scheme}")

    def printed(self):
        self.page.size(690, 1000)  # A4 within its margins
        self.page.media("print", scheme="dark")
        self.page.open(self.path)
        self.expect(self.page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)",
                    "printed: the paper is not white")
        self.expect(self.page.run("getComputedStyle(document.querySelector('nav')).display") == "none",
                    "printed: contents that nobody can press")
        wide = self.page.run(WIDE)
        self.expect(not wide, f"printed: cut off: {wide[:5]}")
        self.quiet("printed")

    def searches(self):
        page = self.page
        ids = page.run("[...document.querySelectorAll('input[type=search]')].map(e => e.id)")
        self.expect(len(ids) >= 2, f"few search fields: {ids}")
        for name in ids:
            field = f"document.getElementById('{name}')"
            items = f"[...document.querySelectorAll({field}.dataset.filters)]"
            shown = f"{items}.filter(e => !e.hidden).length"
            status = f"document.getElementById('{name}-count').textContent"
            total = page.run(f"{items}.length")
            self.expect(total > 0 and page.run(shown) == total, f"{name}: not all of {total} are shown at first")
            word = page.run(f"{items}[{items}.length - 1].dataset.name")
            page.run(f"{field}.closest('details')?.setAttribute('open', ''); {field}.focus()")
            page.type(word.upper())
            found = page.run(f"{items}.filter(e => !e.hidden).map(e => e.dataset.name)")
            self.expect(word in found and all(word.lower() in f.lower() for f in found), f"{name}: {word}: {found[:3]}")
            self.expect(page.run(status) == f"{len(found)} of {total} shown", f"{name}: says {page.run(status)}")
            self.expect(page.run(f"{items}.filter(e => !e.hidden).every(e => e.offsetParent !== null)"),
                        f"{name}: what was found is folded away")
            page.type(" no such thing")
            self.expect(page.run(shown) == 0, f"{name}: nothing should be found")
            page.run(f"{field}.select()")
            page.key("Delete", 46)
            self.expect(page.run(shown) == total, f"{name}: an empty field does not show all")

    def sorts(self):
        page = self.page
        count = page.run("document.querySelectorAll('table[data-sortable]').length")
        self.expect(count >= 2, "few tables can be sorted")
        for i in range(count):
            table = f"document.querySelectorAll('table[data-sortable]')[{i}]"
            page.run(f"{table}.closest('details')?.setAttribute('open', '')")
            for column in range(page.run(f"{table}.tHead.rows[0].cells.length")):
                head = f"{table}.tHead.rows[0].cells[{column}]"
                values = (f"[...{table}.tBodies[0].rows].map(r => r.cells[{column}].dataset.value ?? "
                          f"r.cells[{column}].textContent)")
                before = sorted(page.run(values))
                for press, direction in (("click", "ascending"), ("Enter", "descending"), (" ", "ascending")):
                    page.run(f"{head}.querySelector('button').focus()")
                    if press == "click":
                        page.run(f"{head}.querySelector('button').click()")
                    else:
                        page.key(press, 13 if press == "Enter" else 32, "\r" if press == "Enter" else " ")
                    self.expect(page.run(f"{head}.getAttribute('aria-sort')") == direction,
                                f"table {i}, column {column}: {press} does not sort {direction}")
                    after = page.run(values)
                    self.expect(sorted(after) == before, f"table {i}, column {column}: rows were lost")
                    self.expect(ordered(after, direction), f"table {i}, column {column}: {after[:6]} {direction}")
            self.expect(page.run(f"{table}.querySelectorAll('[aria-sort]').length") == 1,
                        f"table {i}: sorted by several columns")

    def keyboard(self):
        """Tab comes to the skip link first, to every control, and shows where it is."""
        page = self.page
        page.open(self.path)
        seen, unseen = [], []
        total = page.run("[...document.querySelectorAll('a, button, input, summary, [tabindex]')]"
                         ".filter(e => e.checkVisibility()).length")
        for _ in range(total):
            page.key("Tab", 9)
            seen.append(page.run("(e => e.className + '|' + e.tagName + '|' + (e.id || e.textContent.slice(0, 20)))"
                                 "(document.activeElement)"))
            if page.run("getComputedStyle(document.activeElement).outlineStyle") == "none":
                unseen.append(seen[-1])
        self.expect(seen[0].startswith("skip|"), f"Tab comes to {seen[0]} first")
        self.expect(not unseen, f"places of the keyboard that are not to be seen: {unseen}")
        self.expect(page.run("document.activeElement.tagName") != "BODY", "Tab leaves before all controls had their turn")
        folds = page.run("document.querySelectorAll('summary').length")
        for i in range(folds):
            fold = f"document.querySelectorAll('summary')[{i}]"
            page.run(f"{fold}.focus()")
            for wanted in (True, False):
                page.key("Enter", 13, "\r")
                self.expect(page.run(f"{fold}.parentElement.open") == wanted, f"fold {i} does not open and close")

    def links(self):
        page = self.page
        for target in page.run("[...document.querySelectorAll('a')].map(e => e.getAttribute('href'))"):
            self.expect(target.startswith("#") and page.run(f"!!document.querySelector('{target}')"),
                        f"link to {target}")
        page.media(motion="reduce")
        self.expect(page.run("getComputedStyle(document.documentElement).scrollBehavior") == "auto",
                    "the page moves although it was asked not to")
        page.run("""(async () => {
            scrollTo(0, 0);
            document.querySelector('nav a[href="#provenance"]').click();
            for (let i = 0; i < 60 && document.querySelector('#provenance').getBoundingClientRect().top > innerHeight; i++)
                await new Promise(done => setTimeout(done, 50));
        })()""")
        self.expect(page.run("document.querySelector('#provenance').getBoundingClientRect().top < innerHeight"),
                    "a link of the contents does not lead there")

    def controls(self):
        self.page.size(*DESKTOP)
        self.page.media()
        self.page.open(self.path)
        self.searches()
        self.sorts()
        self.keyboard()
        self.links()
        self.quiet("controls")

    def pictures(self):
        broken = self.page.run("[...document.images].filter(i => !i.complete || !i.naturalWidth || !i.alt).length")
        self.expect(broken == 0, f"{broken} pictures are broken or have no words")

    def policy(self):
        """What would be a hole is shut: scripts and pictures from elsewhere do not come."""
        page = self.page
        page.run("""new Promise(done => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = true;';
            document.body.append(script);
            const image = document.createElement('img');
            image.onload = image.onerror = done;
            image.src = 'http://127.0.0.1:9/x.png';
            document.body.append(image);
        })""")
        self.expect(page.run("!window.ran"), "a script that was put into the page runs")
        self.expect(any("Content Security Policy" in c for c in page.complaints()), "the policy lets a picture come")

    def scriptless(self):
        page = self.page
        page.send("Emulation.setScriptExecutionDisabled", value=True)
        page.open(self.path)
        self.quiet("without scripts")
        page.send("Emulation.setScriptExecutionDisabled", value=False)
        self.expect(page.run("[...document.querySelectorAll('.search')].every(e => e.hidden)"),
                    "without scripts there are fields that do nothing")
        self.expect(page.run("document.querySelectorAll('th button').length") == 0, "buttons that do nothing")
        self.expect(page.run("[...document.querySelectorAll('section')].every(e => e.offsetHeight > 40)"),
                    "without scripts parts are missing")


    def hostile(self, path):
        page = self.page
        page.size(*DESKTOP)
        page.media()
        page.open(path)
        self.quiet("hostile names")
        self.expect(page.run("document.body.textContent.includes('<b onload=')"), "hostile names: they are not there")
        found = page.run("""[...document.querySelectorAll('*')].filter(e => e.matches('b, iframe, base, object, embed, form')
            || (e.matches('script') && e !== document.body.lastElementChild)
            || (e.matches('img') && !e.getAttribute('src').startsWith('data:image/jpeg;'))
            || [...e.attributes].some(a => a.name.startsWith('on'))).map(e => e.outerHTML.slice(0, 80))""")
        self.expect(not found, f"hostile names became markup: {found[:3]}")


def ordered(values, direction):
    known = [v for v in values if v != ""]
    if known != values[:len(known)]:
        return False  # what is not known stands last
    try:
        known = [float(v) for v in known]
    except ValueError:
        return True  # words are ordered by the browser's language
    return known == sorted(known, reverse=direction == "descending")


def main():
    if not chromium.find():
        print("skipped: no Chromium here (Debian's package chromium)")
        return 77
    if len(sys.argv) < 3:
        print("usage: page.py PAGE.html HOSTILE.html [FOLDER]", file=sys.stderr)
        return 2
    with chromium.Page() as page:
        checker = Checker(page, sys.argv[1], sys.argv[3] if len(sys.argv) > 3 else None)
        checker.looks()
        checker.printed()
        checker.controls()
        checker.pictures()
        checker.policy()
        checker.scriptless()
        checker.hostile(sys.argv[2])
    for fault in checker.faults:
        print(fault)
    print(f"{checker.checks} checks, {len(checker.faults)} faults")
    return 1 if checker.faults else 0


if __name__ == "__main__":
    sys.exit(main())
