//! Pages in a real browser: no error, no request, nothing cut off, light and dark.

use super::{COMMANDS, HOSTILE, hostile_page};
use crate::gilsim;
use crate::surroundings::not_tried;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Measures each page in a frame of its own: how wide it is and what sticks out, what it says its title and its background are.
const MEASURE: &str = "
const told = [];
addEventListener('load', () => {
  for (const frame of document.querySelectorAll('iframe')) {
    const page = frame.contentDocument, body = page.body, view = frame.contentWindow;
    const out = [...page.querySelectorAll('body *')].filter(it => {
      const box = it.getBoundingClientRect();
      return box.width && !it.closest('.wide, svg') && box.right > view.innerWidth + 0.5;
    });
    told.push([frame.id, page.documentElement.scrollWidth, view.innerWidth, out.length,
      view.getComputedStyle(page.documentElement).getPropertyValue('--paper').trim(), page.title,
      [...page.querySelectorAll('svg')].filter(it => it.getBoundingClientRect().width).length,
      page.querySelectorAll('script').length, view.performance.getEntriesByType('resource').length].join('|'));
  }
  const pre = document.createElement('pre');
  pre.id = 'told';
  pre.textContent = told.join('\\n');
  document.body.replaceChildren(pre);
});
";

fn chromium() -> Option<String> {
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        let asked = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    });
    if found.is_none() {
        assert!(env::var_os("GILSIM_REQUIRE_CHROMIUM").is_none(), "there is no Chromium");
        not_tried("pages in a browser", "there is no Chromium");
    }
    found.map(str::to_owned)
}

fn browse(chromium: &str, folder: &Path, file: &str, dark: bool) -> Output {
    let mut command = Command::new(chromium);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--allow-file-access-from-files",
        "--enable-logging=stderr",
        "--log-level=0",
        "--virtual-time-budget=5000",
        "--window-size=1400,900",
        "--dump-dom",
    ]);
    if dark {
        command.arg("--blink-settings=preferredColorScheme=0");
    }
    command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
    command.arg(folder.join(file)).output().unwrap()
}

#[test]
fn pages_show_all_that_they_have_at_each_width_and_in_both_schemes() {
    let Some(chromium) = chromium() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut frames = String::new();
    hostile_page(&folder);
    let mut names = vec!["hostile".to_owned()];
    for (number, command) in COMMANDS.iter().enumerate() {
        let name = format!("page{number}");
        let path = folder.path().join(format!("{name}.html"));
        gilsim(command).arg("--export").arg(path).assert().success();
        names.push(name);
    }
    for name in &names {
        for width in [360, 1280] {
            let frame = format!(
                "<iframe id='{name}-{width}' src='{name}.html' style='border:0;width:{width}px;height:800px'></iframe>"
            );
            frames.push_str(&frame);
        }
    }
    let all = format!("<!DOCTYPE html><meta charset='utf-8'><script>{MEASURE}</script><body>{frames}</body>");
    fs::write(folder.path().join("all.html"), all).unwrap();
    for (dark, paper) in [(false, "#ffffff"), (true, "#16181c")] {
        let output = browse(&chromium, folder.path(), "all.html", dark);
        let dom = String::from_utf8_lossy(&output.stdout);
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(!log.contains("CONSOLE"), "{log}");
        let told = dom.split("<pre id=\"told\">").nth(1).and_then(|rest| rest.split("</pre>").next());
        let told: Vec<&str> = told.unwrap_or_else(|| panic!("{dom}\n{log}")).lines().collect();
        assert_eq!(told.len(), 2 * names.len(), "{told:?}");
        for line in told {
            let fields: Vec<&str> = line.split('|').collect();
            let number = |at: usize| fields[at].parse::<u32>().unwrap_or_else(|_| panic!("{line}"));
            assert!(number(1) <= number(2), "wider than the window: {line}");
            assert_eq!(fields[3], "0", "elements that stick out: {line}");
            assert_eq!(fields[4], paper, "{line}");
            assert!(fields[5].starts_with("gilsim "), "{line}");
            assert_eq!(fields[7..], ["0", "0"], "scripts and requests: {line}");
            if fields[0].starts_with("page1-") {
                assert_eq!(fields[6], "2", "a chart for counters and one for sums: {line}");
            }
        }
    }
    assert!(HOSTILE.contains("owned"));
}
