//! A checked program in real interpreters: what each prints and raises, held against what the model says of its version.
//!
//! The file is run as it stands, under a very short switch interval. Where the model took numbers as small, it does not know
//! what the program prints; then the runs are held against one in which the interpreter does not switch threads until they wait
//! or end, which is an order of whole iterations. That something was not seen contradicts nothing: only a run that the model
//! calls impossible is a disagreement.

use crate::interpreter::{Error, Interpreter, Limits, ProgramRun, Threads};
use crate::python::check::{Finding, Kind, Unknowns, Unordered};
use crate::python::version::Version;
use crate::report::check::{RealEnding, RealRow, Seen};
use crate::system::control::Control;
use crate::system::process::Ended;
use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the runs in one interpreter may take before no further one is begun, if their number was not asked for.
const BUDGET: Duration = Duration::from_secs(5);

/// The most runs of a program that is exact by the model, and of one that is not; the first that shows it is the last.
const MOST_EXACT: usize = 10;
const MOST_LOSSY: usize = 100;

/// A run that is to show a deadlock is given this long, or so many times as long as one that ended.
const LEAST_PATIENCE: Duration = Duration::from_secs(2);
const PATIENCE: u32 = 20;

/// From here on standard output is written in parts, between which threads can be switched.
const WRITTEN_AT_ONCE: usize = 8000;

/// The most ways in which lines can have been mixed up that are looked at, character by character.
const MOST_WAYS: usize = 100_000;

/// How real interpreters are asked.
#[derive(Debug, Clone)]
pub struct RealRuns {
    /// How many runs in each, at most.
    pub runs: Option<usize>,
    /// How long one run may take.
    pub timeout: Duration,
}

/// What was printed, and what was raised, each in alphabetical order. Unknowns stand as such.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    /// All that was printed, as it came.
    text: String,
    printed: Vec<String>,
    raised: Vec<String>,
}

/// What runs are held against.
enum Expected {
    /// The endings of orders of whole iterations in the model, and why it says nothing if no run ends otherwise.
    Model(Vec<Vec<String>>, Option<String>),
    /// The ending of a run whose threads were not switched.
    InTurn(Outcome),
    /// That the interpreter does not take the program.
    Refusal,
    /// Nothing, and why.
    Nothing(String),
}

impl RealRuns {
    /// Runs a file in an interpreter and compares. `small` says whether the model took numbers of the program as small.
    pub(super) fn row(
        &self,
        file: &Path,
        interpreter: &Interpreter,
        finding: Option<&Finding>,
        small: bool,
        control: &Control,
    ) -> RealRow {
        let mut row = RealRow {
            interpreter: interpreter.label(),
            verdict: finding.map(|finding| finding.kind.word()),
            processes: finding.is_some_and(|finding| finding.processes),
            ..RealRow::default()
        };
        if let Err(error) = self.fill(&mut row, file, interpreter, finding, small, control) {
            row.failure = Some(error);
        }
        row
    }

