//! Exceptions of whole programs: `try`, `raise`, and what an exception does to `with` and `finally`.

use super::super::{
    instruction::{Op, PartOf, ProgramOp},
    source::{Position, SourceErrorKind},
    syntax::{Expr, Handler, Stmt},
    values::Value,
};
use super::compiler::{Block, Compiler, Guarded, Label, Result};
use crate::python::version::{Finally, Handlers, Jumps};

impl<'a> Compiler<'a> {
    /// Begins a part that an exception leads away from; its number. So many values of the statement itself stay on the stack.
    pub(super) fn begin_guarded(&mut self, own: usize) -> usize {
        let (start, end, target) = (self.label(), self.label(), self.label());
        self.bind(start);
        let scope = self.scope();
        let depth = own + scope.blocks.iter().map(Block::stacked).sum::<usize>();
        let handling = scope.blocks.iter().filter(|block| matches!(block, Block::Handler(_))).count();
        scope.guarded.push(Guarded { start, end, gaps: Vec::new(), target, depth, handling });
        scope.guarded.len() - 1
    }

    pub(super) fn end_guarded(&mut self, number: usize) {
        let end = self.scope().guarded[number].end;
        self.bind(end);
    }

    /// On the way out of a block: what follows is no longer guarded by it.
    pub(super) fn begin_gap(&mut self, block: Block<'a>, gaps: &mut Vec<(usize, Label)>) {
        if let Block::Finally(_, number) | Block::With(number, _) | Block::Try(number) = block {
            let label = self.label();
            self.bind(label);
            gaps.push((number, label));
        }
    }

    pub(super) fn end_gaps(&mut self, gaps: &[(usize, Label)]) {
        for &(number, start) in gaps {
            let end = self.label();
            self.bind(end);
            self.scope().guarded[number].gaps.push((start, end));
        }
    }

    /// Begins a handler, which stands behind a jump over it; where that goes.
    fn begin_handler(&mut self, guarded: usize, block: &[Stmt]) -> Label {
        let end = self.label();
        self.jump_after(block, end);
        let target = self.scope().guarded[guarded].target;
        self.bind(target);
        if self.facts.shape.finally == Finally::Table {
            // It has no line.
            let position = self.scope().position.take();
            self.emit("PUSH_EXC_INFO", Op::Nop, "");
            self.scope().position = position;
        }
        end
    }

    fn reraise(&mut self) {
        let opcode = match self.facts.shape.finally {
            Finally::EndFinally | Finally::BeginFinally => "END_FINALLY",
            Finally::Block | Finally::Table => "RERAISE",
        };
        self.leaving(&[], |compiler| compiler.emit_program(opcode, ProgramOp::Reraise, ""));
    }

    /// What an exception in a `with` block does. The `with` is at that position.
    pub(super) fn exit_with_exception(&mut self, guarded: usize, position: Option<Position>) {
        let end = self.begin_handler(guarded, &[]);
        // From 3.10 on the `with` is left by its own line.
        if self.facts.shape.precise_lines {
            self.scope().position = position;
        }
        let begun = self.scope().drafts.len();
        let suppressed = self.label();
        self.emit_program("WITH_EXCEPT_START", ProgramOp::ExitWithException, "");
        self.emit_to_bool();
        self.pop_jump(suppressed, true);
        self.reraise();
        self.bind(suppressed);
        self.emit_program("POP_EXCEPT", ProgramOp::LeaveHandler, "");
        self.mark(&[], begun, PartOf::of_with(position));
        if self.facts.shape.handlers != Handlers::InPlace {
            self.jump_behind(&[], end);
        }
        self.bind(end);
    }

    /// What an exception in a `try` with `finally` does.
    pub(super) fn finally_with_exception(&mut self, guarded: usize, last: &'a [Stmt]) -> Result<()> {
        let end = self.begin_handler(guarded, last);
        self.scope().blocks.push(Block::Handler(None));
        self.stmts(last)?;
        self.scope().blocks.pop();
        self.reraise();
        self.bind(end);
        Ok(())
    }

