//! In which order lines are printed, and whether two can be printed at once, as far as the schedules of a search show it.
//!
//! A thread runs in stretches, from one place where a switch matters to the next. What it prints in one before it gets at anything
//! shared it can print at any time while others run; and when it has printed last, it may be at it still. So two prints can be under way
//! at once where a thread prints while another one is at such a place.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// The most threads that have a bit of their own; those beyond share the last.
const BITS: usize = 32;

/// The bit of a thread.
fn bit(thread: usize) -> u32 {
    1 << thread.min(BITS - 1)
}

/// What a thread prints in a stretch.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Stretch {
    /// Whether it gets at something shared.
    touches: bool,
    prints: bool,
    /// Whether it prints before it gets at something shared.
    first: bool,
    /// Whether it gets at nothing shared after it has printed.
    last: bool,
}

impl Stretch {
    /// Takes note of an instruction: whether it prints, and whether it gets at something shared.
    pub(super) const fn note(&mut self, prints: bool, touches: bool) {
        self.touches |= touches;
        if prints {
            self.prints = true;
            self.first |= !self.touches;
            self.last = true;
        } else if touches {
            self.last = false;
        }
    }
}

/// A stretch that leads from a state to another.
#[derive(Debug)]
struct Move {
    from: u32,
    to: u32,
    thread: u32,
    stretch: Stretch,
}

/// What is printed on the way to each state of a search.
#[derive(Debug, Default)]
pub(super) struct Prints {
    moves: Vec<Move>,
    /// A hash of what was printed on the way to each state, in order.
    texts: Vec<u64>,
    /// The same by a hash of the lines without their order.
    by_lines: FxHashMap<u64, u64>,
    /// What each thread prints, by its bit: one line, always the same, or others as well.
    lines_of: FxHashMap<u32, Line>,
    reordered: bool,
}

/// What a thread prints.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Line {
    Always(Box<str>),
    Several,
}

/// What can be at once of what threads print.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Overlap {
    /// Whether two threads can print at once.
    pub(super) at_once: bool,
    /// Whether it shows in the order of lines: two that print the same line show it in nothing.
    pub(super) differing: bool,
}

impl Prints {
    /// Takes note of a thread's stretch: what it printed in it, and the lines that there are then, sorted.
    pub(super) fn note(
        &mut self,
        (from, to): (u32, u32),
        thread: usize,
        stretch: Stretch,
        output: &str,
        lines: &[Arc<str>],
    ) {
        if self.texts.is_empty() {
            self.texts.push(0);
        }
        // However a text is divided, its hash is the same.
        let add = |hash: u64, byte: u8| hash.wrapping_mul(0x0100_0000_01b3).wrapping_add(1 + u64::from(byte));
        let text = output.bytes().fold(self.texts[from as usize], add);
        match self.texts.get(to as usize) {
            Some(&known) => self.reordered |= known != text,
            None => self.texts.push(text),
        }
        if stretch.prints {
            for text in output.lines() {
                let line = self.lines_of.entry(bit(thread)).or_insert_with(|| Line::Always(text.into()));
                if *line != Line::Always(text.into()) {
                    *line = Line::Several;
                }
            }
            let mut hasher = DefaultHasher::new();
            lines.hash(&mut hasher);
            self.reordered |= *self.by_lines.entry(hasher.finish()).or_insert(text) != text;
        }
        self.moves.push(Move { from, to, thread: bit(thread), stretch });
    }

    /// Whether some schedules print the same lines in different orders.
    pub(super) const fn reordered(&self) -> bool {
        self.reordered
    }

    /// Whether two threads can print at once, and whether that shows in the order of lines.
    pub(super) fn overlap(&self) -> Overlap {
        // Who can print at once, or may be at it still, by the state.
        let mut at_it = vec![0; self.texts.len()];
        let mut still = vec![0; self.texts.len()];
        for it in self.moves.iter().filter(|it| it.stretch.first) {
            at_it[it.from as usize] |= it.thread;
        }
        let mut known = false;
        while !known {
            known = true;
            for it in &self.moves {
                let own = if it.stretch.last { it.thread } else { 0 };
                let there = still[it.to as usize] | (still[it.from as usize] & !it.thread) | own;
                known &= there == std::mem::replace(&mut still[it.to as usize], there);
            }
        }
        let others = |it: &Move| (at_it[it.from as usize] | still[it.from as usize]) & !it.thread;
        let mut overlap = Overlap::default();
        for it in self.moves.iter().filter(|it| it.stretch.prints && others(it) != 0) {
            overlap.at_once = true;
            let own = self.lines_of.get(&it.thread);
            let same = |line: &Line| matches!(line, Line::Always(_)) && own == Some(line);
            overlap.differing |= self.lines_of.iter().any(|(bit, line)| others(it) & bit != 0 && !same(line));
        }
        overlap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of moves from one state to another, each by a thread that does so: prints (`p`) or gets at something shared (`s`), in order.
    fn prints(moves: &[(u32, u32, usize, &str)]) -> Prints {
        let mut prints = Prints::default();
        for &(from, to, thread, what) in moves {
            let mut stretch = Stretch::default();
            what.chars().for_each(|it| stretch.note(it == 'p', it == 's'));
            let output = format!("{thread}").repeat(what.matches('p').count());
            prints.note((from, to), thread, stretch, &output, &[]);
        }
        prints
    }

    #[test]
    fn prints_are_at_once_where_nothing_orders_them() {
        for (moves, at_once) in [
            // Both can print from the beginning.
            (&[(0, 1, 1, "ps"), (0, 2, 2, "ps")][..], true),
            // One gives the other a sign, and then has printed.
            (&[(0, 1, 1, "ps"), (1, 2, 2, "sp")], false),
            (&[(0, 1, 1, "sp"), (1, 2, 1, "s"), (2, 3, 2, "sp")], false),
            // It may be at it still while others move.
            (&[(0, 1, 1, "sp"), (1, 2, 2, "s"), (2, 3, 2, "sp")], true),
            (&[(0, 1, 1, "sp"), (1, 2, 1, "p")], false),
        ] {
            assert_eq!(prints(moves).overlap().at_once, at_once, "{moves:?}");
        }
    }

    #[test]
    fn an_order_is_another_where_the_same_lines_stand_otherwise() {
        assert!(prints(&[(0, 1, 1, "p"), (0, 2, 2, "p"), (1, 3, 2, "p"), (2, 3, 1, "p")]).reordered());
        assert!(!prints(&[(0, 1, 1, "s"), (0, 2, 2, "s"), (1, 3, 2, "s"), (2, 3, 1, "s")]).reordered());
    }
}
