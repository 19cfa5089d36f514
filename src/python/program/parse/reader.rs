//! A text being read: its syntax tree by the grammar, places in it, and refusals.

use ruff_python_ast::{self as ast, Mod, PythonVersion};
use ruff_python_parser::{Mode, ParseOptions, parse};
use ruff_text_size::{TextRange, TextSize};

use super::super::source::{Place, Position, Source, SourceError, SourceErrorKind};

/// The longest source that is taken, in bytes: a loop body, not a program.
pub const LONGEST_SOURCE: usize = 8 * 1024;

/// The longest program that is taken, in bytes.
pub const LONGEST_PROGRAM: usize = 128 * 1024;

/// How deep expressions and statements may nest.
pub(super) const DEEPEST: usize = 64;

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) source: Source,
    /// Whether it may have all that a whole program may.
    pub(super) whole: bool,
}

/// What a person calls the statement.
pub(super) const fn stmt_name(stmt: &ast::Stmt) -> &'static str {
    match stmt {
        ast::Stmt::FunctionDef(_) => "def in this place",
        ast::Stmt::ClassDef(_) => "class",
        ast::Stmt::Return(_) => "return in this place",
        ast::Stmt::Delete(_) => "del",
        ast::Stmt::TypeAlias(_) => "a type alias",
        ast::Stmt::AnnAssign(_) => "an annotation",
        ast::Stmt::Match(_) => "match",
        ast::Stmt::Raise(_) => "raise",
        ast::Stmt::Assert(_) => "assert",
        ast::Stmt::Import(_) | ast::Stmt::ImportFrom(_) => "import",
        ast::Stmt::Nonlocal(_) => "nonlocal",
        ast::Stmt::For(_) => "for in this form",
        ast::Stmt::With(_) => "with in this form",
        ast::Stmt::Break(_) => "break",
        ast::Stmt::Continue(_) => "continue",
        _ => "this statement",
    }
}

/// What a person calls the expression.
pub(super) const fn expr_name(expr: &ast::Expr) -> &'static str {
    match expr {
        ast::Expr::Named(_) => "an assignment expression (:=)",
        ast::Expr::Lambda(_) => "lambda",
        ast::Expr::Dict(_) => "a dictionary",
        ast::Expr::Set(_) => "a set",
        ast::Expr::SetComp(_) => "a set comprehension",
        ast::Expr::DictComp(_) => "a dictionary comprehension",
        ast::Expr::Generator(_) => "a generator expression",
        ast::Expr::Await(_) => "await",
        ast::Expr::Yield(_) | ast::Expr::YieldFrom(_) => "yield",
        ast::Expr::FString(_) => "an f-string",
        ast::Expr::TString(_) => "a template string",
        ast::Expr::BytesLiteral(_) => "a bytes literal",
        ast::Expr::EllipsisLiteral(_) => "...",
        ast::Expr::Attribute(_) => "an attribute (a.b)",
        ast::Expr::Starred(_) => "a starred expression",
        ast::Expr::Slice(_) => "a slice",
        ast::Expr::Tuple(_) => "a tuple",
        ast::Expr::List(_) => "a list",
        ast::Expr::Subscript(_) => "an indexed value",
        ast::Expr::Call(_) => "a call's result",
        _ => "this expression",
    }
}

impl Reader<'_> {
    pub(super) fn module(&self) -> Result<ast::ModModule, SourceError> {
        let longest = if self.source == Source::File { LONGEST_PROGRAM } else { LONGEST_SOURCE };
        if self.text.len() > longest {
            return Err(self.error(
                SourceErrorKind::NotCovered,
                &format!("it is longer than {longest} bytes: shorten it"),
                TextRange::default(),
            ));
        }
        // By the newest grammar: what a version does not know of it is refused for that version.
        let newest = ParseOptions::from(Mode::Module).with_target_version(PythonVersion::latest_preview());
        let parsed = parse(self.text, newest).map_err(|error| {
            let message = error.error.to_string();
            let mut letters = message.chars();
            let message: String =
                letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect();
            self.error(SourceErrorKind::NotPython3, &message, error.location)
        })?;
        if let Some(error) = parsed.unsupported_syntax_errors().first() {
            return Err(self.error(
                SourceErrorKind::NotPython3,
                &error.to_string().to_lowercase(),
                error.range,
            ));
        }
        match parsed.into_syntax() {
            Mod::Module(module) => Ok(module),
            Mod::Expression(_) => Err(self.error(
                SourceErrorKind::NotPython3,
                "an expression is no program",
                TextRange::default(),
            )),
        }
    }

    pub(super) fn position(&self, range: TextRange) -> Position {
        let start = range.start().to_usize().min(self.text.len());
        let before = self.text.get(..start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Position {
            source: self.source,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            start: u32::from(range.start()),
            end: u32::from(range.end()),
        }
    }

    pub(super) fn error(&self, kind: SourceErrorKind, message: &str, range: TextRange) -> SourceError {
        let position = self.position(range);
        SourceError { kind, message: message.to_owned(), place: Place::new(self.text, position) }
    }

    pub(super) fn not_covered(&self, construct: &str, advice: &str, range: TextRange) -> SourceError {
        self.error(SourceErrorKind::NotCovered, &format!("{construct} is not covered: {advice}"), range)
    }

    pub(super) fn slice(&self, range: TextRange) -> &str {
        self.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or("")
    }

    pub(super) fn too_deep(&self, range: TextRange) -> SourceError {
        self.error(
            SourceErrorKind::NotCovered,
            &format!("nested more than {DEEPEST} deep: write it flatter"),
            TextRange::empty(range.start().min(TextSize::of(self.text))),
        )
    }
}
