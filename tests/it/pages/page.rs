//! A page of Markdown: its commands, their outputs, and on what terms those are compared.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use regex::Regex;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A page and where it stands.
pub(super) struct Page {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// A command of a `console` block, and what the page says that it prints.
pub(super) struct Block {
    /// The line of the page in which the command stands.
    pub(super) line: usize,
    pub(super) command: String,
    pub(super) output: String,
    /// Where the output stands in the page.
    pub(super) place: Range<usize>,
    pub(super) terms: Terms,
}

/// In what a run by the tests may differ from the block, as said in a comment above it: `<!-- pages: CLAUSE; CLAUSE -->`.
///
/// - ``run with --iters 1M --runs 2``: these options are put in place of the command's own, to have done sooner. `PYTHON` stands for an
///   interpreter of this machine; where there is none, the block is not run.
/// - ``needs 2 CPUs``: it is not run where there are fewer.
/// - ``exit code 3``: it ends with this instead of 0.
/// - ``versions as found``: of a table with a column for each version of CPython, those are compared that the page and this machine have.
/// - ``leave out `REGEX`, `REGEX` ``: lines that match are not compared.
/// - ``when it says `REGEX` leave out `REGEX` ``: nor these, if a line that was printed matches the first. For what may or may not happen.
#[derive(Default)]
pub(super) struct Terms {
    options: Vec<String>,
    pub(super) cpus: usize,
    pub(super) exit_code: i32,
    pub(super) versions: bool,
    left_out: Vec<Regex>,
    left_out_when: Vec<(Regex, Vec<Regex>)>,
}

impl Terms {
    /// Reads a comment, if it is one of these.
    pub(super) fn parse(comment: &str) -> Option<Self> {
        let clauses = comment.trim().strip_prefix("<!-- pages:")?.strip_suffix("-->")?;
        let mut terms = Self::default();
        for clause in clauses.split(';').map(str::trim) {
            let mut quoted = clause.split('`').skip(1).step_by(2).map(|text| Regex::new(text).unwrap());
            if let Some(options) = clause.strip_prefix("run with ") {
                terms.options = shlex::split(options).unwrap();
            } else if let Some(cpus) = clause.strip_prefix("needs ") {
                terms.cpus = cpus.strip_suffix(" CPUs").unwrap().parse().unwrap();
            } else if let Some(code) = clause.strip_prefix("exit code ") {
                terms.exit_code = code.parse().unwrap();
            } else if clause == "versions as found" {
                terms.versions = true;
            } else if clause.starts_with("leave out ") {
                terms.left_out.extend(quoted);
            } else if clause.starts_with("when it says ") {
                terms.left_out_when.push((quoted.next().unwrap(), quoted.collect()));
            } else {
                panic!("the comment of a block says what no block knows: {clause}");
            }
        }
        Some(terms)
    }

    /// Whether an interpreter is needed.
    pub(super) fn python(&self) -> bool {
        self.options.iter().any(|word| word == "PYTHON")
    }

    /// A command with the options that make it shorter, each in place of all its namesakes or at the end.
    pub(super) fn shortened(&self, words: &[String], python: &str) -> Vec<String> {
        let mut words = words.to_vec();
        for option in self.options.chunks(2) {
            let [name, value] = option else { panic!("an option without a value: {option:?}") };
            let value = if value == "PYTHON" { python } else { value };
            let places: Vec<usize> = (0..words.len()).filter(|&at| words[at] == *name).collect();
            for at in &places {
                value.clone_into(&mut words[at + 1]);
            }
            if places.is_empty() {
                words.extend([name.clone(), value.to_owned()]);
            }
        }
        words
    }

    /// What is left out always, but does not stand in the page.
    pub(super) fn stale(&self, page: &str) -> Vec<String> {
        let stale = |pattern: &&Regex| !page.lines().any(|line| pattern.is_match(line));
        self.left_out.iter().filter(stale).map(Regex::to_string).collect()
    }

    /// The patterns of the lines that are not compared when this was printed.
    pub(super) fn left_out(&self, printed: &str) -> Vec<&Regex> {
        let said = |pattern: &Regex| printed.lines().any(|line| pattern.is_match(line));
        let when = self.left_out_when.iter().filter(|(condition, _)| said(condition));
        self.left_out.iter().chain(when.flat_map(|(_, patterns)| patterns)).collect()
    }
}

impl Block {
    pub(super) fn words(&self) -> Vec<String> {
        shlex::split(&self.command).unwrap()
    }
}

impl Page {
    pub(super) fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
        Self { name, path, text }
    }

