//! Drafts to drafts: jumps that lead to jumps, code that is never reached, conditional jumps that go back.

use super::super::instruction::{Op, ProgramOp};
use super::compiler::{Draft, Scope};
use crate::python::version::Handlers;

/// `optimize_basic_block` (2.7 to 3.9: `peephole.c`): a jump that keeps its value and goes to a test of that value goes on
/// to where that test leads. What was a silent jump may so become one that looks.
pub(super) fn thread_jumps(scope: &mut Scope<'_>) {
    let line = |draft: &Draft| draft.position.map(|position| position.line);
    for index in (0..scope.drafts.len()).rev() {
        for _ in 0..scope.drafts.len() {
            let Op::JumpOrPop(when, label) = scope.drafts[index].op else {
                break;
            };
            let at = scope.labels[label];
            let Some(target) = scope.drafts.get(at) else {
                break;
            };
            if line(target) != line(&scope.drafts[index]) {
                break;
            }
            let op = match target.op {
                Op::JumpOrPop(same, next) if same == when && next != label => Op::JumpOrPop(when, next),
                Op::JumpOrPop(same, _) if same != when => {
                    scope.labels.push(at + 1);
                    Op::PopJump(when, scope.labels.len() - 1)
                }
                Op::PopJump(same, next) if same == when => Op::PopJump(when, next),
                _ => break,
            };
            let opcode = if matches!(op, Op::PopJump(..)) { "POP_JUMP" } else { "JUMP_OR_POP" };
            scope.drafts[index].op = op;
            scope.drafts[index].opcode = opcode;
        }
    }
}

pub(super) fn reachable(scope: &Scope<'_>) -> Vec<bool> {
    let handlers = scope.guarded.iter().map(|guarded| scope.labels[guarded.target]);
    reached_from(scope, std::iter::once(0).chain(handlers).collect())
}

fn reached_from(scope: &Scope<'_>, mut open: Vec<usize>) -> Vec<bool> {
    let mut seen = vec![false; scope.drafts.len()];
    while let Some(index) = open.pop() {
        let Some(draft) = scope.drafts.get(index) else {
            continue;
        };
        if std::mem::replace(&mut seen[index], true) {
            continue;
        }
        if let Some(label) = draft.op.target() {
            open.push(scope.labels[label]);
        }
        if !matches!(draft.op, Op::Jump(_) | Op::BreakLoop(..)) && !exits(&draft.op) {
            open.push(index + 1);
        }
    }
    // What ends a loop is skipped by `FOR_ITER`, yet CPython keeps it; it stands before the place that is jumped to.
    for (index, draft) in scope.drafts.iter().enumerate() {
        if matches!(draft.op, Op::LoopEnd) {
            seen[index] = true;
        }
    }
    seen
}

/// Whether it leaves the function, or what is guarded.
const fn exits(op: &Op) -> bool {
    matches!(
        op,
        Op::Return
            | Op::ReturnConst(_)
            | Op::Program(ProgramOp::Raise | ProgramOp::Reraise | ProgramOp::FailAssertion(_))
    )
}

/// From 3.12 on what only an exception leads to stands at the end (`push_cold_blocks_to_end`), so that a jump out of it goes back, but
/// for one to a few instructions that leave the function: it has a copy of those instead (`inline_small_exit_blocks`).
pub(super) fn mark_jumps_back(scope: &mut Scope<'_>, handlers: Handlers) {
    let warm = reached_from(scope, vec![0]);
    for index in (0..scope.drafts.len()).filter(|&index| !warm[index]) {
        let Op::Jump(label) = scope.drafts[index].op else { continue };
        let target = scope.labels[label];
        scope.drafts[index].goes_back =
            warm.get(target).is_some_and(|warm| *warm) && !is_small_exit(scope, target, handlers);
    }
}

/// The most instructions of which a copy is made (`MAX_COPY_SIZE`).
const MOST_COPIED: usize = 4;

