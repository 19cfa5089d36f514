//! A program: `work` around the loop body, `one`, and the functions of the setup.

use std::collections::BTreeSet;

use super::super::{
    compiled::{Program, WORK},
    instruction::Op,
    numbers::{map_numbers, smaller},
    parse,
    source::{ProgramError, SourceErrorKind},
    syntax::{
        Expr, ExprKind, Function, Stmt, StmtKind, each_expr, target_names, walk_blocks, walk_stmt,
        walk_targets,
    },
    values::{Builtin, Value},
};
use super::compiler::{Block, Compiler, Result, Scope};
use super::free;
use crate::python::version::{Comprehension, Version};

/// The most locks that a program may have: one bit each in the shared state.
const MOST_LOCKS: usize = 32;

/// The number of the code of `one`.
pub(super) const ONE: u16 = 1;

impl Program {
    /// Compiles a loop body, and the module-level definitions that it uses, for one version.
    ///
    /// # Errors
    ///
    /// If either is not Python or not covered; the error names the construct and shows its place.
    pub fn compile(body: &str, setup: &str, version: Version) -> std::result::Result<Self, ProgramError> {
        program(body, setup, version, &|value| value)
    }

    /// The same with its numbers made small, in so many ways; none where they are.
    pub(in super::super) fn smaller(&self) -> Vec<Self> {
        smaller(|number| program(&self.body, &self.setup, self.version, number).ok())
    }
}

/// `number` is what each whole number is taken as.
fn program(
    body: &str,
    setup: &str,
    version: Version,
    number: &dyn Fn(i64) -> i64,
) -> std::result::Result<Program, ProgramError> {
    let mut statements = parse::body(body)?;
    let mut definitions = parse::setup(setup)?;
    map_numbers(&mut statements, number);
    for function in &mut definitions.functions {
        map_numbers(&mut function.body, number);
    }
    let facts = version.facts();
    let mut compiler = Compiler {
        facts,
        texts: [body, setup, ""],
        setup: &definitions,
        codes: vec![None; definitions.functions.len() + 2],
        functions: Vec::new(),
        loop_head: 0,
        names: Vec::new(),
        print_function: false,
        consumers: Vec::new(),
    };
    if definitions.locks.len() >= MOST_LOCKS {
        return Err(ProgramError::TooManyLocks);
    }
    compiler.work(&statements)?;
    compiler.one();
    for (index, function) in definitions.functions.iter().enumerate() {
        compiler.setup_function(index, function)?;
    }
    let loop_head = compiler.loop_head;
    Ok(Program {
        version,
        facts,
        codes: compiler.codes.into_iter().flatten().collect(),
        loop_head,
        locks: std::iter::once("lock".to_owned()).chain(definitions.locks.iter().cloned()).collect(),
        body: body.to_owned(),
        setup: setup.to_owned(),
    })
}

impl<'a> Compiler<'a> {
    pub(super) fn work(&mut self, body: &'a [Stmt]) -> Result<()> {
        let mut locals = vec!["d".to_owned(), "n".to_owned(), "_".to_owned()];
        self.check_global(body, false)?;
        self.assigned(body, true, &mut locals);
        self.begin("work", 2, locals, true, body);
        let python2 = self.facts.shape.python2;
        let (name, range) = if python2 { ("xrange", Builtin::Xrange) } else { ("range", Builtin::Range) };
        if self.facts.shape.setup_loop {
            self.emit("SETUP_LOOP", Op::Nop, "");
        }
        self.callee(name, Value::Builtin(range));
        self.emit("LOAD_FAST", Op::LoadFast(1), "n");
        self.call(1);
        self.emit("GET_ITER", Op::GetIter, "");
        let (head, end) = (self.label(), self.label());
        self.bind(head);
        let for_iter = self.scope().drafts.len();
        self.emit("FOR_ITER", Op::ForIter(end), "");
        self.emit("STORE_FAST", Op::StoreFast(2), "_");
        self.scope().blocks.push(Block::Loop { head, end, is_for: true });
        self.stmts(body)?;
        self.scope().position = None;
        self.scope().blocks.pop();
        self.jump(head);
        self.end_for(end);
        if self.facts.shape.setup_loop {
            self.emit("POP_BLOCK", Op::Nop, "");
        }
        self.return_constant(Value::None);
        let (code, moved) = self.finish();
        self.loop_head = moved[for_iter];
        self.codes[usize::from(WORK)] = Some(code);
        Ok(())
    }

