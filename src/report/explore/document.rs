//! The report in each of its forms.

use super::data::ExploreReport;
use super::outcomes::OutcomeTable;
use super::witness::Witness;
use crate::choice::Choice;
use crate::explore::{Schedule, worker_letter};
use crate::report::document::Document;
use crate::report::part::{Part, texts};
use crate::report::timeline::Timeline;
use crate::report::{csv, json, layout, quiet};
use std::io;

impl Document for ExploreReport {
    fn table(&self, width: Option<usize>) -> String {
        self.text(width)
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        csv::write(&self.records())
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = texts(self.header.warnings("schedules")).collect();
        parts.push(self.title().into());
        if let Some(table) = &self.table {
            parts.push(table.grid().into());
            parts.push(self.totals().into());
            parts.push(OutcomeTable::terms().to_owned().into());
        }
        if let Some(witness) = &self.witness {
            parts.push(witness.title().into());
            parts.push(witness.grid(self.workers, &self.result).into());
            parts.extend(texts(witness.gaps(self.shares)));
            parts.push(Part::Command(witness.command.clone()));
        }
        parts.extend(texts(self.replayed()));
        parts.push(format!("Why: {}", self.why()).into());
        parts
    }

    fn timelines(&self) -> Vec<Timeline> {
        let of_witness = |witness: &Witness| {
            let schedule: Schedule = witness.schedule.parse().ok()?;
            let runs: Vec<(usize, u64)> =
                schedule.runs().iter().map(|run| (usize::from(run.worker), run.steps)).collect();
            let letters = (0..u8::try_from(self.workers).unwrap_or(u8::MAX)).map(worker_letter);
            let title = format!("timeline of the schedule that ends with {}", witness.outcome);
            Some(Timeline::of_steps(title, letters.map(String::from).collect(), &runs))
        };
        self.witness.as_ref().and_then(of_witness).into_iter().collect()
    }

    fn value(&self) -> String {
        // Every schedule may deadlock, so that x has no value.
        let value = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        match (&self.table, &self.witness) {
            (Some(table), _) => {
                let (total, without) = (table.total.clone(), table.without_value.clone());
                quiet::records([[value(table.least), value(table.greatest), total, without]])
            }
            (None, Some(witness)) => quiet::records([[witness.outcome.clone()]]),
            (None, None) => String::new(),
        }
    }
}

impl ExploreReport {
    /// The rows of the CSV form, with the columns' names first.
    fn records(&self) -> Vec<Vec<String>> {
        const NAMES: [&str; 14] = [
            "command",
            "body",
            "switching",
            "workers",
            "iterations",
            "pattern",
            "outcome",
            "verdict",
            "schedules",
            "share",
            "preemptions",
            "total",
            "time",
            "result",
        ];
        let mut records = vec![NAMES.map(str::to_owned).to_vec()];
        let mut record = |outcome: [String; 5], total: &str| {
            let [value, verdict, schedules, share, preemptions] = outcome;
            records.push(vec![
                self.command.clone(),
                self.body.clone(),
                self.switching.to_string(),
                self.workers.to_string(),
                self.iterations.to_string(),
                self.pattern.name().to_owned(),
                value,
                verdict,
                schedules,
                share,
                preemptions,
                total.to_owned(),
                self.time.to_string(),
                self.result.clone(),
            ]);
        };
        for row in self.table.iter().flat_map(|table| &table.outcomes) {
            let row = row.clone();
            let preemptions = row.preemptions.map_or_else(String::new, |fewest| fewest.to_string());
            let total = self.table.as_ref().map_or("", |table| &table.total);
            record(
                [row.outcome, row.verdict.to_string(), row.schedules, row.share.to_string(), preemptions],
                total,
            );
        }
        if let (None, Some(witness)) = (&self.table, &self.witness) {
            let (outcome, verdict) = (witness.outcome.clone(), witness.verdict.to_string());
            let preemptions = witness.preemptions.to_string();
            record([outcome, verdict, "1".to_owned(), String::new(), preemptions], "");
        }
        records
    }

    /// The form for a terminal.
    fn text(&self, width: Option<usize>) -> String {
        let paragraph = |text: &str| layout::paragraph(text, width);
        let mut text: String =
            self.header.warnings("schedules").iter().map(|warning| paragraph(warning)).collect();
        text += &paragraph(&self.title());
        if let Some(table) = &self.table {
            let (rows, rounded) = table.text(width);
            text += &rows;
            text += "\n";
            text.extend(rounded.map(|rounded| paragraph(&rounded)));
            text += &paragraph(&self.totals());
            text += &paragraph(OutcomeTable::terms());
        }
        if let Some(witness) = &self.witness {
            text += &paragraph(&witness.title());
            text += &witness.grid(self.workers, &self.result).table(width);
            text += "\n";
            text.extend(witness.gaps(self.shares).map(|gaps| paragraph(&gaps)));
            // A command line is not broken, so that it can be copied.
            text += &[&layout::bold("to replay:"), " ", &witness.command, "\n\n"].concat();
        }
        text.extend(self.replayed().iter().map(|replayed| paragraph(replayed)));
        text += &paragraph(&format!("{} {}", layout::bold("why:"), self.why()));
        layout::finish(&mut text);
        text
    }
}