/// Whether so few instructions from there on leave the function, and nothing leads in between.
fn is_small_exit(scope: &Scope<'_>, from: usize, handlers: Handlers) -> bool {
    let begins_block = |index: usize| {
        let is_target = |draft: &Draft| draft.op.target().is_some_and(|label| scope.labels[label] == index);
        let is_guarded = scope.guarded.iter().any(|guarded| scope.labels[guarded.start] == index);
        is_guarded || scope.drafts.iter().any(is_target)
    };
    let mut count = 0;
    for (index, draft) in scope.drafts.iter().enumerate().skip(from).take(MOST_COPIED) {
        if draft.op.target().is_some() || (index > from && begins_block(index)) {
            return false;
        }
        // 3.12 counts what is left of them in the end, later versions what the compiler has made of them at first.
        let is_two = draft.opcode == "RETURN_CONST" || draft.argument.ends_with("+ NULL");
        count += if is_two && handlers == Handlers::AtEndNoInterrupt { 2 } else { 1 };
        if exits(&draft.op) {
            return count <= MOST_COPIED;
        }
    }
    false
}

/// Code under way: drafts with labels, and where the original drafts have gone.
pub(super) struct Moved<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) moved: Vec<usize>,
}

pub(super) fn keep<'a>(mut scope: Scope<'a>, reachable: &[bool]) -> Moved<'a> {
    let mut moved = Vec::with_capacity(reachable.len() + 1);
    let mut count = 0;
    for &kept in reachable {
        moved.push(count);
        count += usize::from(kept);
    }
    moved.push(count);
    let mut kept = reachable.iter();
    scope.drafts.retain(|_| kept.next().copied().unwrap_or(false));
    relabel(&mut scope, &moved);
    drop_empty_jumps(Moved { scope, moved })
}

fn relabel(scope: &mut Scope<'_>, moved: &[usize]) {
    for label in &mut scope.labels {
        *label = moved.get(*label).copied().unwrap_or(usize::MAX);
    }
}

/// A jump to the next instruction is none.
fn drop_empty_jumps(code: Moved<'_>) -> Moved<'_> {
    let Moved { mut scope, mut moved } = code;
    loop {
        let Some(index) = scope.drafts.iter().enumerate().position(
            |(index, draft)| matches!(draft.op, Op::Jump(label) if scope.labels[label] == index + 1 && !draft.goes_back),
        ) else {
            return Moved { scope, moved };
        };
        scope.drafts.remove(index);
        for place in scope.labels.iter_mut().chain(&mut moved) {
            if *place > index && *place != usize::MAX {
                *place -= 1;
            }
        }
    }
}

/// From 3.12 on a conditional jump goes forward only: one that went back skips a `JUMP_BACKWARD` instead
/// (`normalize_jumps_in_block`).
pub(super) fn invert_backward<'a>(scope: Scope<'a>, reachable: &[bool]) -> Moved<'a> {
    let Moved { mut scope, mut moved } = keep(scope, reachable);
    let mut index = 0;
    while index < scope.drafts.len() {
        let inverted = match scope.drafts[index].op {
            Op::PopJump(when, label) if scope.labels[label] <= index => Some((false, when, label)),
            Op::PopJumpNone(when, label) if scope.labels[label] <= index => Some((true, when, label)),
            _ => None,
        };
        if let Some((none, when, back)) = inverted {
            for place in scope.labels.iter_mut().chain(&mut moved) {
                if *place > index && *place != usize::MAX {
                    *place += 1;
                }
            }
            let skip = scope.labels.len();
            scope.labels.push(index + 2);
            scope.drafts[index].op =
                if none { Op::PopJumpNone(!when, skip) } else { Op::PopJump(!when, skip) };
            let position = scope.drafts[index].position;
            scope.drafts.insert(
                index + 1,
                Draft {
                    op: Op::Jump(back),
                    opcode: "JUMP",
                    argument: String::new(),
                    position,
                    goes_back: false,
                    part: scope.drafts[index].part,
                },
            );
            index += 1;
        }
        index += 1;
    }
    Moved { scope, moved }
}