    fn fill(
        &self,
        row: &mut RealRow,
        file: &Path,
        interpreter: &Interpreter,
        finding: Option<&Finding>,
        small: bool,
        control: &Control,
    ) -> Result<(), String> {
        let run = |threads, timeout| {
            let run = interpreter.program(file, threads, &Limits::new(timeout, control.flag()))?;
            Ok::<_, Error>(run)
        };
        let kind = finding.map(|finding| finding.kind);
        let unknowns = Unknowns::of(finding.iter().flat_map(|finding| finding.prints.iter().flatten()));
        let mut patience = self.timeout;
        let expected = match finding {
            None => Expected::Nothing("there is no model of this version".to_owned()),
            Some(finding) => match finding.kind {
                Kind::Incomplete => Expected::Nothing(match &finding.not_covered {
                    Some(not_covered) => format!("the model does not cover {not_covered}"),
                    None => "the model reached a limit".to_owned(),
                }),
                Kind::NotPython => Expected::Refusal,
                _ if finding.prints.is_empty() => {
                    Expected::Nothing("no order of whole iterations comes to an end".to_owned())
                }
                kind if kind != Kind::Exact && (finding.hidden || finding.expected != finding.prints) => {
                    let shows = "what the schedule that was found ends with shows in variables only, or in the order of lines, which is not compared";
                    if small {
                        Expected::Nothing(format!("with numbers that small {shows}"))
                    } else {
                        // Others may show in what is printed.
                        let why = format!("no run printed what no order prints, and {shows}");
                        Expected::Model(hidden(&unknowns, &finding.prints), Some(why))
                    }
                }
                kind if kind != Kind::Exact && unknowns.are_shown() && hides(&unknowns, finding) => Expected::Nothing(
                    "what no order ends with shows in times or random numbers only, which may be any in a real run".to_owned(),
                ),
                _ if !small => Expected::Model(hidden(&unknowns, &finding.prints), None),
                _ if finding.prints.len() != 1 => Expected::Nothing(
                    "orders of whole iterations end differently, and numbers were taken as small".to_owned(),
                ),
                // Nothing keeps them from each other in the run that others are held against.
                kind if kind != Kind::Exact && of_processes(finding) => Expected::Nothing(
                    "numbers were taken as small, and processes that may lose updates do so in any run that others could be held against"
                        .to_owned(),
                ),
                _ => match run(Threads::InTurn, self.timeout) {
                    Ok(run) => {
                        patience = patience.min((PATIENCE * run.time).max(LEAST_PATIENCE));
                        Expected::InTurn(outcome(&run, &unknowns, interpreter)?)
                    }
                    Err(Error::TimedOut { after, .. }) => Expected::Nothing(format!(
                        "it does not end within {} s when threads are not switched",
                        after.as_secs_f64()
                    )),
                    Err(error) => return Err(error.to_string()),
                },
            },
        };
        if kind == Some(Kind::Deadlocks) && !small {
            patience = patience.min(LEAST_PATIENCE);
        }
        let timeout = if kind == Some(Kind::Deadlocks) { patience } else { self.timeout };
        let lossy = kind.is_some_and(|kind| kind.is_fault() || kind == Kind::Differs);
        let most = self.runs.unwrap_or(if lossy { MOST_LOSSY } else { MOST_EXACT });
        row.expected = expected.shown();
        let began = Instant::now();
        while row.runs < most && (row.runs == 0 || self.runs.is_some() || began.elapsed() < BUDGET) {
            let other = match run(Threads::Eager, timeout) {
                Ok(run) => {
                    let free = !interpreter.gil_enabled();
                    let outcome = outcome(&run, &unknowns, interpreter)?;
                    let in_parts = finding.is_some_and(|finding| finding.parts);
                    let mixed = in_parts || free || interpreter.version().0 < 3;
                    let other = expected.other(&outcome, mixed);
                    note(row, outcome.all());
                    other
                }
                Err(Error::TimedOut { after, .. }) if kind == Some(Kind::Deadlocks) => {
                    note(row, vec![format!("no end within {:.1} s", after.as_secs_f64())]);
                    Some(Seen::Deadlocks)
                }
                Err(Error::TimedOut { after, .. }) if kind.is_some_and(|kind| kind != Kind::Incomplete) => {
                    return Err(format!(
                        "{}: no end within {} s, though by the model it ends: it waits for what the model does not know of, or has more \
                         to do (--timeout allows more)",
                        interpreter.label(),
                        after.as_secs_f64()
                    ));
                }
                Err(error) => return Err(error.to_string()),
            };
            row.runs += 1;
            if let Some(other) = other {
                row.other_runs += 1;
                row.seen = Some(other);
                break;
            }
        }
        expected.judge(row, finding, small);
        Ok(())
    }
}

/// Counts an ending.
fn note(row: &mut RealRow, ends: Vec<String>) {
    match row.endings.iter_mut().find(|known| known.ends == ends) {
        Some(known) => known.runs += 1,
        None => row.endings.push(RealEnding { runs: 1, ends }),
    }
}

/// What a run came to.
///
/// # Errors
///
/// When the interpreter was killed by a signal.
fn outcome(run: &ProgramRun, unknowns: &Unknowns, interpreter: &Interpreter) -> Result<Outcome, String> {
    if matches!(run.ended, Ended::Signal(_)) {
        return Err(format!("{}: {}; run it again", interpreter.label(), run.ended));
    }
    let printed: Vec<String> = run.printed.iter().map(|line| unknowns.hidden(line)).collect();
    let text = printed.join("\n") + "\n";
    let mut outcome = Outcome { text, printed, raised: run.raised.clone() };
    outcome.printed.sort();
    outcome.raised.sort();
    Ok(outcome)
}

impl Outcome {
    fn all(&self) -> Vec<String> {
        self.printed.iter().chain(&self.raised).cloned().collect()
    }

    /// The classes of what was raised, without their modules.
    fn classes(raised: &[String]) -> Vec<&str> {
        let mut classes: Vec<&str> = raised.iter().map(|text| class(text)).collect();
        classes.sort_unstable();
        classes
    }

