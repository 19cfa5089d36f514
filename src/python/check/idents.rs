//! The idents of threads: numbers of which nothing is known but to which thread they were given.

use super::machine::{Machine, R, beyond};
use super::state::{Ident, Thread, Value};
use crate::python::version::Version;

/// What of a program asks for an ident.
const ASKS: [&str; 2] = ["get_ident", "ident"];

/// What stands for one in a text: between the marks of an unknown number.
pub(super) const IDENT: &str = "‹ident›";

impl Machine<'_> {
    /// Gives an ident to a thread that is about to start.
    ///
    /// It is what `pthread_self()` returns: the C library gives it again once a thread is gone. From 3.13 on that is when it was joined
    /// (gh-110829), before it is some time after it has ended.
    pub(super) fn give_ident(&self, thread: &mut Thread) {
        if !ASKS.iter().any(|&name| self.name_number(name).is_some()) {
            return;
        }
        let others = || self.state.threads.iter().zip(0u8..).filter(|(it, _)| it.process == thread.process);
        let first = u8::try_from(self.state.threads.len()).unwrap_or(u8::MAX);
        let by_join = self.module.version >= Version::V3_13;
        let is_gone = |it: &Thread| it.finished && (!by_join || it.joined);
        thread.ident = if by_join {
            let is_taken = |ident| others().any(|(it, _)| it.ident.first == ident && !is_gone(it));
            let free = others().map(|(it, _)| it.ident.first).find(|&ident| !is_taken(ident));
            Ident { first: free.unwrap_or(first), perhaps: 0 }
        } else {
            let perhaps =
                others().filter(|(it, _)| is_gone(it)).fold(0, |all, (_, number)| all | 1 << number);
            Ident { first, perhaps }
        };
    }

    pub(super) fn ident_of(&self, thread: usize) -> Value {
        Value::Ident(self.state.threads[thread].ident.first)
    }

    /// Whether two idents are the same.
    pub(super) fn same_ident(&self, one: u8, two: u8) -> R<bool> {
        let perhaps = |one: u8, two: u8| {
            self.state.threads.get(usize::from(one)).is_some_and(|it| it.ident.perhaps & 1 << two != 0)
        };
        if one != two && (perhaps(one, two) || perhaps(two, one)) {
            return beyond(
                "whether two threads have the same ident, of which one had ended when the other started: CPython may give it again \
                 (a thread's name is its own)",
            );
        }
        Ok(one == two)
    }
}
