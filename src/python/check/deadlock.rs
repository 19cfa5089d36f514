//! What threads that wait without end wait for.

use std::collections::BTreeMap;

use super::event::{Event, name_of};
use super::machine::{Access, Use};
use super::state::{Object, Part, State, Value};

/// What nobody does, as it is told.
pub const NEVER: &str = "what never comes";

/// A lock that whoever waits for it has.
const OWN: &str = "a lock that it holds itself";

/// In a sentence, of the threads that wait.
pub(super) fn told(events: &[Event], state: &State, waiting: &[usize]) -> String {
    let waiting = &those_that_count(events, state, waiting)[..];
    let owners: BTreeMap<usize, usize> =
        waiting.iter().filter_map(|&thread| Some((thread, owner(events, state, thread)?))).collect();
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for &thread in waiting {
        let what = match owners.get(&thread) {
            Some(&owner) if owner == thread => OWN.to_owned(),
            Some(_) if is_in_a_circle(&owners, thread) => "each other".to_owned(),
            Some(&owner) => format!("a lock that {} has not released", name_of(state, owner)),
            None => NEVER.to_owned(),
        };
        match groups.iter_mut().find(|(known, _)| *known == what) {
            Some((_, threads)) => threads.push(name_of(state, thread)),
            None => groups.push((what, vec![name_of(state, thread)])),
        }
    }
    let mut parts = Vec::new();
    for (what, threads) in groups {
        let verb = match (parts.is_empty(), threads.len()) {
            (true, 1) => " waits",
            (true, _) => " wait",
            (false, _) => "",
        };
        let each = if threads.len() > 1 && what == OWN { ", each" } else { "" };
        parts.push(format!("{}{verb}{each} for {what}", threads.join(" and ")));
    }
    parts.join(", and ")
}

/// Without the main thread if it only waits for others to end. A daemon counts only where the main thread waits for its end, or for what it
/// holds.
fn those_that_count(events: &[Event], state: &State, waiting: &[usize]) -> Vec<usize> {
    let (daemons, others): (Vec<usize>, Vec<usize>) =
        waiting.iter().filter(|thread| **thread > 0).partition(|thread| state.threads[**thread].daemon);
    let joined: Vec<usize> = daemons.iter().copied().filter(|daemon| is_joined(state, *daemon)).collect();
    if !others.is_empty() || !joined.is_empty() {
        return [others, joined].concat();
    }
    let holder = owner(events, state, 0);
    std::iter::once(0).chain(daemons.into_iter().filter(|daemon| holder == Some(*daemon))).collect()
}

/// Whether the main thread is about to join a thread.
fn is_joined(state: &State, thread: usize) -> bool {
    let stack = state.threads[0].frames.last().map_or(&[][..], |frame| &frame.stack);
    stack.iter().any(|value| {
        let Value::Ref(at) = value else { return false };
        let Object::NativeMethod(Value::Ref(of), _) = state.object(*at) else { return false };
        let Object::Instance { part: Part::Thread(part), .. } = state.object(*of) else { return false };
        part.number.is_some_and(|number| usize::from(number) == thread)
    })
}

/// Who holds the lock that a thread waits for.
fn owner(events: &[Event], state: &State, thread: usize) -> Option<usize> {
    let last = events.iter().rev().find(|event| event.thread == thread)?;
    let owner = |access: &Access| match access.object.map(|at| state.object(at)) {
        Some(Object::Lock(Some(owner)) | Object::RLock(Some(owner), _)) if access.how == Use::Wait => {
            Some(usize::from(*owner))
        }
        _ => None,
    };
    last.accesses.iter().find_map(owner)
}

/// Whether those who hold what each of them waits for come round to the thread.
fn is_in_a_circle(owners: &BTreeMap<usize, usize>, thread: usize) -> bool {
    let circle = std::iter::successors(owners.get(&thread), |next| owners.get(next));
    circle.take(owners.len()).any(|&next| next == thread)
}
