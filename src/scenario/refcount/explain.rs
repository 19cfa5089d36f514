//! Why counting in a way came out as it did, and what CPython made of it.

use super::way::Way;
use crate::choice::Choice;
use crate::measure::stats::Summary;
use crate::measure::{Explanation, Group, Objects, Workload};
use std::num::NonZeroUsize;

/// What was seen of the plain count, in words.
fn plain(load: &Workload, summary: &Summary) -> String {
    if load.objects == Objects::Own || load.workers.get() == 1 {
        return "no object is used by two workers, so nobody is in the way of a count; it is with shared objects that \
                the plain count goes wrong"
            .to_owned();
    }
    if summary.lost_runs == 0 {
        return "the count came out right this time, but that is luck and not safety: nothing keeps a worker from \
                storing between another's load and its store"
            .to_owned();
    }
    let seen = |mean: Option<f64>| mean.is_some_and(|mean| mean > 0.0);
    let (early, leaked) = (seen(summary.misuse.premature_frees), seen(summary.misuse.leaked));
    let what = match (early, leaked) {
        (true, true) => {
            "a lost taking frees the object while it is in use, a lost giving back means that it is never freed, and \
             both were seen"
        }
        (true, false) => "a taking of a reference was lost, so the object was freed while it was in use",
        (false, true) => "a giving back was lost, so the count stays too high and the object is never freed",
        (false, false) => "the count went wrong without reaching zero",
    };
    format!(
        "to count is to load, to add and to store, and what another worker stores in between is overwritten: {what}; \
         so CPython guards all counts by one global lock, the GIL"
    )
}

/// The sentence that stands below a result, and what to try next.
pub(super) fn explain(way: Way, load: &Workload, summary: &Summary) -> Explanation {
    let why = match way {
        Way::Plain => plain(load, summary),
        Way::Gil => {
            "one worker at a time runs, and it is asked to let go only between two pairs, so the plain count is \
                     safe: this is how CPython's default build does it up to today"
                .to_owned()
        }
        Way::Mutex => {
            "the object's lock lets one worker at a time change the count; taking it costs an atomic instruction \
             and letting go of it another, for every change: with many small locks instead of one CPython 1.5 ran at \
             about half the speed (Greg Stein's patch, 1999)"
                .to_owned()
        }
        Way::Atomic => {
            "each change is one step that nothing can come in between, but it costs several plain ones even where \
             nobody else wants the object; the Gilectomy of 2016 did so, and one thread became some 30 % slower"
                .to_owned()
        }
        Way::Biased => {
            "the owner's count is plain and the others' atomic, and they are merged when the owner is done; as most \
             objects are used by one thread only, most changes cost little: CPython has it in its free-threaded \
             build from 3.13t on (PEP 703)"
                .to_owned()
        }
        Way::Deferred => {
            "each thread has a count of its own and they are added up at the end, so nothing is shared meanwhile; but \
             until then nobody can tell whether the object is in use, so it is for what lives long anyway: PEP 703 defers \
             the counts of functions, modules and the like (3.13t makes them immortal instead), and 3.14t counts \
             references to types in each thread"
                .to_owned()
        }
        Way::Immortal => {
            "the mark in the count is looked at and never written, so there is nothing to lose and no cache line that \
             moves; None, True, small integers and the like are immortal since CPython 3.12 (PEP 683)"
                .to_owned()
        }
        Way::Rc => {
            "an Rc counts without protection and is safe all the same, because the compiler refuses to let it go to \
             another thread; Python has no such compiler"
                .to_owned()
        }
        Way::Arc => {
            "an Arc counts atomically, as refcount --count atomic does, and so may be shared between threads"
                .to_owned()
        }
    };
    let next = match way {
        Way::Plain if load.workers.get() == 1 => {
            let two = Workload {
                workers: NonZeroUsize::MIN.saturating_add(1),
                objects: Objects::Shared,
                ..load.clone()
            };
            format!("refcount --count plain {}", two.arguments(Group::References))
        }
        Way::Arc => format!("refcount --threads {}", load.workers),
        _ => {
            let next =
                Way::ALL.iter().skip_while(|&&other| other != way).nth(1).copied().unwrap_or(Way::Plain);
            let objects = if next == Way::Rc { Objects::Own } else { load.objects };
            let load = Workload { objects, ..load.clone() };
            format!("refcount --count {} {}", next.name(), load.arguments(Group::References))
        }
    };
    Explanation { why, next }
}