    /// Whether the same was printed. Where a line is written in several parts, two threads' parts can be mixed up.
    fn prints(&self, printed: &[String], mixed: bool) -> bool {
        let sorted = |lines: &[String]| {
            let mut lines: Vec<String> = lines.iter().map(|line| Unordered::Hashed.sorted(line)).collect();
            lines.sort();
            lines
        };
        if sorted(&self.printed) == sorted(printed) {
            return true;
        }
        let length: usize = printed.iter().map(String::len).sum();
        (mixed || length > WRITTEN_AT_ONCE)
            && printed.len().max(self.printed.len()) > 1
            && (is_mixture(&self.text, printed) || mixes_unknowns(&self.text, printed))
    }

    /// Whether it is an ending of the model, whose messages are compared no further than the class.
    fn is(&self, ending: &[String], mixed: bool) -> bool {
        let lines: Vec<&String> = ending.iter().collect();
        (0..=lines.len()).any(|at| {
            let (printed, raised) = ending.split_at(at);
            let mut printed: Vec<String> =
                printed.iter().flat_map(|text| text.split('\n')).map(str::to_owned).collect();
            printed.sort();
            raised.len() == self.raised.len()
                && self.prints(&printed, mixed)
                && Self::classes(raised) == Self::classes(&self.raised)
        })
    }
}

/// The endings with each unknown number as such, however it is worked out.
fn hidden(unknowns: &Unknowns, endings: &[Vec<String>]) -> Vec<Vec<String>> {
    endings.iter().map(|lines| lines.iter().map(|line| unknowns.hidden(line)).collect()).collect()
}

/// Whether the end that no order comes to looks like one that an order comes to, but for what unknown numbers are worked out from.
fn hides(unknowns: &Unknowns, finding: &Finding) -> bool {
    let ends = hidden(unknowns, std::slice::from_ref(&finding.ends));
    hidden(unknowns, &finding.prints).contains(&ends[0])
}

/// The same as [`is_mixture`] for lines of which some show an unknown number: no number in them is compared.
fn mixes_unknowns(text: &str, lines: &[String]) -> bool {
    let lines: Vec<String> = lines.iter().map(|line| line.replace('\n', " ")).collect();
    Unknowns::of(lines.iter()).are_shown() && {
        let lines: Vec<String> = lines.iter().map(|line| Unknowns::left_out(line)).collect();
        is_mixture(&Unknowns::left_out(text), &lines)
    }
}

/// Whether a text is made of such lines that ran into one another: the characters of each in their order. Where a line ends makes no
/// difference, for not each print ends one.
fn is_mixture(text: &str, lines: &[String]) -> bool {
    let text: Vec<char> = text.chars().filter(|&it| it != '\n').collect();
    let lines: Vec<Vec<char>> = lines.iter().map(|line| line.chars().collect()).collect();
    let (mut given, mut needed) = (text.clone(), lines.concat());
    given.sort_unstable();
    needed.sort_unstable();
    if given != needed {
        return false;
    }
    // The order in a set is another one in each run.
    if text.contains(&'{') {
        return true;
    }
    // How far each line can have come.
    let (mut reached, mut ways) = (HashSet::from([vec![0; lines.len()]]), 0);
    for it in text {
        let mut next = HashSet::new();
        for places in &reached {
            for (at, line) in lines.iter().enumerate() {
                if line.get(places[at]) == Some(&it) {
                    let mut places = places.clone();
                    places[at] += 1;
                    next.insert(places);
                }
            }
        }
        // Too many ways for lines that are so much alike: they count as mixed up.
        ways += next.len();
        if ways > MOST_WAYS {
            return true;
        }
        reached = next;
    }
    !reached.is_empty()
}

fn class(text: &str) -> &str {
    let path = text.split(':').next().unwrap_or_default();
    path.rsplit('.').next().unwrap_or_default()
}

impl Expected {
    fn shown(&self) -> Vec<Vec<String>> {
        match self {
            Self::Model(endings, _) => endings.clone(),
            Self::InTurn(outcome) => vec![outcome.all()],
            Self::Refusal | Self::Nothing(_) => Vec::new(),
        }
    }

    /// What a run shows that did not end as it should.
    fn other(&self, run: &Outcome, mixed: bool) -> Option<Seen> {
        let raises = |known: &[String]| Outcome::classes(known) != Outcome::classes(&run.raised);
        match self {
            Self::Nothing(_) => None,
            Self::InTurn(known) => {
                let other = Some(if raises(&known.raised) { Seen::Raises } else { Seen::Loses });
                let same = run.prints(&known.printed, mixed) && !raises(&known.raised);
                other.filter(|_| !same)
            }
            Self::Refusal => {
                // An annotation, or locks in parentheses, may be what an older version evaluates otherwise.
                let refused = [
                    "SyntaxError",
                    "NameError",
                    "IndentationError",
                    "ImportError",
                    "ModuleNotFoundError",
                    "TypeError",
                    "AttributeError",
                ];
                run.raised.iter().any(|text| refused.contains(&class(text))).then_some(Seen::NotPython)
            }
            Self::Model(endings, _) => {
                if endings.iter().any(|ending| run.is(ending, mixed)) {
                    return None;
                }
                // Nothing that whole iterations raise has another class.
                let known = endings.iter().flatten().map(|text| class(text));
                let known: Vec<&str> = known.collect();
                let raises = run.raised.iter().any(|text| !known.contains(&class(text)));
                Some(if raises { Seen::Raises } else { Seen::Loses })
            }
        }
    }

