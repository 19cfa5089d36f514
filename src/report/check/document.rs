//! The report of a checked program, in each form.

use super::{CheckReport, real};
use crate::report::document::Document;
use crate::report::layout::{blank_line, bold, finish, paragraph};
use crate::report::part::{Part, texts};
use crate::report::{csv, json, quiet};
use std::io;

impl Document for CheckReport {
    fn interrupted(&self) -> bool {
        self.header.interrupted
    }

    fn table(&self, width: Option<usize>) -> String {
        let mut text = paragraph(&format!("{} {}", bold("check:"), self.file), width);
        text += &self.grid().table(width);
        text.push('\n');
        for note in self.notes() {
            text += &paragraph(&note, width);
        }
        if !self.real.is_empty() {
            blank_line(&mut text);
            text += &real::grid(&self.real).table(width);
            text.push('\n');
        }
        for note in self.real_notes() {
            text += &paragraph(&note, width);
        }
        if let Some(row) = self.shown() {
            blank_line(&mut text);
            let (grid, skipped) = Self::schedule_grid(row);
            text += &grid.table(width);
            text.push('\n');
            for note in self.schedule_notes(row, skipped) {
                text += &paragraph(&note, width);
            }
        }
        finish(&mut text);
        text
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        let header =
            ["version", "verdict", "reason", "variable", "lines", "drop_point", "runs", "other_runs"];
        let models = self.results.iter().map(|row| {
            let lines: Vec<String> = row.lines.iter().map(ToString::to_string).collect();
            vec![
                row.version.to_owned(),
                row.verdict.to_owned(),
                row.reason.clone(),
                row.variable.clone().unwrap_or_default(),
                lines.join(" "),
                row.drop_point.clone().unwrap_or_default(),
                String::new(),
                String::new(),
            ]
        });
        let real = self.real.iter().map(|row| {
            let reason = row.failure.clone().or_else(|| row.not_compared.clone()).unwrap_or_default();
            let none = String::new;
            let runs = [row.runs, row.other_runs].map(|number| number.to_string());
            let [runs, other_runs] = if row.failure.is_some() { [none(), none()] } else { runs };
            let name = row.interpreter.clone();
            vec![name, row.seen_name().to_owned(), reason, none(), none(), none(), runs, other_runs]
        });
        let header = header.map(str::to_owned).to_vec();
        csv::write(&[header].into_iter().chain(models).chain(real).collect::<Vec<_>>())
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = vec![self.grid().into()];
        parts.extend(texts(self.notes()));
        if !self.real.is_empty() {
            parts.push(real::grid(&self.real).into());
        }
        parts.extend(texts(self.real_notes()));
        if let Some(row) = self.shown() {
            let (grid, skipped) = Self::schedule_grid(row);
            parts.push(grid.into());
            parts.extend(texts(self.schedule_notes(row, skipped)));
        }
        parts.extend(self.folds());
        parts
    }

    fn failures(&self) -> Vec<String> {
        self.faults()
    }

    fn value(&self) -> String {
        let models = self.results.iter().map(|row| [row.version.to_string(), row.verdict.to_string()]);
        let real = self.real.iter().map(|row| [row.interpreter.clone(), row.seen_name().to_owned()]);
        quiet::records(models.chain(real))
    }
}
