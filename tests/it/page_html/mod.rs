//! Pages and pictures: well formed, with nothing but themselves, and hostile text stays text.

mod chromium;

use crate::gilsim;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A text that would do harm where it is taken for markup.
const HOSTILE: &str = "</pre><script>document.title='owned'</script>]]><!--\"'&";

/// What stands in an export of a command, besides other words.
fn exported(arguments: &str, extra: &[&str], name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    gilsim(arguments).args(extra).arg("--export").arg(&path).assert().success();
    fs::read_to_string(path).unwrap()
}

/// That elements are closed in their order and no attribute stands twice; the elements' names.
pub(crate) fn elements(markup: &str) -> Vec<String> {
    let markup = markup.trim_start_matches("<!DOCTYPE html>\n");
    let mut reader = Reader::from_str(markup);
    let mut names = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} in\n{markup}")) {
            Event::Eof => return names,
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    let attribute = attribute.unwrap();
                    let name = attribute.key.as_ref().to_owned();
                    assert!(!name.starts_with("on") && name != "src" && name != "style", "{name}");
                }
                names.push(element.name().as_ref().to_owned());
            }
            _ => {}
        }
    }
}

/// That nothing is asked for from anywhere.
fn stands_alone(markup: &str) {
    let markup = markup.replace("http://www.w3.org/2000/svg", "");
    for outside in ["src=", "@import", "url(http", "xlink", "<link", "<iframe", "<object"] {
        assert!(!markup.contains(outside), "{outside}");
    }
    for address in markup.match_indices("href=\"").map(|(at, _)| &markup[at + 6..]) {
        assert!(address.starts_with('#'), "{}", &address[..20]);
    }
}

/// A command for each kind of report.
const COMMANDS: [&str; 12] = [
    "race --iters 1k --runs 2",
    "compare --iters 1k --runs 2",
    "refcount --iters 1k --runs 2",
    "gil --cpython 3.9 --iters 1k --runs 2",
    "explore --iters 2",
    "explore --refcount=plain --iters 1",
    "check tests/programs/account.py",
    "dis tests/programs/account.py --cpython 3.9",
    "convoy --hogs 1 --pings 5",
    "list",
    "compare atomic sharded --threads 1..3 --iters 1k,2k --runs 2",
    "gil --cpython 3.9 --threads 3 --iters 100k --runs 1 --timeline",
];

#[test]
fn a_page_of_each_command_is_well_formed_and_stands_alone() {
    for command in COMMANDS {
        let page = exported(command, &[], "a.html");
        let names = elements(&page);
        stands_alone(&page);
        assert!(!names.iter().any(|name| name == "script"), "{command}");
        for name in ["title", "h1", "main", "h2", "table", "th", "details", "pre"] {
            assert!(names.iter().any(|it| it == name), "{command}: no {name}");
        }
        let name = command.split(' ').next().unwrap();
        assert!(page.contains(&format!("<h1>gilsim {name}")), "{command}");
    }
}

#[test]
fn a_page_holds_the_json_and_all_sentences() {
    let folder = tempfile::tempdir().unwrap();
    let [html, json, markdown] = ["a.html", "a.json", "a.md"].map(|name| folder.path().join(name));
    let mut command = gilsim("compare race atomic sharded --iters 1k --runs 2");
    for path in [&html, &json, &markdown] {
        command.arg("--export").arg(path);
    }
    command.assert().success();
    let [html, json, markdown] =
        [html, json, markdown].map(|path| text_of(&fs::read_to_string(path).unwrap()));
    assert!(html.contains(json.trim()), "{html}");
    for sentence in markdown.split("\n\n").filter(|part| !part.starts_with('|')) {
        assert!(html.contains(sentence.trim()), "{sentence}: {html}");
    }
    assert!(html.contains("<svg"));
    let model = gilsim::system::cpus::model();
    assert!(model.is_none_or(|model| html.contains(&model)), "the processor");
}

/// Without what escapes and emphasises.
fn text_of(markup: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("<strong>", ""),
        ("</strong>\n", ""),
    ];
    pairs.iter().fold(markup.to_owned(), |text, (from, to)| text.replace(from, to)).replace("&amp;", "&")
}

#[test]
fn the_matrix_of_check_opens_its_schedules() {
    let page = exported("check tests/programs/account.py", &[], "a.html");
    let id = page.split("href=\"#").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    assert!(page.matches("<details class=\"fold\">").count() > 0);
}

/// A page with a hostile body in it, in a file of this folder.
fn hostile_page(folder: &TempDir) -> String {
    let body = format!("x += d if '{}' else d", HOSTILE.replace('\'', "\\'"));
    let path = folder.path().join("hostile.html");
    let mut command = gilsim("dis --cpython 3.9 --body");
    command.arg(body).arg("--export").arg(&path).assert().success();
    fs::read_to_string(path).unwrap()
}