    /// Says what the runs of a row show, and whether that agrees with what the model found.
    fn judge(&self, row: &mut RealRow, finding: Option<&Finding>, small: bool) {
        let kind = finding.map(|finding| finding.kind);
        let beside = finding.zip(row.seen).and_then(|(finding, seen)| beside_the_model(finding, seen, small));
        match (self, kind, row.seen) {
            // The one end that needs nothing to be held against.
            (_, Some(Kind::Deadlocks), Some(_)) => row.agrees = Some(true),
            (Self::Nothing(why), ..) | (Self::Model(_, Some(why)), _, None) => {
                row.not_compared = Some(why.clone());
            }
            (Self::Refusal, _, None) => (row.seen, row.agrees) = (Some(Seen::Exact), Some(false)),
            (_, Some(Kind::Exact), None) => (row.seen, row.agrees) = (Some(Seen::Exact), Some(true)),
            (_, Some(_), Some(_)) if beside.is_some() => {
                row.seen = None;
                row.not_compared = beside.map(|why| format!("a run ended otherwise, but {why}"));
            }
            // It is exact only once calls are specialised.
            (_, Some(Kind::Exact), Some(_)) => {
                row.agrees = Some(finding.is_some_and(|finding| finding.cold_differs));
            }
            (_, Some(Kind::Differs), Some(Seen::Loses)) => {
                (row.seen, row.agrees) = (Some(Seen::Differs), Some(true));
            }
            (_, _, Some(_)) => row.agrees = Some(true),
            (_, _, None) => {
                row.seen = Some(Seen::NotSeen);
                // A share of p goes unseen in all of n runs with probability (1 - p)^n; this is the p for which that is 5 %.
                let runs = f64::from(u32::try_from(row.runs.max(1)).unwrap_or(u32::MAX));
                row.loss_below = Some(1.0 - 0.05_f64.powf(1.0 / runs));
            }
        }
    }
}

/// Whether what goes wrong may go wrong between processes.
fn of_processes(finding: &Finding) -> bool {
    finding.collision.as_ref().map_or(finding.processes, |collision| collision.processes)
}

/// Why an end that the model has not come to says nothing against it: what it takes for granted, or leaves out.
fn beside_the_model(finding: &Finding, seen: Seen, small: bool) -> Option<&'static str> {
    let (exact, loses) = (finding.kind == Kind::Exact, seen == Seen::Loses);
    let reasons = [
        (exact && finding.time_limits, "a time limit may have come in it"),
        (exact && loses && finding.given_order, "as_completed() may have given futures in another order"),
        (
            loses && finding.few_rounds,
            "a loop that counts no rounds may have gone round more often than in the model",
        ),
        (
            exact && loses && small && !finding.untried.is_empty(),
            "some of the program is not tried with numbers that small",
        ),
        (loses && finding.daemons_print, "the end of the program may have cut short what a daemon prints"),
    ];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, why)| why)
}

/// The finding on a version, among those that were asked for and those made for interpreters.
pub(super) fn of_version(findings: &[Finding], version: Option<Version>) -> Option<&Finding> {
    findings.iter().find(|finding| Some(finding.version) == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_ran_into_one_another_keep_the_order_of_their_characters() {
        let mixture = |text: &str, lines: &[&str]| {
            is_mixture(text, &lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
        };
        assert!(mixture("lamp 0end\n dark 1\n", &["lamp 0 dark 1", "end"]));
        assert!(mixture("a b a b\n\n", &["a b ", "a b"]));
        assert!(mixture("{2, 1}x\n\n", &["{1, 2}", "x"]));
        assert!(!mixture("lamp 1end\n dark 0\n", &["lamp 0 dark 1", "end"]));
        assert!(!mixture("lamp 0\n", &["lamp 0", "end"]));
        // A print that ends no line.
        assert!(mixture("..\nn\n", &["", ".", ".", "n"]));
        let many = vec!["abab"; 40];
        assert!(mixture(&("ab".repeat(80) + &"\n".repeat(40)), &many));
    }
}
