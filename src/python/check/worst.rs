//! The schedule that says most of a program, among those that end otherwise than orders of whole iterations do.

use super::allowed::is_allowed;
use super::ending::Ending;
use super::finding::{Kind, Shows};
use super::order::{Mark, Order};
use super::pause::{Bounds, Switching, Told, Unfinished};
use super::search::{Endings, Search};
use super::state::State;
use super::sync::MOST_THREADS;
use super::unit::is_round;
use super::witness::Record;
use crate::python::program::module::Module;

/// The most endings that are looked at for one that is more than another.
const MOST_ENDINGS: usize = 40;

/// The most instructions of a search for all endings.
const MOST_STEPS: u64 = 6_000_000;

/// The schedule that says most.
pub(super) struct Worst {
    /// What it shows.
    pub(super) kind: Kind,
    /// How it ends.
    pub(super) ending: Ending,
    order: Order,
    /// What has to be added to the reason.
    pub(super) remark: String,
    /// Whether every thread goes on by what is so.
    up_to_date: bool,
}

impl Worst {
    /// Among the endings up to the first that is not expected; nothing if all are. Where that first one may be right, the others are
    /// looked at, too.
    pub(super) fn of(
        search: &mut Search<'_>,
        endings: &Endings,
        expected: &[Ending],
        bounds: &Bounds<'_>,
    ) -> Result<Option<Self>, Unfinished> {
        // A search in depth may have taken all that there was.
        let bounds = &Bounds { steps: bounds.steps.max(search.steps.saturating_add(MOST_STEPS)), ..*bounds };
        let unexpected = || endings.iter().filter(|(ending, _)| !ending.is_among(expected));
        // One that can be seen in what is printed or raised tells more.
        let seen = unexpected().find(|(ending, _)| expected.iter().all(|known| !known.looks_like(ending)));
        let Some(first) = seen.or_else(|| unexpected().next()) else { return Ok(None) };
        let mut first = Self::new(search, first, expected, bounds)?;
        if first.kind != Kind::Differs {
            return Ok(Some(first));
        }
        // An order is played back with the pauses with which it was found.
        let (shared, guarded) = (search.shared().clone(), search.guarded().clone());
        let more = Bounds { steps: search.steps.saturating_add(MOST_STEPS), ..*bounds };
        let all = match search.run(&more, None) {
            Ok(all) => all,
            Err(Unfinished::Limit(limit)) => {
                search.share(shared, guarded);
                first.remark = format!("; not every schedule was tried: {limit}");
                return Ok(Some(first));
            }
            Err(error) => return Err(error),
        };
        let mut others: Vec<(Shows, &(Ending, Order))> = all
            .iter()
            .filter_map(|found| Shows::of(&found.0, expected).map(|shows| (shows, found)))
            .collect();
        others.sort_by_key(|(shows, _)| (shows.kind == Kind::Loses, shows.reordered, !shows.visible));
        for (_, found) in others.iter().take(MOST_ENDINGS).filter(|(shows, _)| !shows.reordered) {
            let other = Self::new(search, found, expected, bounds)?;
            if other.kind != Kind::Differs {
                return Ok(Some(other));
            }
        }
        let again = others.iter().find(|(_, (ending, _))| *ending == first.ending).or_else(|| others.first());
        again.map(|(_, found)| Self::new(search, found, expected, bounds)).transpose()
    }

