//! When a worker of a race gives up its CPU in the middle of an update.
//!
//! With fewer CPUs than workers they hardly ever meet between a load and its store. Yielding the CPU there once in a
//! while makes sure that they do (*widening* the window).

use crate::system::control::{BLOCK, Control};
use std::num::NonZeroU64;

/// A part of a worker's updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch {
    /// So many, as they are.
    Plain(u64),
    /// One in the middle of which the CPU is given up.
    Widened,
}

/// Does all updates of a worker, every `widen`th of them widened, until a stop is asked for.
pub fn run(
    control: &Control,
    worker: usize,
    updates: u64,
    widen: Option<NonZeroU64>,
    mut work: impl FnMut(Stretch),
) {
    let every = widen.map_or(u64::MAX, NonZeroU64::get);
    let mut until_widened = every;
    for block in control.blocks(worker, updates, every.min(BLOCK)) {
        if block < until_widened {
            work(Stretch::Plain(block));
            until_widened -= block;
        } else {
            // A block never passes the next widened update by more than its own length.
            work(Stretch::Plain(until_widened - 1));
            work(Stretch::Widened);
            let rest = block - until_widened;
            work(Stretch::Plain(rest));
            until_widened = every - rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_updates_are_done_and_every_nth_is_widened(updates in 0_u64..50_000, widen in 1_u64..30_000) {
            let (mut done, mut widened) = (0, Vec::new());
            run(&Control::default(), 0, updates, NonZeroU64::new(widen), |stretch| match stretch {
                Stretch::Plain(number) => done += number,
                Stretch::Widened => {
                    done += 1;
                    widened.push(done);
                }
            });
            prop_assert_eq!(done, updates);
            prop_assert_eq!(widened, (1..=updates / widen).map(|number| number * widen).collect::<Vec<_>>());
        }
    }
}
