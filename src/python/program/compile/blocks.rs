//! Guarded blocks, `with` and `try … finally`, and the ways out of them.

use super::super::{
    instruction::{Op, PartOf},
    source::Position,
    syntax::{Expr, Stmt},
    values::Value,
};
use super::compiler::{Block, Compiler, Result};
use crate::python::version::{Call, Finally, With};

impl<'a> Compiler<'a> {
    pub(super) fn with_stmt(&mut self, items: &'a [(Expr, Option<Expr>)], body: &'a [Stmt]) -> Result<()> {
        let Some(((lock, target), rest)) = items.split_first() else {
            return self.stmts(body);
        };
        let position = self.scope().position;
        self.expr(lock)?;
        match self.facts.shape.with {
            With::Cleanup | With::CleanupStart | With::BeginFinally | With::SetupWith => {
                self.emit("SETUP_WITH", Op::EnterWith, "");
            }
            With::BeforeWith => self.emit("BEFORE_WITH", Op::EnterWith, ""),
            With::LoadSpecial => {
                self.emit("COPY", Op::Nop, "1");
                self.emit("LOAD_SPECIAL", Op::Nop, "__exit__");
                self.emit("SWAP", Op::Nop, "2");
                self.emit("SWAP", Op::Nop, "3");
                self.emit("LOAD_SPECIAL", Op::Nop, "__enter__");
                self.emit("CALL", Op::EnterWith, "0");
            }
        }
        match target {
            None => self.emit("POP_TOP", Op::PopTop, ""),
            Some(target) => self.store_target(target)?,
        }
        let guarded = self.begin_guarded(1);
        self.scope().blocks.push(Block::With(guarded, position));
        self.with_stmt(rest, body)?;
        self.scope().blocks.pop();
        self.end_guarded(guarded);
        self.leaving(body, Self::pop_with);
        let begun = self.scope().drafts.len();
        self.exit_with(position);
        if !self.facts.shape.precise_lines {
            self.mark(body, begun, PartOf::of_with(position));
        }
        if self.in_program() {
            self.exit_with_exception(guarded, position);
        }
        Ok(())
    }

    /// What a `with` block guards ends.
    fn pop_with(&mut self) {
        if !matches!(self.facts.shape.with, With::BeforeWith | With::LoadSpecial) {
            self.emit("POP_BLOCK", Op::Nop, "");
        }
    }

    /// Releases the lock under the value, if any, that `return` keeps on top. The `with` is at that position.
    fn exit_with(&mut self, position: Option<Position>) {
        let position = if self.facts.shape.precise_lines { position } else { self.scope().position };
        match self.facts.shape.with {
            With::Cleanup => {
                self.emit("LOAD_CONST", Op::Nop, "None");
                self.emit("WITH_CLEANUP", Op::ExitWith, "");
                self.emit("END_FINALLY", Op::PopTop, "");
            }
            With::CleanupStart | With::BeginFinally => {
                if self.facts.shape.with == With::BeginFinally {
                    self.emit("BEGIN_FINALLY", Op::Nop, "");
                } else {
                    self.emit("LOAD_CONST", Op::Nop, "None");
                }
                self.emit("WITH_CLEANUP_START", Op::ExitWith, "");
                self.emit("WITH_CLEANUP_FINISH", Op::Nop, "");
                self.emit("END_FINALLY", Op::PopTop, "");
            }
            With::SetupWith => {
                self.scope().position = position;
                self.emit("LOAD_CONST", Op::Nop, "None");
                self.emit("DUP_TOP", Op::Nop, "");
                self.emit("DUP_TOP", Op::Nop, "");
                self.emit("CALL_FUNCTION", Op::ExitWith, "3");
                self.emit("POP_TOP", Op::PopTop, "");
            }
            With::BeforeWith | With::LoadSpecial => {
                self.scope().position = position;
                for _ in 0..3 {
                    self.emit("LOAD_CONST", Op::Nop, "None");
                }
                if self.facts.shape.call == Call::Precall {
                    self.emit("PRECALL", Op::Nop, "2");
                }
                let count = if self.facts.shape.with == With::LoadSpecial { "3" } else { "2" };
                self.emit("CALL", Op::ExitWith, count);
                self.emit("POP_TOP", Op::PopTop, "");
            }
        }
    }

    pub(super) fn finally_stmt(&mut self, body: &'a [Stmt], last: &'a [Stmt]) -> Result<()> {
        let style = self.facts.shape.finally;
        self.emit(if style == Finally::Table { "NOP" } else { "SETUP_FINALLY" }, Op::Nop, "");
        let guarded = self.begin_guarded(0);
        self.scope().blocks.push(Block::Finally(last, guarded));
        self.stmts(body)?;
        self.scope().blocks.pop();
        self.end_guarded(guarded);
        self.leaving(body, Self::leave_finally);
        self.stmts(last)?;
        if matches!(style, Finally::EndFinally | Finally::BeginFinally) {
            self.leaving(last, |compiler| compiler.emit("END_FINALLY", Op::Nop, ""));
        }
        if self.in_program() {
            self.finally_with_exception(guarded, last)?;
        }
        Ok(())
    }