    pub(super) fn try_stmt(
        &mut self,
        body: &'a [Stmt],
        handlers: &'a [Handler],
        orelse: &'a [Stmt],
    ) -> Result<()> {
        let style = self.facts.shape.finally;
        match style {
            Finally::EndFinally => self.emit("SETUP_EXCEPT", Op::Nop, ""),
            Finally::BeginFinally | Finally::Block => self.emit("SETUP_FINALLY", Op::Nop, ""),
            Finally::Table => self.emit("NOP", Op::Nop, ""),
        }
        let guarded = self.begin_guarded(0);
        self.scope().blocks.push(Block::Try(guarded));
        self.stmts(body)?;
        self.scope().blocks.pop();
        self.end_guarded(guarded);
        if style != Finally::Table {
            self.leaving(body, |compiler| compiler.emit("POP_BLOCK", Op::Nop, ""));
        }
        self.stmts(orelse)?;
        let end = self.begin_handler(guarded, if orelse.is_empty() { body } else { orelse });
        for handler in handlers {
            let next = self.label();
            self.scope().position = Some(handler.position);
            if let Some(class) = &handler.class {
                self.jump_unless_match(class, next)?;
            }
            if let Some(name) = &handler.name {
                self.emit_program("LOAD_EXCEPTION", ProgramOp::LoadException, "");
                self.store(name, handler.position)?;
            } else {
                self.emit("POP_TOP", Op::Nop, "");
            }
            self.scope().blocks.push(Block::Handler(handler.name.as_deref()));
            self.stmts(&handler.body)?;
            self.scope().blocks.pop();
            self.leaving(&handler.body, |compiler| compiler.leave_handler(handler.name.as_deref()))?;
            self.jump_behind(&handler.body, end);
            self.bind(next);
        }
        self.reraise();
        self.bind(end);
        Ok(())
    }

    fn jump_unless_match(&mut self, class: &Expr, next: Label) -> Result<()> {
        let shape = &self.facts.shape;
        let (jumps, apart) = (shape.jumps, shape.is_op);
        if jumps == Jumps::Absolute {
            self.emit("DUP_TOP", Op::Nop, "");
        }
        self.expr(class)?;
        let opcode = match jumps {
            Jumps::Absolute if apart => "JUMP_IF_NOT_EXC_MATCH",
            Jumps::Absolute => {
                self.emit("COMPARE_OP", Op::Nop, "exception match");
                "POP_JUMP_IF_FALSE"
            }
            Jumps::Directed => {
                self.emit("CHECK_EXC_MATCH", Op::Nop, "");
                "POP_JUMP_FORWARD_IF_FALSE"
            }
            Jumps::ForwardOnly => {
                self.emit("CHECK_EXC_MATCH", Op::Nop, "");
                "POP_JUMP_IF_FALSE"
            }
        };
        self.emit_program(opcode, ProgramOp::JumpUnlessMatch(next), "");
        Ok(())
    }

    /// The exception counts as handled, and its name is unbound.
    pub(super) fn leave_handler(&mut self, name: Option<&str>) -> Result<()> {
        self.emit_program("POP_EXCEPT", ProgramOp::LeaveHandler, "");
        if let Some(name) = name
            && !self.facts.shape.python2
            && let Some(position) = self.scope().position
        {
            self.constant(Value::None);
            self.store(name, position)?;
            self.delete_name(name, position)?;
        }
        Ok(())
    }

    pub(super) fn raise(&mut self, raised: Option<&Expr>) -> Result<()> {
        if let Some(raised) = raised {
            self.expr(raised)?;
            self.emit_program("RAISE_VARARGS", ProgramOp::Raise, "1");
        } else {
            self.emit_program("RAISE_VARARGS", ProgramOp::Reraise, "0");
        }
        Ok(())
    }

    pub(super) fn assert(&mut self, test: &Expr, message: Option<&Expr>) -> Result<()> {
        let passed = self.label();
        self.tell_constant(test, &[]);
        self.jump_if(test, passed, true)?;
        let shape = &self.facts.shape;
        let opcode = match (shape.is_op, shape.load_small_int) {
            (false, _) => "LOAD_GLOBAL",
            (true, false) => "LOAD_ASSERTION_ERROR",
            (true, true) => "LOAD_COMMON_CONSTANT",
        };
        self.emit(opcode, Op::Nop, if opcode == "LOAD_ASSERTION_ERROR" { "" } else { "AssertionError" });
        if let Some(message) = message {
            self.expr(message)?;
            // The exception is made by a call, which looks at the eval breaker.
            self.call_as(Op::Nop, "1", "0");
        }
        self.emit_program("RAISE_VARARGS", ProgramOp::FailAssertion(message.is_some()), "1");
        self.bind(passed);
        Ok(())
    }

    pub(super) fn refuse(
        &self,
        what: &str,
        position: super::super::source::Position,
    ) -> super::super::source::SourceError {
        self.error(SourceErrorKind::NotCovered, what, position)
    }
}
