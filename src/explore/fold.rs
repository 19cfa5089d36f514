//! Shortens a trace for people: what a loop repeats is shown once.

use super::replay::{Trace, TraceStep};
use crate::python::program::Touched;

/// The longest loop that is looked for, in steps.
const LONGEST: usize = 64;
/// The fewest repetitions that are folded.
const FEWEST: usize = 3;

/// A line of a folded trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldedLine {
    /// The step at this index.
    Step(usize),
    /// The lines before are repeated.
    Repeats {
        /// By which worker.
        worker: u8,
        /// So many times more.
        times: usize,
        /// The index of the last step of the last repetition.
        last: usize,
    },
}

/// Folds what one worker repeats without a switch, and leaves out steps without events. A step that overwrites an
/// update is always shown.
#[must_use]
pub fn fold_trace(trace: &Trace) -> Vec<FoldedLine> {
    let (seen, steps): (Vec<usize>, Vec<&TraceStep>) =
        trace.iter().enumerate().filter(|(_, step)| !step.events.is_empty()).unzip();
    let mut lines = Vec::new();
    let mut at = 0;
    while at < steps.len() {
        let run = steps[at..].iter().take_while(|step| step.worker == steps[at].worker).count();
        let run = &steps[at..at + run];
        let best = (1..=LONGEST.min(run.len() / FEWEST))
            .map(|period| (period, repetitions(run, period)))
            .filter(|&(_, times)| times >= FEWEST)
            .max_by_key(|&(period, times)| (period * times, std::cmp::Reverse(period)));
        if let Some((period, times)) = best {
            lines.extend(seen[at..at + period].iter().copied().map(FoldedLine::Step));
            at += period * times;
            lines.push(FoldedLine::Repeats { worker: run[0].worker, times: times - 1, last: seen[at - 1] });
        } else {
            lines.push(FoldedLine::Step(seen[at]));
            at += 1;
        }
    }
    lines
}

/// How often a run begins with its first `period` steps, one time after the other.
fn repetitions(run: &[&TraceStep], period: usize) -> usize {
    let first = &run[..period];
    if first.iter().any(|step| step.overwritten > 0) {
        return 1;
    }
    run.chunks_exact(period).take_while(|next| first.iter().zip(*next).all(|(a, b)| alike(a, b))).count()
}

/// Whether two steps do the same, perhaps with other values.
fn alike(a: &TraceStep, b: &TraceStep) -> bool {
    let kind = |touched: Touched| match touched {
        Touched::LoadedX(_) => Touched::LoadedX(0),
        Touched::StoredX(_) => Touched::StoredX(0),
        other => other,
    };
    a.overwritten == b.overwritten
        && a.events.len() == b.events.len()
        && a.events.iter().zip(&b.events).all(|(a, b)| {
            (a.opcode, &a.argument, kind(a.touched)) == (b.opcode, &b.argument, kind(b.touched))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::replay::Event;

    fn step(worker: u8, touched: Touched, overwritten: u64) -> TraceStep {
        let event = Event { opcode: "OP", argument: String::new(), touched };
        TraceStep { worker, events: vec![event], x: 0, overwritten }
    }

    #[test]
    fn a_loop_is_shown_once() {
        let mut trace = vec![step(0, Touched::LoadedX(0), 0)];
        for value in 0..5 {
            trace.push(step(1, Touched::LoadedX(value), 0));
            trace.push(step(1, Touched::StoredX(value), 0));
        }
        trace.push(step(0, Touched::StoredX(1), 5));
        assert_eq!(
            fold_trace(&trace),
            [
                FoldedLine::Step(0),
                FoldedLine::Step(1),
                FoldedLine::Step(2),
                FoldedLine::Repeats { worker: 1, times: 4, last: 10 },
                FoldedLine::Step(11)
            ]
        );
    }

    #[test]
    fn twice_is_not_a_loop_and_a_loss_is_never_folded() {
        let trace = vec![step(0, Touched::StoredX(0), 0), step(0, Touched::StoredX(1), 0)];
        assert_eq!(fold_trace(&trace), [FoldedLine::Step(0), FoldedLine::Step(1)]);
        let trace: Trace = (0..6).map(|index| step(0, Touched::StoredX(0), u64::from(index == 0))).collect();
        assert_eq!(fold_trace(&trace)[..2], [FoldedLine::Step(0), FoldedLine::Step(1)]);
        assert_eq!(fold_trace(&Trace::new()), []);
    }

    #[test]
    fn what_cannot_be_seen_is_left_out() {
        let silent = TraceStep { events: Vec::new(), ..step(0, Touched::Nothing, 0) };
        let trace = vec![silent.clone(), step(0, Touched::LoadedX(0), 0), silent.clone(), silent];
        assert_eq!(fold_trace(&trace), [FoldedLine::Step(1)]);
    }
}