    fn leave_finally(&mut self) {
        match self.facts.shape.finally {
            Finally::EndFinally => {
                self.emit("POP_BLOCK", Op::Nop, "");
                self.emit("LOAD_CONST", Op::Nop, "None");
            }
            Finally::BeginFinally => {
                self.emit("POP_BLOCK", Op::Nop, "");
                self.emit("BEGIN_FINALLY", Op::Nop, "");
            }
            Finally::Block => self.emit("POP_BLOCK", Op::Nop, ""),
            Finally::Table => {}
        }
    }

    /// Leaves the innermost block on the way out of a loop or function, with the blocks inside it already left.
    fn unwind(&mut self, block: Block<'a>, value_on_top: bool) -> Result<()> {
        match block {
            Block::Finally(last, _) => {
                self.leave_finally();
                if value_on_top {
                    self.scope().blocks.push(Block::Returned);
                }
                self.stmts(last)?;
                if value_on_top {
                    self.scope().blocks.pop();
                }
                Ok(())
            }
            Block::Try(_) => {
                if self.facts.shape.finally != Finally::Table {
                    self.emit("POP_BLOCK", Op::Nop, "");
                }
                Ok(())
            }
            Block::Handler(name) => self.leave_handler(name),
            Block::With(_, position) => {
                let left_from = self.scope().position;
                self.pop_with();
                if value_on_top {
                    self.swap_two();
                }
                self.exit_with(position);
                self.scope().position = left_from;
                Ok(())
            }
            Block::Loop { is_for: true, .. } | Block::Returned => {
                if value_on_top {
                    self.swap_two();
                }
                self.emit("POP_TOP", Op::PopTop, "");
                Ok(())
            }
            Block::Loop { is_for: false, .. } => Ok(()),
        }
    }

    /// What is left on the way out has lines of its own, if it is guarded, and comes after that of the statement. Whether that is so.
    fn tell_first<'b>(&mut self, mut on_the_way: impl Iterator<Item = &'b Block<'a>>) -> bool
    where
        'a: 'b,
    {
        let is_told_first = on_the_way.any(|block| matches!(block, Block::Finally(..) | Block::With(..)));
        // From 3.10 on an instruction of its own stands for the statement then (`compiler_continue`, `compiler_return`).
        if is_told_first && self.facts.shape.precise_lines {
            self.emit("NOP", Op::Nop, "");
        }
        is_told_first
    }

    pub(super) fn leave_loop(&mut self, is_break: bool) -> Result<()> {
        let position = self.scope().position;
        let blocks = self.scope().blocks.clone();
        let mut gaps = Vec::new();
        let on_the_way = blocks.iter().rev().take_while(|block| !matches!(block, Block::Loop { .. }));
        let is_told_first = self.tell_first(on_the_way);
        while let Some(block) = self.scope().blocks.pop() {
            if let Block::Loop { head, end, is_for } = block {
                self.scope().position = position;
                let begun = self.scope().drafts.len();
                if !is_break {
                    self.end_iteration(head);
                    self.jump(head);
                } else if self.facts.shape.setup_loop {
                    self.emit("BREAK_LOOP", Op::BreakLoop(end, is_for), "");
                } else {
                    self.unwind(block, false)?;
                    self.jump(end);
                }
                if is_told_first {
                    self.mark(&[], begun, PartOf::Nothing);
                }
                break;
            }
            self.begin_gap(block, &mut gaps);
            self.unwind(block, false)?;
        }
        self.end_gaps(&gaps);
        self.scope().blocks = blocks;
        Ok(())
    }

    pub(super) fn return_stmt(&mut self, value: Option<&Expr>) -> Result<()> {
        let position = self.scope().position;
        let constant = match value {
            None => Some(Value::None),
            Some(value) => self.fold(value),
        };
        // Only a value that is no constant waits on the stack while the blocks are left.
        if let (None, Some(value)) = (&constant, value) {
            self.expr(value)?;
        }
        let blocks = self.scope().blocks.clone();
        let mut gaps = Vec::new();
        let is_told_first = self.tell_first(blocks.iter());
        while let Some(block) = self.scope().blocks.pop() {
            self.begin_gap(block, &mut gaps);
            self.unwind(block, constant.is_none())?;
        }
        self.scope().blocks = blocks;
        self.scope().position = position;
        let begun = self.scope().drafts.len();
        match constant {
            Some(constant) => self.return_constant(constant),
            None => self.emit("RETURN_VALUE", Op::Return, ""),
        }
        if is_told_first {
            self.mark(&[], begun, PartOf::Nothing);
        }
        self.end_gaps(&gaps);
        Ok(())
    }
}
