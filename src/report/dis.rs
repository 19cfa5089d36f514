//! The report of a program's instructions, with a mark where each version may drop its GIL.

use super::document::{Document, Header};
use super::layout::{Cell, Grid, bold, finish, paragraph};
use super::part::{Part, texts};
use super::{csv, json, quiet, terms};
use crate::python::body::in_one_line;
use crate::python::check::{Drop, ListedFunction, ListedInstruction, Listing};
use anstyle::AnsiColor;
use serde::Serialize;
use std::io;

/// The instructions of a program or a loop body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DisReport {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// The program's file, or the loop body.
    pub program: String,
    /// A listing for each version.
    pub results: Vec<VersionListing>,
}

/// The functions as one version has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VersionListing {
    /// The version of CPython.
    pub version: &'static str,
    /// Whether it has a GIL to drop.
    pub gil: bool,
    /// The functions, in the order of the program.
    pub functions: Vec<FunctionListing>,
}

/// A function as one version has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FunctionListing {
    /// The function's name.
    pub name: String,
    /// The names of its parameters.
    pub parameters: Vec<String>,
    /// Whether the GIL may be dropped before its first instruction.
    pub drops_at_entry: bool,
    /// Its instructions.
    pub instructions: Vec<InstructionListing>,
}

/// An instruction of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct InstructionListing {
    /// Its number in the function, from 0.
    pub number: usize,
    /// The text that it comes from: `file`, `body` or `setup`; null for the loop around a body.
    pub source: Option<String>,
    /// The number of the line there, from 1.
    pub line: Option<u32>,
    /// CPython's name of it.
    pub opcode: &'static str,
    /// Its argument as `dis` shows it; empty where it has none.
    pub argument: String,
    /// Why the GIL may be dropped after it; null where it may not.
    pub drop: Option<&'static str>,
    /// The line's text.
    #[serde(skip)]
    text: String,
}

impl InstructionListing {
    fn new(instruction: &ListedInstruction) -> Self {
        let line = instruction.line.as_ref();
        Self {
            number: instruction.number,
            source: line.map(|line| line.source.to_string()),
            line: line.map(|line| line.number),
            opcode: instruction.opcode,
            argument: instruction.argument.clone(),
            drop: instruction.drop.map(Drop::words),
            text: line.map(|line| line.text.clone()).unwrap_or_default(),
        }
    }

    /// `12 LOAD_GLOBAL x`.
    fn words(&self, digits: usize) -> String {
        let words = format!("{:>digits$} {} {}", self.number, self.opcode, self.argument);
        match self.drop {
            Some(why) => format!("{}  <- {why}", words.trim_end()),
            None => words.trim_end().to_owned(),
        }
    }

    /// The line as a table names it: by its number, and by its text where it begins.
    fn place(&self) -> String {
        match (self.source.as_deref(), self.line) {
            (Some("file"), Some(line)) => format!("{line}: {}", self.text),
            (Some(source), Some(line)) => format!("{source} {line}: {}", self.text),
            _ => String::new(),
        }
    }
}

/// Instructions of one line in a row.
type Run<'a> = (String, Vec<&'a InstructionListing>);

impl FunctionListing {
    fn new(function: &ListedFunction) -> Self {
        Self {
            name: function.name.clone(),
            parameters: function.parameters.clone(),
            drops_at_entry: function.entry,
            instructions: function.instructions.iter().map(InstructionListing::new).collect(),
        }
    }

    /// Its instructions by line, in their order.
    fn runs(&self) -> Vec<Run<'_>> {
        let mut runs: Vec<Run<'_>> = Vec::new();
        for instruction in &self.instructions {
            let place = instruction.place();
            match runs.last_mut() {
                Some((known, instructions)) if *known == place => instructions.push(instruction),
                _ => runs.push((place, vec![instruction])),
            }
        }
        runs
    }
}

