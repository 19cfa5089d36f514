//! The order in which threads take their turns.

/// Which thread runs to where a switch matters, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The thread: 0 is the main thread.
    pub(super) thread: u8,
    /// Whether the time limit of what it waits for comes.
    pub(super) expires: bool,
    /// Which of the sleepers whose locks it lets go take these, a bit for each.
    pub(super) takers: u8,
}

impl Mark {
    /// That a thread runs by itself.
    pub(super) fn of(thread: usize) -> Self {
        Self { thread: u8::try_from(thread).unwrap_or(u8::MAX), expires: false, takers: 0 }
    }
}

/// Threads in their order.
pub(super) type Order = Vec<Mark>;

/// The turns in which a state was reached first, by the state before each and what was done there.
pub(super) fn order(from: &[(u32, Mark)], mut number: u32) -> Order {
    let mut order = Vec::new();
    while number != 0 {
        let (before, mark) = from[number as usize];
        order.push(mark);
        number = before;
    }
    order.reverse();
    order
}

/// The runs of an order: who runs in the same way, and how many turns in a row.
pub(super) fn runs(order: &[Mark]) -> Vec<(Mark, usize)> {
    order.chunk_by(|one, next| one == next).map(|run| (run[0], run.len())).collect()
}
