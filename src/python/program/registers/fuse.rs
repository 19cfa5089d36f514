//! Peephole optimisation: adjacent instructions that no other worker can come between become one.

use super::machine::{Action, Lowered, OUT, RegisterInstruction, jump_target};

/// Joins neighbours that nobody can observe apart.
pub(super) fn fuse(mut lowered: Lowered, has_gil: bool) -> Lowered {
    loop {
        let mut is_target = vec![false; lowered.code.len() + 1];
        for instruction in &lowered.code {
            if let Some(target) = jump_target(instruction.action)
                && let Some(place) = is_target.get_mut(target as usize)
            {
                *place = true;
            }
        }
        let found = (0..lowered.code.len()).find_map(|at| {
            let fused = fused(&lowered.code[at..], has_gil)?;
            let inside = at + 1..at + fused.0;
            inside.clone().all(|at| !is_target[at]).then_some((at, fused))
        });
        let Some((at, (count, first))) = found else {
            return join_loops(lowered);
        };
        lowered.code[at] = first;
        lowered.code.drain(at + 1..at + count);
        lowered.origins.drain(at + 1..at + count);
        let gone = u32::try_from(count - 1).unwrap_or(0);
        for instruction in &mut lowered.code {
            if let Action::Jump(target) | Action::JumpIf(_, _, target) | Action::ForRange(_, _, target) =
                &mut instruction.action
                && *target as usize > at
                && *target != OUT
            {
                *target -= gone;
            }
        }
    }
}

/// Does the work of a loop's head where the loop goes on.
fn join_loops(mut lowered: Lowered) -> Lowered {
    for at in 0..lowered.code.len() {
        if let Action::Jump(head) = lowered.code[at].action
            && let Some(&RegisterInstruction { action: Action::ForRange(iterator, to, exit), look, .. }) =
                lowered.code.get(head as usize)
        {
            lowered.code[at] = RegisterInstruction {
                action: Action::Again(iterator, to, head + 1, exit),
                look,
                look_if_taken: false,
                look_first: lowered.code[at].look,
            };
            join_update(&mut lowered, at);
        }
    }
    lowered
}

/// A loop that does nothing but update x needs no more than one instruction.
fn join_update(lowered: &mut Lowered, again: usize) {
    let RegisterInstruction {
        action: Action::Again(iterator, to, body, exit), look: false, look_first, ..
    } = lowered.code[again]
    else {
        return;
    };
    let body = body as usize;
    // Without a GIL updates are not fused, so there is none here: others may come between any two instructions.
    let Some([RegisterInstruction { action: Action::UpdateX(by), look: false, .. }]) =
        lowered.code.get(body..again)
    else {
        return;
    };
    // The loop's own variable is another number each time.
    if *by != to {
        let action = Action::UpdateLoop(*by, iterator, to, exit);
        lowered.code[body] = RegisterInstruction { action, look: false, look_if_taken: false, look_first };
    }
}

/// What the first few instructions can be joined to, and how many they are.
pub(super) fn fused(code: &[RegisterInstruction], has_gil: bool) -> Option<(usize, RegisterInstruction)> {
    match code {
        // Stack places are read once, so that one which is not the target of the move is not needed.
        [
            RegisterInstruction { action: Action::ForRange(iterator, to, exit), look, .. },
            RegisterInstruction { action: Action::Move(variable, from), look: false, .. },
            ..,
        ] if to == from => Some((
            2,
            RegisterInstruction {
                action: Action::ForRange(*iterator, *variable, *exit),
                look: *look,
                look_if_taken: false,
                look_first: false,
            },
        )),
        [
            RegisterInstruction { action: Action::LoadX(loaded), look: false, .. },
            RegisterInstruction { action: Action::Add(sum, left, right), look: false, .. },
            RegisterInstruction { action: Action::StoreX(stored), look, .. },
            ..,
        ] if has_gil && sum == stored && (left == loaded) != (right == loaded) => Some((
            3,
            RegisterInstruction {
                action: Action::UpdateX(if left == loaded { *right } else { *left }),
                look: *look,
                look_if_taken: false,
                look_first: false,
            },
        )),
        _ => None,
    }
}