/// The shortest sequence of lines that has both of these in their order.
fn merged(left: &[String], right: &[String]) -> Vec<String> {
    // How many lines the rests have in common.
    let mut common = vec![vec![0_u32; right.len() + 1]; left.len() + 1];
    for (i, one) in left.iter().enumerate().rev() {
        for (j, other) in right.iter().enumerate().rev() {
            common[i][j] =
                if one == other { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut all = Vec::with_capacity(left.len() + right.len());
    while i < left.len() || j < right.len() {
        if i < left.len() && j < right.len() && left[i] == right[j] {
            all.push(left[i].clone());
            (i, j) = (i + 1, j + 1);
        } else if j == right.len() || (i < left.len() && common[i + 1][j] >= common[i][j + 1]) {
            all.push(left[i].clone());
            i += 1;
        } else {
            all.push(right[j].clone());
            j += 1;
        }
    }
    all
}

impl DisReport {
    /// The report of these listings.
    #[must_use]
    pub fn new(header: Header, program: String, listings: &[Listing]) -> Self {
        let results = listings.iter().map(|listing| VersionListing {
            version: listing.version.name(),
            gil: listing.version.has_gil(),
            functions: listing.functions.iter().map(FunctionListing::new).collect(),
        });
        Self { header, program, results: results.collect() }
    }

    /// The functions that some version has, by name and by which of that name, in the order of the first.
    fn functions(&self) -> Vec<(String, usize)> {
        let mut names: Vec<(String, usize)> = Vec::new();
        for result in &self.results {
            for (at, function) in result.functions.iter().enumerate() {
                let earlier = result.functions[..at].iter().filter(|known| known.name == function.name);
                let key = (function.name.clone(), earlier.count());
                if !names.contains(&key) {
                    names.push(key);
                }
            }
        }
        names
    }

    /// A function with a column for each version.
    fn grid(&self, name: &str, number: usize) -> Grid {
        let listed: Vec<Option<&FunctionListing>> = self
            .results
            .iter()
            .map(|result| result.functions.iter().filter(|function| function.name == name).nth(number))
            .collect();
        let digits = listed.iter().flatten().map(|function| function.instructions.len()).max().unwrap_or(1);
        let digits = digits.saturating_sub(1).max(1).to_string().len();
        let mut runs: Vec<Vec<Run<'_>>> =
            listed.iter().map(|function| function.map(FunctionListing::runs).unwrap_or_default()).collect();
        let places = |runs: &[Run<'_>]| runs.iter().map(|(place, _)| place.clone()).collect::<Vec<_>>();
        let lines = runs.iter().fold(Vec::new(), |all, runs| merged(&all, &places(runs)));
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        if listed.iter().flatten().any(|function| function.drops_at_entry) {
            let mark = |function: Option<&FunctionListing>| match function {
                Some(function) if function.drops_at_entry => marked(format!("<- {}", Drop::Entry.words())),
                _ => String::new().into(),
            };
            rows.push([String::new().into()].into_iter().chain(listed.iter().copied().map(mark)).collect());
        }
        for line in lines {
            let here: Vec<Vec<&InstructionListing>> = runs
                .iter_mut()
                .map(|runs| {
                    if runs.first().is_some_and(|(place, _)| *place == line) {
                        runs.remove(0).1
                    } else {
                        Vec::new()
                    }
                })
                .collect();
            let height = here.iter().map(Vec::len).max().unwrap_or(0);
            for at in 0..height {
                let place = if at == 0 { line.clone() } else { String::new() };
                let cell = |instructions: &Vec<&InstructionListing>| match instructions.get(at) {
                    Some(one) if one.drop.is_some() => marked(one.words(digits)),
                    Some(one) => one.words(digits).into(),
                    None => String::new().into(),
                };
                rows.push([place.into()].into_iter().chain(here.iter().map(cell)).collect());
            }
        }
        let parameters = listed.iter().flatten().next().map(|function| function.parameters.join(", "));
        let head = format!("{name}({})", parameters.unwrap_or_default());
        let header = [if name.starts_with('<') { name.to_owned() } else { head }];
        let versions = self.results.iter().map(|result| result.version.to_owned());
        Grid {
            title: String::new(),
            header: header.into_iter().chain(versions).collect(),
            rows,
            words: (1..=self.results.len()).collect(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let drops = |result: &&VersionListing| result.gil;
        if self.results.iter().any(|result| result.gil) {
            notes.push(
                "<-: after this instruction that version may drop its GIL, so that another thread runs."
                    .to_owned(),
            );
        }
        let has = |wanted: Drop| {
            let all = self.results.iter().filter(drops).flat_map(|result| &result.functions);
            all.flat_map(|function| &function.instructions).any(|one| one.drop == Some(wanted.words()))
        };
        if has(Drop::Call) {
            notes.push(
                "call: of what is not written in Python; a Python function looks when it begins. Up to 3.10 it also looks when it has \
                 returned; from 3.11 on only if C has called it: the __call__ of an object, the __init__ of a class, a bound method \
                 with *args, and on 3.11 every function with *args or **kwargs. From 3.11 on the specialised calls of len(), \
                 isinstance() and type(), which have no mark, and of list.append() do not look, nor, from 3.13 on, those of a class \
                 whose __init__ has plain parameters; in the first few executions they are not specialised yet, and look."
                    .to_owned(),
            );
        }
        if has(Drop::Any) {
            notes.push("any such instruction: up to 3.9 after all but some quick ones (LOAD_FAST, LOAD_CONST, STORE_FAST, POP_TOP …).".to_owned());
        }
        if has(Drop::Handler) {
            notes.push(
                "handler entry: up to 3.10 also before the first instruction to which an exception leads."
                    .to_owned(),
            );
        }
        let free: Vec<&str> =
            self.results.iter().filter(|result| !result.gil).map(|result| result.version).collect();
        if !free.is_empty() {
            let free = free.join(", ");
            notes.push(format!(
                "{free}: there is no GIL; another thread may come between any two instructions."
            ));
        }
        notes.extend(terms::free_threaded(self.results.iter().map(|result| result.version)));
        notes
    }
}

fn marked(text: String) -> Cell {
    Cell::coloured(text, AnsiColor::Yellow)
}

impl Document for DisReport {
    fn table(&self, width: Option<usize>) -> String {
        let mut text = paragraph(&format!("{} {}", bold("dis:"), in_one_line(&self.program)), width);
        for (name, number) in self.functions() {
            text += &self.grid(&name, number).table(width);
            text.push('\n');
        }
        for note in self.notes() {
            text += &paragraph(&note, width);
        }
        finish(&mut text);
        text
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        let header = ["version", "function", "number", "source", "line", "opcode", "argument", "drop"]
            .map(str::to_owned)
            .to_vec();
        let mut records = vec![header];
        let mut last = None;
        for (result, function, one) in self.instructions() {
            // Before the first instruction of a function that is entered with a look at the eval breaker.
            let at = (result.version, &function.name);
            if function.drops_at_entry && last.replace(at) != Some(at) {
                let mut record = vec![result.version.to_owned(), function.name.clone()];
                record.resize(records[0].len() - 1, String::new());
                record.push(Drop::Entry.words().to_owned());
                records.push(record);
            }
            records.push(vec![
                result.version.to_owned(),
                function.name.clone(),
                one.number.to_string(),
                one.source.clone().unwrap_or_default(),
                one.line.map_or_else(String::new, |line| line.to_string()),
                one.opcode.to_owned(),
                one.argument.clone(),
                one.drop.unwrap_or_default().to_owned(),
            ]);
        }
        csv::write(&records)
    }

    fn parts(&self) -> Vec<Part> {
        let grids = self.functions().into_iter().map(|(name, number)| self.grid(&name, number).into());
        grids.chain(texts(self.notes())).collect()
    }

    fn value(&self) -> String {
        let record =
            |result: &VersionListing, function: &FunctionListing, line: String, opcode: &str, why: &str| {
                [result.version.to_owned(), function.name.clone(), line, opcode.to_owned(), why.to_owned()]
            };
        let mut records = Vec::new();
        for result in &self.results {
            for function in &result.functions {
                if function.drops_at_entry {
                    records.push(record(result, function, String::new(), "", Drop::Entry.words()));
                }
                for one in &function.instructions {
                    let Some(why) = one.drop else { continue };
                    let line = one.line.map_or_else(String::new, |line| line.to_string());
                    records.push(record(result, function, line, one.opcode, why));
                }
            }
        }
        quiet::records(records)
    }
}

impl DisReport {
    fn instructions(&self) -> impl Iterator<Item = (&VersionListing, &FunctionListing, &InstructionListing)> {
        self.results.iter().flat_map(|result| {
            result.functions.iter().flat_map(move |function| {
                function.instructions.iter().map(move |instruction| (result, function, instruction))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_merged_in_the_order_of_both() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(merged(&lines("1 2 3 2"), &lines("1 3 2")), lines("1 2 3 2"));
        assert_eq!(merged(&lines("1 2"), &lines("1 2 1")), lines("1 2 1"));
        assert_eq!(merged(&[], &lines("4")), lines("4"));
    }
}
