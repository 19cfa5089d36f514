//! Statements other than those that guard a block.

use super::super::{
    instruction::{Op, ProgramOp},
    operators::BinaryOp,
    source::SourceErrorKind,
    syntax::{Expr, ExprKind, Stmt, StmtKind, walk_expr, walk_stmt},
};
use super::compiler::{Block, Compiler, Label, LoopDraft, Result};

/// The most instructions of a function. Each way out of a `try` has a copy of its `finally`, so that a few nested ones
/// would make millions.
const MOST_INSTRUCTIONS: usize = 16 * 1024;

impl<'a> Compiler<'a> {
    pub(super) fn stmts(&mut self, stmts: &'a [Stmt]) -> Result<()> {
        stmts.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    pub(super) fn stmt(&mut self, stmt: &'a Stmt) -> Result<()> {
        self.scope().position = Some(stmt.position);
        if self.scope().drafts.len() > MOST_INSTRUCTIONS {
            return Err(self.error(
                SourceErrorKind::NotCovered,
                &format!(
                    "a function of more than {MOST_INSTRUCTIONS} instructions is not covered: shorten it"
                ),
                stmt.position,
            ));
        }
        match &stmt.kind {
            StmtKind::Assign(targets, value) => self.assign(targets, value),
            StmtKind::AugAssign(target, op, value) => self.aug_assign(target, *op, value),
            StmtKind::Expr(expr) => self.expr_stmt(expr),
            StmtKind::If(test, body, orelse) => {
                let (next, end) = (self.label(), self.label());
                self.tell_constant(test, body);
                self.jump_if(test, next, false)?;
                self.stmts(body)?;
                if !orelse.is_empty() {
                    self.jump_after(body, end);
                }
                self.bind(next);
                self.stmts(orelse)?;
                self.bind(end);
                Ok(())
            }
            StmtKind::For(target, iter, body, orelse) => self.for_stmt(target, iter, body, orelse),
            StmtKind::While(test, body, orelse) => self.while_stmt(test, body, orelse),
            StmtKind::With(items, body) => self.with_stmt(items, body),
            StmtKind::Finally(body, last) => self.finally_stmt(body, last),
            StmtKind::Break => self.leave_loop(true),
            StmtKind::Continue => self.leave_loop(false),
            StmtKind::Pass | StmtKind::GlobalX => Ok(()),
            StmtKind::Return(value) => self.return_stmt(value.as_ref()),
            StmtKind::Global(_)
            | StmtKind::Nonlocal(_)
            | StmtKind::Define(_)
            | StmtKind::Class(_)
            | StmtKind::Import(_)
            | StmtKind::ImportFrom(..)
            | StmtKind::Try(..)
            | StmtKind::Raise(_)
            | StmtKind::Assert(..)
            | StmtKind::Delete(_) => self.program_stmt(stmt),
        }
    }

    pub(super) fn assign(&mut self, targets: &[Expr], value: &Expr) -> Result<()> {
        if let ([Expr { kind: ExprKind::Tuple(names), .. }], ExprKind::Tuple(values)) = (targets, &value.kind)
            && names.len() == values.len()
            && (2..=3).contains(&names.len())
            && self.fold(value).is_none()
        {
            for value in values {
                self.expr(value)?;
            }
            if names.len() == 2 {
                self.swap_two();
            } else if self.facts.shape.copy_and_swap {
                self.emit("SWAP", Op::Swap(3), "3");
            } else {
                self.emit("ROT_THREE", Op::RotThree, "");
                self.emit("ROT_TWO", Op::Swap(2), "");
            }
            return names.iter().try_for_each(|name| self.store_target(name));
        }
        self.expr(value)?;
        let last = targets.len().saturating_sub(1);
        for (index, target) in targets.iter().enumerate() {
            if index < last {
                self.copy_top();
            }
            self.store_target(target)?;
        }
        Ok(())
    }

    fn aug_assign(&mut self, target: &Expr, op: BinaryOp, value: &Expr) -> Result<()> {
        match &target.kind {
            ExprKind::Name(name) => {
                self.load(name, target.position)?;
                self.expr(value)?;
                self.binary(op, true, target.position)?;
                self.store(name, target.position)
            }
            ExprKind::Subscript(container, index) => {
                self.expr(container)?;
                self.expr(index)?;
                if self.facts.shape.copy_and_swap {
                    self.emit("COPY", Op::Copy(2), "2");
                    self.emit("COPY", Op::Copy(2), "2");
                } else if self.facts.shape.python2 {
                    self.emit("DUP_TOPX", Op::CopyTwo, "2");
                } else {
                    self.emit("DUP_TOP_TWO", Op::CopyTwo, "");
                }
                self.subscript();
                self.expr(value)?;
                self.binary(op, true, target.position)?;
                if self.facts.shape.copy_and_swap {
                    self.emit("SWAP", Op::Swap(3), "3");
                    self.emit("SWAP", Op::Swap(2), "2");
                } else {
                    self.emit("ROT_THREE", Op::RotThree, "");
                }
                self.emit("STORE_SUBSCR", Op::StoreSubscript, "");
                Ok(())
            }
            ExprKind::Attribute(object, name) => {
                let number = self.name(name);
                self.expr(object)?;
                self.copy_top();
                self.emit_program("LOAD_ATTR", ProgramOp::LoadAttr(number), name.clone());
                self.expr(value)?;
                self.binary(op, true, target.position)?;
                self.swap_two();
                self.emit_program("STORE_ATTR", ProgramOp::StoreAttr(number), name.clone());
                Ok(())
            }
            _ => self.store_target(target),
        }
    }

    fn expr_stmt(&mut self, expr: &Expr) -> Result<()> {
        if let ExprKind::Call(name, _, args) = &expr.kind
            && name == "print"
            && self.facts.shape.python2
            && !self.print_function
        {
            match &args[..] {
                [item] => self.expr(item)?,
                // `print ()` prints an empty tuple.
                items => {
                    for item in items {
                        self.expr(item)?;
                    }
                    let count = self.count(items.len(), expr.position)?;
                    self.emit("BUILD_TUPLE", Op::BuildTuple(count), count.to_string());
                }
            }
            self.emit("PRINT_ITEM", Op::PrintItem, "");
            self.emit("PRINT_NEWLINE", Op::Nop, "");
            return Ok(());
        }
        if self.fold(expr).is_some() {
            return Ok(());
        }
        self.expr(expr)?;
        self.emit("POP_TOP", Op::PopTop, "");
        Ok(())
    }

    fn for_stmt(
        &mut self,
        target: &'a Expr,
        iter: &'a Expr,
        body: &'a [Stmt],
        orelse: &'a [Stmt],
    ) -> Result<()> {
        let (head, last, end) = (self.label(), self.label(), self.label());
        if self.facts.shape.setup_loop {
            self.emit("SETUP_LOOP", Op::Nop, "");
        }
        self.iterable(iter)?;
        self.emit("GET_ITER", Op::GetIter, "");
        self.bind(head);
        self.begin_loop(head, last, false);
        self.emit("FOR_ITER", Op::ForIter(last), "");
        self.store_target(target)?;
        self.scope().blocks.push(Block::Loop { head, end, is_for: true });
        self.stmts(body)?;
        self.scope().blocks.pop();
        self.end_iteration(head);
        self.jump_after(body, head);
        self.end_for(last);
        self.end_loop_block();
        self.stmts(orelse)?;
        self.bind(end);
        Ok(())
    }

    /// What `SETUP_LOOP` has begun ends: this is no part of the loop's last statement.
    fn end_loop_block(&mut self) {
        if self.facts.shape.setup_loop {
            self.leaving(&[], |compiler| compiler.emit("POP_BLOCK", Op::Nop, ""));
        }
    }

    /// Notes a loop between two labels.
    fn begin_loop(&mut self, head: Label, end: Label, endless: bool) {
        let line = self.scope().position.map(|position| position.line);
        self.scope().loops.push(LoopDraft { head, end, ends: Vec::new(), endless, line });
    }

    /// An iteration of the loop with that head ends here: behind its body, or at a `continue`.
    pub(super) fn end_iteration(&mut self, head: Label) {
        let label = self.label();
        self.bind(label);
        if let Some(known) = self.scope().loops.iter_mut().find(|known| known.head == head) {
            known.ends.push(label);
        }
    }

    /// What is left of a test that is a constant: an instruction that does nothing, if its line has no other.
    pub(super) fn tell_constant(&mut self, test: &Expr, body: &[Stmt]) {
        let shares_line = body.first().is_some_and(|first| first.position.line == test.position.line);
        let falls_through = shares_line && self.fold_truth(test) == Some(true);
        if self.facts.shape.precise_lines && self.is_constant(test) && !falls_through {
            self.emit("NOP", Op::Nop, "");
        }
    }

    fn while_stmt(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) -> Result<()> {
        let (head, top, anchor, end) = (self.label(), self.label(), self.label(), self.label());
        if self.facts.shape.setup_loop {
            self.emit("SETUP_LOOP", Op::Nop, "");
        }
        self.bind(head);
        self.begin_loop(head, anchor, is_endless(test, body));
        self.scope().position = Some(test.position);
        self.tell_constant(test, body);
        self.jump_if(test, anchor, false)?;
        self.bind(top);
        self.scope().blocks.push(Block::Loop { head, end, is_for: false });
        self.stmts(body)?;
        self.scope().blocks.pop();
        self.end_iteration(head);
        if self.facts.shape.while_test_at_end {
            self.scope().position = Some(test.position);
            self.jump_if(test, top, true)?;
        } else {
            self.jump_after(body, head);
        }
        self.bind(anchor);
        self.end_loop_block();
        self.stmts(orelse)?;
        self.bind(end);
        Ok(())
    }
}

/// Whether a test compares nothing, and what it names stands nowhere in the loop's body: `while True`, `while running`,
/// `while self.running`, whatever else of `self` the body uses.
fn is_endless(test: &Expr, body: &[Stmt]) -> bool {
    let (mut names, mut owners, mut compares) = (Vec::new(), Vec::new(), false);
    walk_expr(test, &mut |expr| match &expr.kind {
        ExprKind::Name(name) => names.push(name.clone()),
        ExprKind::Attribute(owner, name) => {
            names.push(name.clone());
            owners.extend(match &owner.kind {
                ExprKind::Name(owner) => Some(owner.clone()),
                _ => None,
            });
        }
        ExprKind::Compare(..) | ExprKind::Call(..) | ExprKind::Binary(..) => compares = true,
        _ => {}
    });
    names.retain(|name| !owners.contains(name));
    let mut mentioned = false;
    for stmt in body {
        let mut look = |expr: &Expr| {
            if let ExprKind::Name(name) | ExprKind::Attribute(_, name) = &expr.kind {
                mentioned |= names.contains(name);
            }
        };
        walk_stmt(stmt, &mut look);
    }
    !compares && !mentioned
}
