//! Drafts to instructions: labels become places, jumps get their names, each instruction its look at the eval breaker.

use super::super::instruction::{Code, HandlerRange, Instruction, LoopRange, Op};
use super::{
    compiler::{Compiler, NO_INTERRUPT, Scope, Space},
    jumps::{Moved, invert_backward, keep, mark_jumps_back, reachable, thread_jumps},
};
use crate::python::version::{Check, Facts, Handlers, Jumps};

impl Compiler<'_> {
    /// Ends the innermost function: its code, and where each draft has gone.
    pub(super) fn finish(&mut self) -> (Code, Vec<usize>) {
        match self.functions.pop() {
            Some(scope) => assemble(scope, self.facts),
            None => (Code::default(), Vec::new()),
        }
    }
}

/// Threads jumps, drops what cannot be reached, spells the jumps and looks up where the GIL may be dropped.
fn assemble(mut scope: Scope<'_>, facts: &Facts) -> (Code, Vec<usize>) {
    thread_jumps(&mut scope);
    if facts.shape.handlers != Handlers::InPlace {
        mark_jumps_back(&mut scope, facts.shape.handlers);
    }
    let reachable = reachable(&scope);
    if facts.shape.jumps == Jumps::ForwardOnly {
        return to_instructions(invert_backward(scope, &reachable), facts);
    }
    to_instructions(keep(scope, &reachable), facts)
}

fn to_instructions(code: Moved<'_>, facts: &Facts) -> (Code, Vec<usize>) {
    let Moved { mut scope, moved } = code;
    let mut instructions = Vec::with_capacity(scope.drafts.len());
    let mut before = "";
    let drafts = std::mem::take(&mut scope.drafts);
    let skipped: Vec<bool> = drafts.iter().map(|draft| matches!(draft.op, Op::LoopEnd)).collect();
    // CPython's FOR_ITER names the END_FOR, and goes on behind it.
    let named = |mut target: usize| {
        while target > 0 && skipped[target - 1] {
            target -= 1;
        }
        target
    };
    for (index, draft) in drafts.into_iter().enumerate() {
        let target = draft.op.target().map(|label| scope.labels[label]);
        let back = draft.goes_back || target.is_some_and(|target| target <= index);
        let opcode = match jump_name(&draft.op, back, facts.shape.jumps) {
            Some("JUMP_BACKWARD") if draft.opcode == NO_INTERRUPT => "JUMP_BACKWARD_NO_INTERRUPT",
            Some(name) => name,
            None => draft.opcode,
        };
        let check = match (&draft.op, facts.drop.check(opcode)) {
            (_, Check::Call) if facts.drop.silent_after.contains(&before) => Check::Never,
            // A jump that cannot be taken by exception, or a call that is none: the name decides.
            (Op::EnterWith | Op::ExitWith, Check::Call) => Check::Always,
            (_, check) => check,
        };
        let mut op = draft.op;
        let mut argument = draft.argument;
        if let Some(target) = target {
            op.set_target(target);
            let shown = if matches!(op, Op::ForIter(_)) { named(target) } else { target };
            argument = format!("to {shown}");
        }
        before = opcode;
        instructions.push(Instruction {
            op,
            opcode,
            argument,
            check,
            defers: facts.drop.deferred_before.contains(&opcode),
            position: draft.position,
            part: draft.part,
        });
    }
    let at = |label: &usize| scope.labels.get(*label).copied().unwrap_or(usize::MAX);
    let handlers = scope
        .guarded
        .iter()
        .map(|guarded| HandlerRange {
            range: (at(&guarded.start), at(&guarded.end)),
            gaps: guarded.gaps.iter().map(|(start, end)| (at(start), at(end))).collect(),
            target: at(&guarded.target),
            depth: guarded.depth,
            handling: guarded.handling,
        })
        .collect();
    let loops = scope
        .loops
        .iter()
        .map(|one| {
            // Where a `continue` cannot be reached, its jump is gone.
            let goes_on = |end: &usize| matches!(instructions.get(*end).map(|it| &it.op), Some(Op::Jump(_)));
            let (behind, continues) =
                one.ends.split_last().map_or((None, &[][..]), |(last, rest)| (Some(last), rest));
            LoopRange {
                range: (at(&one.head), at(&one.end)),
                ends: continues.iter().map(at).filter(goes_on).chain(behind.map(at)).collect(),
                endless: one.endless,
                line: one.line,
            }
        })
        .collect();
    let cells = if scope.space == Space::Body {
        Vec::new()
    } else {
        let slots = scope.locals[..scope.own_variables].iter().enumerate();
        slots
            .filter(|(_, name)| scope.cells.contains(*name))
            .filter_map(|(slot, _)| u16::try_from(slot).ok())
            .collect()
    };
    (
        Code {
            name: scope.name,
            parameters: scope.parameters,
            locals: scope.locals,
            captures: scope.captures,
            instructions,
            cells,
            handlers,
            loops,
            generator: scope.generator,
            stars: scope.stars,
        },
        moved,
    )
}

/// How a jump is spelt, which depends on its direction.
const fn jump_name(op: &Op, back: bool, jumps: Jumps) -> Option<&'static str> {
    Some(match (op, jumps, back) {
        (Op::Jump(_), _, false) => "JUMP_FORWARD",
        (Op::Jump(_), Jumps::Absolute, true) => "JUMP_ABSOLUTE",
        (Op::Jump(_), _, true) => "JUMP_BACKWARD",
        (Op::PopJump(true, _), Jumps::Directed, false) => "POP_JUMP_FORWARD_IF_TRUE",
        (Op::PopJump(false, _), Jumps::Directed, false) => "POP_JUMP_FORWARD_IF_FALSE",
        (Op::PopJump(true, _), Jumps::Directed, true) => "POP_JUMP_BACKWARD_IF_TRUE",
        (Op::PopJump(false, _), Jumps::Directed, true) => "POP_JUMP_BACKWARD_IF_FALSE",
        (Op::PopJump(true, _), _, _) => "POP_JUMP_IF_TRUE",
        (Op::PopJump(false, _), _, _) => "POP_JUMP_IF_FALSE",
        (Op::PopJumpNone(true, _), Jumps::Directed, false) => "POP_JUMP_FORWARD_IF_NONE",
        (Op::PopJumpNone(false, _), Jumps::Directed, false) => "POP_JUMP_FORWARD_IF_NOT_NONE",
        (Op::PopJumpNone(true, _), Jumps::Directed, true) => "POP_JUMP_BACKWARD_IF_NONE",
        (Op::PopJumpNone(false, _), Jumps::Directed, true) => "POP_JUMP_BACKWARD_IF_NOT_NONE",
        (Op::PopJumpNone(true, _), _, _) => "POP_JUMP_IF_NONE",
        (Op::PopJumpNone(false, _), _, _) => "POP_JUMP_IF_NOT_NONE",
        (Op::JumpOrPop(true, _), _, _) => "JUMP_IF_TRUE_OR_POP",
        (Op::JumpOrPop(false, _), _, _) => "JUMP_IF_FALSE_OR_POP",
        _ => return None,
    })
}
