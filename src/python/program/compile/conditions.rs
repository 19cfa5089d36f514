//! Tests: jumps on the truth of an expression, comparisons and their chains.

use super::super::{
    instruction::{Op, PartOf},
    operators::{CompareOp, UnaryOp},
    syntax::{Expr, ExprKind},
};
use super::compiler::{Compiler, Label, Result};

impl Compiler<'_> {
    /// Jumps if the test comes out as `when`: `compiler_jump_if`.
    pub(super) fn jump_if(&mut self, test: &Expr, target: Label, when: bool) -> Result<()> {
        if let Some(holds) = self.fold_truth(test) {
            if holds == when {
                let begun = self.scope().drafts.len();
                self.jump(target);
                // Up to 3.9 the line of such a test is run by nothing.
                if !self.facts.shape.precise_lines {
                    self.mark(&[], begun, PartOf::Nothing);
                }
            }
            return Ok(());
        }
        match &test.kind {
            ExprKind::Unary(UnaryOp::Not, operand) => self.jump_if(operand, target, !when),
            ExprKind::Bools(all, values) => {
                let stop = !*all;
                let Some((last, values)) = values.split_last() else {
                    return Ok(());
                };
                let short = if stop == when { target } else { self.label() };
                for value in values {
                    self.jump_if(value, short, stop)?;
                }
                self.jump_if(last, target, when)?;
                if short != target {
                    self.bind(short);
                }
                Ok(())
            }
            ExprKind::IfElse(test, body, orelse) => {
                let (other, end) = (self.label(), self.label());
                self.jump_if(test, other, false)?;
                self.jump_if(body, target, when)?;
                self.jump(end);
                self.bind(other);
                self.jump_if(orelse, target, when)?;
                self.bind(end);
                Ok(())
            }
            ExprKind::Compare(left, rest) if rest.len() > 1 => {
                let (cleanup, end) = (self.label(), self.label());
                self.chain(left, rest, |compiler| compiler.pop_jump(cleanup, false))?;
                self.pop_jump(target, when);
                self.jump(end);
                self.bind(cleanup);
                self.emit("POP_TOP", Op::PopTop, "");
                if !when {
                    self.jump(target);
                }
                self.bind(end);
                Ok(())
            }
            ExprKind::Compare(left, rest) if self.facts.shape.jump_if_none => match &rest[..] {
                [(op @ (CompareOp::Is | CompareOp::IsNot), right)] if right.kind == ExprKind::None => {
                    self.expr(left)?;
                    let when_none = (*op == CompareOp::Is) == when;
                    self.emit("POP_JUMP_IF_NONE", Op::PopJumpNone(when_none, target), "");
                    Ok(())
                }
                _ => {
                    self.expr(test)?;
                    self.pop_jump(target, when);
                    Ok(())
                }
            },
            _ => {
                self.expr(test)?;
                if !matches!(test.kind, ExprKind::Compare(..)) {
                    self.emit_to_bool();
                }
                self.pop_jump(target, when);
                Ok(())
            }
        }
    }

    pub(super) fn emit_to_bool(&mut self) {
        if self.facts.shape.to_bool {
            self.emit("TO_BOOL", Op::Nop, "");
        }
    }

    pub(super) fn pop_jump(&mut self, target: Label, when: bool) {
        self.emit("POP_JUMP", Op::PopJump(when, target), "");
    }

    /// The comparisons of a chain, with `stop` after all but the last.
    pub(super) fn chain(
        &mut self,
        left: &Expr,
        rest: &[(CompareOp, Expr)],
        mut stop: impl FnMut(&mut Self),
    ) -> Result<()> {
        self.expr(left)?;
        let last = rest.len().saturating_sub(1);
        for (index, (op, right)) in rest.iter().enumerate() {
            self.expr(right)?;
            if index < last {
                if self.facts.shape.copy_and_swap {
                    self.emit("SWAP", Op::Swap(2), "2");
                    self.emit("COPY", Op::Copy(2), "2");
                } else {
                    self.emit("DUP_TOP", Op::Copy(1), "");
                    self.emit("ROT_THREE", Op::RotThree, "");
                }
            }
            self.compare(*op);
            if index < last {
                stop(self);
            }
        }
        Ok(())
    }

    pub(super) fn compare(&mut self, op: CompareOp) {
        let opcode = match op {
            CompareOp::Is | CompareOp::IsNot if self.facts.shape.is_op => "IS_OP",
            CompareOp::In | CompareOp::NotIn if self.facts.shape.is_op => "CONTAINS_OP",
            _ => "COMPARE_OP",
        };
        self.emit(opcode, Op::Compare(op), op.symbol());
    }

    pub(super) fn compare_value(&mut self, left: &Expr, rest: &[(CompareOp, Expr)]) -> Result<()> {
        if rest.len() < 2 {
            return self.chain(left, rest, |_| {});
        }
        let (cleanup, end) = (self.label(), self.label());
        self.chain(left, rest, |compiler| compiler.jump_or_pop(cleanup, false))?;
        self.jump(end);
        self.bind(cleanup);
        self.swap_two();
        self.emit("POP_TOP", Op::PopTop, "");
        self.bind(end);
        Ok(())
    }

    /// Leaves for `target`, keeping the value, if it counts as `when`; else drops it.
    pub(super) fn jump_or_pop(&mut self, target: Label, when: bool) {
        if self.facts.shape.jump_or_pop {
            self.emit("JUMP_OR_POP", Op::JumpOrPop(when, target), "");
        } else {
            self.copy_top();
            self.emit_to_bool();
            self.pop_jump(target, when);
            self.emit("POP_TOP", Op::PopTop, "");
        }
    }
}