    /// What an order shows, with as few switches as show it.
    fn new(
        search: &mut Search<'_>,
        (ending, order): &(Ending, Order),
        expected: &[Ending],
        bounds: &Bounds<'_>,
    ) -> Result<Self, Unfinished> {
        let shows = Shows::of(ending, expected);
        // With fewer switches a loop may go round more often than it has in any order that it is held against.
        let few_rounds = search.assumed.few_rounds;
        let as_much =
            |other: &Ending| if few_rounds { other == ending } else { Shows::of(other, expected) == shows };
        let found = (ending.clone(), order.clone());
        // What never ends cannot be carried out to its end.
        let (ending, order) = if ending.spins.is_empty() {
            search.with_fewer_switches(found, &as_much, bounds)?
        } else {
            found
        };
        let kind = shows.map_or(Kind::Exact, |shows| shows.kind);
        let mut worst = Self { kind, ending, order, remark: String::new(), up_to_date: false };
        if kind == Kind::Loses {
            let (mut record, state) = worst.played(search, bounds)?;
            let allowed = may_be_right(search, (&worst.order, &mut record, &state), bounds)?;
            worst.up_to_date = record.up_to_date;
            if allowed || shows.is_some_and(|shows| shows.reordered) {
                worst.kind = Kind::Differs;
            }
        }
        Ok(worst)
    }

    /// How often a thread goes round a loop that has no end of its own, at most.
    pub(super) fn rounds(&self, search: &mut Search<'_>, bounds: &Bounds<'_>) -> Result<u8, Unfinished> {
        let bounds = Bounds { steps: u64::MAX, ..*bounds };
        let mut rounds = [0_u8; MOST_THREADS];
        search.replay(&self.order, &bounds, &mut |machine, thread, told| {
            if matches!(told, Told::After(_)) && is_round(machine, thread) == Some(true) {
                rounds[thread] = rounds[thread].saturating_add(1);
            }
        })?;
        Ok(rounds.into_iter().max().unwrap_or(0))
    }

    /// What is done in it, and the state that it leaves.
    pub(super) fn played(
        &self,
        search: &mut Search<'_>,
        bounds: &Bounds<'_>,
    ) -> Result<(Record, State), Unfinished> {
        // What was found may have taken all that there was.
        let bounds = Bounds { steps: u64::MAX, ..*bounds };
        let mut record = Record::default();
        record.up_to_date = self.up_to_date;
        let state = search
            .replay(&self.order, &bounds, &mut |machine, thread, told| record.note(machine, thread, told))?;
        record.go_on(search.module(), &state);
        Ok((record, state))
    }
}

/// The worst of what can happen beside what is expected. An end that takes more rounds of a loop than the orders have is held against
/// orders with as many, too, which are expected then.
pub(super) fn of(
    search: &mut Search<'_>,
    module: &Module,
    expected: &mut Vec<Ending>,
    bounds: &Bounds<'_>,
) -> Result<Option<Worst>, Unfinished> {
    let mut rounds = module.rounds;
    loop {
        let endings = search.run(bounds, Some(expected))?;
        let Some(worst) = Worst::of(search, &endings, expected, bounds)? else { return Ok(None) };
        let needed = if search.assumed.few_rounds { worst.rounds(search, bounds)? } else { 0 };
        if needed <= rounds {
            return Ok(Some(worst));
        }
        rounds = needed;
        let more = Module { rounds, ..module.clone() };
        let serial = match Search::new(&more, Switching::Iterations).run(bounds, None) {
            Err(Unfinished::Limit(_)) => return Ok(Some(worst)),
            serial => serial?,
        };
        for (ending, _) in serial {
            if ending.waiting.is_empty() && !expected.contains(&ending) {
                expected.push(ending);
            }
        }
        if !worst.ending.is_among(expected) {
            return Ok(Some(worst));
        }
    }
}

/// Whether an order that was carried out, with this record and to this state, may be right: no thread goes on by what is no longer so, which
/// is noted in the record, and what they do to each other they are allowed to.
pub(super) fn may_be_right(
    search: &mut Search<'_>,
    (order, record, state): (&[Mark], &mut Record, &State),
    bounds: &Bounds<'_>,
) -> Result<bool, Unfinished> {
    let bounds = Bounds { steps: u64::MAX, ..*bounds };
    record.up_to_date = !search.goes_by_what_was(order, &bounds)?;
    Ok(record.up_to_date && is_allowed(&record.events(), state, &search.conflicts))
}