    pub(super) fn one(&mut self) {
        self.begin("one", 0, Vec::new(), true, &[]);
        self.return_constant(Value::Int(1));
        let (code, _) = self.finish();
        self.codes[usize::from(ONE)] = Some(code);
    }

    fn setup_function(&mut self, index: usize, function: &'a Function) -> Result<()> {
        let mut locals = function.parameters.clone();
        let x_is_global = self.check_global(&function.body, true)?;
        if x_is_global && function.parameters.iter().any(|name| name == "x") {
            return Err(self.error(
                SourceErrorKind::NotPython,
                "x is both a parameter and global",
                function.position,
            ));
        }
        self.assigned(&function.body, x_is_global, &mut locals);
        self.begin(&function.name, function.parameters.len(), locals, x_is_global, &function.body);
        self.stmts(&function.body)?;
        self.scope().position = None;
        self.return_constant(Value::None);
        let (code, _) = self.finish();
        self.codes[index + 2] = Some(code);
        Ok(())
    }

    pub(super) fn begin(
        &mut self,
        name: &str,
        parameters: usize,
        locals: Vec<String>,
        x_is_global: bool,
        body: &[Stmt],
    ) {
        let mut cells = BTreeSet::new();
        if self.facts.shape.comprehension == Comprehension::Function {
            let mut names = BTreeSet::new();
            for stmt in body {
                each_expr(stmt, &mut |expr| free::of_inner(expr, &|_, _, _| true, &mut names));
            }
            cells.extend(names.into_iter().filter(|name| locals.contains(name)));
        }
        let scope = Scope { parameters, cells, x_is_global, ..Scope::new(name, locals) };
        self.functions.push(scope);
        self.resume();
    }

    /// The names that statements assign to, other than a global x, in the order of CPython's slots.
    pub(super) fn assigned(&self, stmts: &[Stmt], x_is_global: bool, names: &mut Vec<String>) {
        let mut add = |name: &str| {
            let shared = name == "x" && x_is_global;
            if !shared && names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        };
        for stmt in stmts {
            walk_targets(stmt, &mut |target| {
                target_names(target, &mut add);
            });
            if self.facts.shape.comprehension == Comprehension::Leaking {
                walk_stmt(stmt, &mut |expr| {
                    if let ExprKind::Comprehension(_, _, generators) = &expr.kind {
                        for generator in generators {
                            target_names(&generator.target, &mut add);
                        }
                    }
                });
            }
        }
    }

    /// Whether there is a `global x`, which must stand before any use of x.
    fn check_global(&self, stmts: &[Stmt], _in_function: bool) -> Result<bool> {
        let mut declaration = None;
        let mut first_use = None;
        for stmt in stmts {
            walk_blocks(stmt, &mut |stmt| {
                if stmt.kind == StmtKind::GlobalX {
                    declaration = declaration.or(Some(stmt.position));
                }
            });
            let mut used = |expr: &Expr| {
                if matches!(&expr.kind, ExprKind::Name(name) if name == "x") {
                    first_use = first_use.or(Some(expr.position.start));
                }
            };
            walk_stmt(stmt, &mut used);
            walk_targets(stmt, &mut used);
        }
        if let (Some(declaration), Some(first_use)) = (declaration, first_use)
            && first_use < declaration.start
        {
            return Err(self.error(
                SourceErrorKind::NotPython,
                "x is used before it is declared global",
                declaration,
            ));
        }
        Ok(declaration.is_some())
    }
}