#[test]
fn hostile_text_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let page = hostile_page(&folder);
    let names = elements(&page);
    assert!(!names.iter().any(|name| name == "script"));
    assert!(!page.contains("]]>") && !page.contains("<!--") && page.contains("&lt;script&gt;document.title"));
    stands_alone(&page);
}

#[test]
fn hostile_names_of_files_and_releases_stay_text() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    // A name has no slash.
    let name = HOSTILE.replace('/', "|");
    let program = folder.path().join(format!("{name}.py"));
    fs::copy("tests/programs/account.py", &program).unwrap();
    // An interpreter of which even the release is markup.
    let interpreter = folder.path().join(format!("python{name}"));
    let identity = serde_json::json!({
        "implementation": "CPython", "version": [3, 12, 0], "release": format!("3.12.0{HOSTILE}"), "free_threaded": false,
        "gil_enabled": true, "interval": { "seconds": 0.005 }, "identity": ["/fake", HOSTILE, ""],
    });
    fs::write(folder.path().join("answer"), identity.to_string()).unwrap();
    fs::write(&interpreter, format!("#!/bin/sh\ncat '{}'\n", folder.path().join("answer").display()))
        .unwrap();
    fs::set_permissions(&interpreter, fs::Permissions::from_mode(0o755)).unwrap();
    let check = gilsim("check").arg(&program).page(folder.path(), "check.html");
    let convoy = gilsim("convoy --pings 3 --python").arg(&interpreter).page(folder.path(), "convoy.html");
    for page in [check, convoy] {
        let names = elements(&page);
        stands_alone(&page);
        assert!(!names.iter().any(|name| name == "script"));
        assert!(!page.contains("]]>") && !page.contains("<!--"));
        assert!(page.contains("&lt;script&gt;document.title"), "the name is not told: {page}");
    }
}

/// A command with an export.
trait IntoPage {
    /// Runs it, whatever comes of it, and reads the page that it wrote into a folder.
    fn page(&mut self, folder: &Path, name: &str) -> String;
}

impl IntoPage for assert_cmd::Command {
    fn page(&mut self, folder: &Path, name: &str) -> String {
        let path = folder.join(name);
        self.arg("--export").arg(&path).output().unwrap();
        fs::read_to_string(path).unwrap()
    }
}

#[test]
fn a_picture_is_well_formed_and_says_what_is_wrong() {
    for command in ["compare race atomic --iters 100k --runs 2", "convoy --hogs 1 --pings 5"] {
        let picture = exported(command, &[], "a.svg");
        let names = elements(&picture);
        stands_alone(&picture);
        assert_eq!(names.first().map(String::as_str), Some("svg"));
        assert!(names.iter().all(|name| name != "script"));
        for name in ["title", "desc", "rect", "text", "line"] {
            assert!(names.iter().any(|it| it == name), "{command}: no {name}");
        }
        for word in ["<text", "prefers-color-scheme", if command.contains("race") { "exact" } else { "idle" }]
        {
            assert!(picture.contains(word), "{command}: no {word}");
        }
    }
}

#[test]
fn a_command_without_a_chart_is_told_before_any_work() {
    for command in ["race --iters 1e18", "list", "explore --iters 20", "check tests/programs/account.py"] {
        for words in [["--export", "a.svg"], ["--format", "svg"], ["--chart", "always"]] {
            let refused = gilsim(command).args(words).assert().code(2);
            let told = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
            assert!(told.contains("no chart") && told.contains("compare"), "{command}: {told}");
        }
    }
    assert!(!Path::new("a.svg").exists());
}

#[test]
fn a_chart_in_the_terminal_tells_right_from_wrong_without_colour() {
    let chart = |locale: &str, words: &str| {
        let command = format!("compare race atomic --iters 1M --runs 2 {words}");
        let output = gilsim(&command).env("LC_ALL", locale).env("NO_COLOR", "1").assert().success();
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    };
    assert!(!chart("C.UTF-8", "").contains("█"), "not in a pipe unless asked");
    let unicode = chart("C.UTF-8", "--chart always");
    assert!(unicode.contains("█") && unicode.contains("exact"), "{unicode}");
    assert!(!unicode.contains('\u{1b}'));
    let ascii = chart("C", "--chart always");
    assert!(ascii.contains("####") && !ascii.contains('█'), "{ascii}");
    if ascii.contains("lost") {
        assert!(ascii.contains("///") && ascii.matches("lost").count() > 1, "{ascii}");
    }
}
