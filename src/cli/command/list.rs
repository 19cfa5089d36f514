//! `list`: the scenarios, what they promise and what they show.

use crate::measure::{Promise, Scenario};
use crate::report::layout::{Grid, finish, paragraph};
use crate::scenario;

/// The scenarios as a table, no wider than so many columns if possible.
#[must_use]
pub fn list(width: Option<usize>) -> String {
    let promise = |scenario: &dyn Scenario| match scenario.promise() {
        Promise::Exact => "exact",
        Promise::MayLose => "may lose",
    };
    let row = |&scenario: &&'static dyn Scenario| {
        vec![scenario.label().into(), promise(scenario).into(), scenario.lesson().into()]
    };
    let grid = Grid {
        header: ["name", "promise", "what it shows"].map(str::to_owned).to_vec(),
        rows: scenario::ALL.iter().map(row).collect(),
        words: vec![1, 2],
        ..Grid::default()
    };
    let usage = "Run one with gilsim NAME (a variant with its option: mutex:fair is gilsim mutex --lock fair), or set several \
                 side by side with gilsim compare NAME NAME ...";
    let mut text = grid.table(width) + "\n" + &paragraph(usage, width);
    finish(&mut text);
    text
}
