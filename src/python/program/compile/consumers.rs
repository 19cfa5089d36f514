//! `any()`, `all()` and `tuple()` of a generator expression: from 3.14 on loops in place, so that no call ends them after which another
//! thread could take the GIL (`maybe_optimize_function_call`).
//!
//! CPython has the call, too, for when the name stands for something else. Here that decides: where the program binds the name itself, there
//! is only the call.

use super::super::{
    instruction::{Op, ProgramOp},
    syntax::{
        Collection, Expr, ExprKind, Stmt, StmtKind, all_expressions, all_statements, target_names,
        walk_targets,
    },
    values::Value,
};
use super::compiler::{Compiler, Result};

/// Those functions.
const CONSUMERS: [&str; 3] = ["any", "all", "tuple"];

/// Those of them that a program leaves to the builtins.
pub(super) fn consumers(stmts: &[Stmt]) -> Vec<&'static str> {
    let mut consumers = CONSUMERS.to_vec();
    let mut bound = |name: &str| consumers.retain(|consumer| *consumer != name);
    all_statements(stmts, &mut |stmt| {
        walk_targets(stmt, &mut |target| target_names(target, &mut bound));
        match &stmt.kind {
            StmtKind::Define(function) => {
                bound(&function.name);
                for name in &function.parameters {
                    bound(name);
                }
            }
            StmtKind::Class(class) => bound(&class.name),
            StmtKind::Import(names) | StmtKind::ImportFrom(_, names) => {
                for (_, name) in names {
                    bound(name);
                }
            }
            _ => {}
        }
    });
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Comprehension(_, _, generators) => {
            for generator in generators {
                target_names(&generator.target, &mut bound);
            }
        }
        ExprKind::Lambda(function) => {
            for name in &function.parameters {
                bound(name);
            }
        }
        _ => {}
    });
    consumers
}

impl Compiler<'_> {
    /// Whether a call is such a loop in this version.
    pub(super) fn is_consumed_in_place(&self, name: &str, args: &[Expr]) -> bool {
        let is_generator =
            |expr: &Expr| matches!(expr.kind, ExprKind::Comprehension(Collection::Generator, ..));
        self.facts.shape.consumes_in_place
            && self.consumers.contains(&name)
            && matches!(args, [arg] if is_generator(arg))
    }

    /// Compiles it.
    pub(super) fn consume_in_place(&mut self, name: &str, generator: &Expr) -> Result<()> {
        for (opcode, argument) in [
            ("LOAD_GLOBAL", name),
            ("COPY", "1"),
            ("LOAD_COMMON_CONSTANT", name),
            ("IS_OP", "is"),
            ("POP_JUMP_IF_FALSE", ""),
            ("POP_TOP", ""),
        ] {
            self.emit(opcode, Op::Nop, argument);
        }
        let collects = name == "tuple";
        if collects {
            self.emit("BUILD_LIST", Op::BuildList(0), "0");
        }
        self.expr(generator)?;
        let (head, last, found, end) = (self.label(), self.label(), self.label(), self.label());
        self.bind(head);
        self.emit("FOR_ITER", Op::ForIter(last), "");
        if collects {
            self.emit("LIST_APPEND", Op::ListAppend(2), "2");
            self.jump(head);
        } else {
            self.emit_to_bool();
            self.pop_jump(found, name == "any");
            self.jump(head);
            self.bind(found);
            self.emit("POP_ITER", Op::PopTop, "");
            self.constant(Value::Bool(name == "any"));
            self.jump(end);
        }
        self.end_for(last);
        if collects {
            self.emit_program("CALL_INTRINSIC_1", ProgramOp::ListToTuple, "INTRINSIC_LIST_TO_TUPLE");
        } else {
            self.constant(Value::Bool(name == "all"));
        }
        self.bind(end);
        Ok(())
    }
}
