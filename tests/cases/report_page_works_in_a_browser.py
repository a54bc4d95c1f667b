#!/usr/bin/env python3
"""The HTML page in Chromium: it is drawn in light and dark, its filters work, and it asks for nothing."""
import os
import re
import shutil
import subprocess

import case

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LINE = ('{"schema":1,"time":"2026-11-20T18:%02d:01.123Z","run":"r1","pid":%d,"ppid":6,"tid":7,"exe":"/usr/bin/python3.11","argv0":"python3",'
        '"test":"tests/test_%d.py::test_b (call)","kind":"egress","op":"connect","target":"10.1.2.%d:443","host":"10.1.2.%d","port":443,'
        '"errno":"ENETUNREACH","verdict":"refuse","reason":"egress_address","rule":"default","count":1}\n')


def browse(*flags):
    return subprocess.run([BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                           f"--user-data-dir={case.tmp}/profile", "--window-size=1200,1400", "--virtual-time-budget=3000", *flags],
                          capture_output=True, text=True, errors="replace", timeout=200, env=case.clean_environment(HOME=case.tmp))


def holds():
    if not BROWSER:
        case.skip("no Chromium (Debian: chromium)")
    record = case.tmp / "r.jsonl"
    record.write_text("".join(LINE % (i, i + 1, i % 4, i % 5, i % 5) for i in range(40)))
    page = case.tmp / "report.html"
    case.expect_code(case.hfoffline("report", "-o", page, record), 0, "the page")

    # What the page's own script made of it: a form that is shown, and the count of rows.
    drawn = browse("--dump-dom", f"file://{page}")
    if drawn.returncode != 0 and "<table" not in drawn.stdout:
        case.skip(f"Chromium does not start here: {drawn.stderr.strip().splitlines()[-1] if drawn.stderr else drawn.returncode}")
    case.check(re.search(r'<form id="filters"(?! hidden)', drawn.stdout), "the filters are hidden")
    case.contains(drawn.stdout, "40 of 40 rows", "the count of rows")

    # A filter, as a person types it; and a bar of the timeline.
    text = page.read_text()
    act = """<script>setTimeout(function () {
      const field = document.getElementById("filter-host"); field.value = "10.1.2.3"; field.dispatchEvent(new Event("input", {bubbles: true}));
      document.title = document.getElementById("shown").textContent;
      document.querySelector("svg g[data-from]").dispatchEvent(new Event("click"));
      document.title += "; " + document.getElementById("shown").textContent;
      document.querySelector("button[type=reset]").click();
      document.querySelector("#findings th").click();
      setTimeout(function () { document.title += "; " + document.getElementById("shown").textContent; }, 100);
    }, 100);</script>"""
    acted = case.tmp / "acted.html"
    acted.write_text(text.replace("</body>", act + "</body>"))
    title = re.search(r"<title>(.*?)</title>", browse("--dump-dom", f"file://{acted}").stdout).group(1)
    case.equal(title, "8 of 40 rows; 0 of 40 rows; 40 of 40 rows", "filters")

    # Without JavaScript the tables are there and the filters are not.
    plain = case.tmp / "plain.html"
    plain.write_text(re.sub(r"(?s)<script>.*?</script>", "", text))
    dom = browse("--dump-dom", f"file://{plain}").stdout
    case.contains(dom, '<form id="filters" hidden', "filters without JavaScript")
    case.equal(dom.count("test_b (call)</code></td>"), 40, "rows without JavaScript")

    # Light and dark are different pictures, and nothing is asked of any network.
    pictures = {}
    for name, flags in (("light", []), ("dark", ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"])):
        picture = case.tmp / f"{name}.png"
        log = case.tmp / f"{name}.log"
        browse(*flags, f"--log-net-log={log}", f"--screenshot={picture}", f"file://{page}")
        case.check(picture.exists() and picture.stat().st_size > 20000, f"no {name} picture")
        pictures[name] = picture.read_bytes()
    case.check(pictures["light"] != pictures["dark"], "light and dark are the same")
    if keep := os.environ.get("HFCASE_KEEP_PICTURES"):
        for name in pictures:
            shutil.copy(case.tmp / f"{name}.png", keep)


case.isolate("net")
case.main(holds)