    /// README.md and every page of `docs`.
    pub(super) fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths: Vec<PathBuf> =
            fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
        paths.sort();
        paths.insert(0, root.join("README.md"));
        paths.into_iter().map(Self::read).collect()
    }

    fn events(&self) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
        Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter()
    }

    fn line(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    /// The fenced blocks in one language: what stands in each, where that is, and the comment above it.
    fn blocks(&self, language: &str) -> Vec<(Range<usize>, Option<Terms>)> {
        let (mut blocks, mut terms, mut open) = (Vec::new(), None, None);
        for (event, place) in self.events() {
            match event {
                Event::Html(text) => {
                    if let Some(read) = Terms::parse(&text) {
                        terms = Some(read);
                    }
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(name))) if *name == *language => {
                    open = Some(place.end..place.start);
                }
                // Of another language: its comment is no business of this one.
                Event::Start(Tag::CodeBlock(_)) => terms = None,
                Event::Text(_) => {
                    if let Some(inner) = &mut open {
                        *inner = inner.start.min(place.start)..inner.end.max(place.end);
                    }
                }
                Event::End(TagEnd::CodeBlock) => {
                    blocks.extend(open.take().map(|inner| (inner, terms.take())));
                }
                Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
                _ => assert!(
                    terms.is_none(),
                    "{}:{}: no block below the comment",
                    self.name,
                    self.line(place.start)
                ),
            }
        }
        blocks
    }

    /// The commands of the `console` blocks.
    pub(super) fn console(&self) -> Vec<Block> {
        let blocks = self.blocks("console").into_iter().map(|(place, terms)| {
            let text = &self.text[place.clone()];
            let (first, output) = text.split_once('\n').unwrap();
            let at = self.line(place.start);
            let command = first.strip_prefix("$ ");
            let command = command.unwrap_or_else(|| panic!("{}:{at}: no `$ ` before the command", self.name));
            assert!(
                !output.lines().any(|line| line.starts_with("$ ")),
                "{}:{at}: a block is one command",
                self.name
            );
            Block {
                line: at,
                command: command.to_owned(),
                output: output.to_owned(),
                place: place.start + first.len() + 1..place.end,
                terms: terms.unwrap_or_default(),
            }
        });
        blocks.collect()
    }

    /// The Python programs, each with the line that it begins in.
    pub(super) fn programs(&self) -> Vec<(usize, &str)> {
        let blocks = self.blocks("python").into_iter();
        blocks.map(|(place, _)| (self.line(place.start), &self.text[place])).collect()
    }

    /// The commands that a row of a table is about, in their order.
    pub(super) fn rows_of_commands(&self) -> Vec<&str> {
        let rows = self.text.lines().filter_map(|line| line.strip_prefix("| `gilsim ")?.split_once('`'));
        rows.map(|(command, _)| command).collect()
    }

    /// What stands in the text as code, with its line.
    pub(super) fn code(&self) -> Vec<(usize, String)> {
        let code = self.events().filter_map(|(event, place)| match event {
            Event::Code(code) => Some((self.line(place.start), code.into_string())),
            _ => None,
        });
        code.collect()
    }

    /// Everything that is or could be a command: code in the text, and the lines of `sh` blocks. Those of
    /// `console` blocks are run.
    pub(super) fn commands(&self) -> Vec<(usize, String)> {
        let mut commands = self.code();
        for (place, _) in self.blocks("sh") {
            let lines = self.text[place.clone()].lines().zip(self.line(place.start)..);
            commands.extend(lines.map(|(line, at)| (at, line.to_owned())));
        }
        commands
    }

    /// The files that it names or links to.
    pub(super) fn paths(&self) -> Vec<(usize, PathBuf)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let named = Regex::new(r"^(src|tests|benches|fuzz|docs|\.ci)/[\w./-]*$").unwrap();
        let paths = self.events().filter_map(|(event, place)| match event {
            Event::Code(code) if named.is_match(&code) && !code.contains("NAME") => {
                Some((self.line(place.start), root.join(&*code)))
            }
            Event::Start(Tag::Link { dest_url, .. }) if !dest_url.contains("://") => {
                let file = dest_url.split('#').next().filter(|file| !file.is_empty())?;
                Some((self.line(place.start), self.path.parent()?.join(file)))
            }
            _ => None,
        });
        paths.collect()
    }
}
