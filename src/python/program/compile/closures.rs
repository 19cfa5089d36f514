//! Functions, lambdas and classes of whole programs, and the variables that they share.

use std::collections::BTreeSet;

use super::super::{
    instruction::{Op, ProgramOp},
    source::SourceErrorKind,
    syntax::{
        Class, Collection, Expr, ExprKind, Function, Stmt, StmtKind, target_names, walk_blocks, walk_expr,
        walk_stmt, walk_targets,
    },
    values::Value,
};
use super::compiler::{Compiler, Result, Scope, Space};
use crate::python::version::{Call, Comprehension};

/// The names that statements bind where they stand, in the order of CPython's slots, and those declared global or nonlocal.
pub(super) struct Bound {
    pub(super) names: Vec<String>,
    pub(super) globals: BTreeSet<String>,
    nonlocals: BTreeSet<String>,
}

impl Bound {
    pub(super) fn by(parameters: &[String], stmts: &[Stmt], leaking: bool) -> Self {
        let mut names = parameters.to_vec();
        let (mut globals, mut nonlocals) = (BTreeSet::new(), BTreeSet::new());
        for stmt in stmts {
            walk_blocks(stmt, &mut |stmt| match &stmt.kind {
                StmtKind::Global(declared) => globals.extend(declared.iter().cloned()),
                StmtKind::Nonlocal(declared) => nonlocals.extend(declared.iter().cloned()),
                _ => {}
            });
        }
        let mut add = |name: &str| {
            if !globals.contains(name) && !nonlocals.contains(name) && names.iter().all(|known| known != name)
            {
                names.push(name.to_owned());
            }
        };
        for stmt in stmts {
            walk_targets(stmt, &mut |target| target_names(target, &mut add));
            walk_blocks(stmt, &mut |stmt| match &stmt.kind {
                StmtKind::Define(function) => add(&function.name),
                StmtKind::Class(class) => add(&class.name),
                StmtKind::Import(bound) | StmtKind::ImportFrom(_, bound) => {
                    for (_, name) in bound {
                        add(name);
                    }
                }
                StmtKind::Try(_, handlers, _) => {
                    handlers.iter().filter_map(|handler| handler.name.as_deref()).for_each(&mut add);
                }
                _ => {}
            });
            if leaking {
                walk_stmt(stmt, &mut |expr| {
                    if let ExprKind::Comprehension(Collection::List, _, generators) = &expr.kind {
                        for generator in generators {
                            target_names(&generator.target, &mut add);
                        }
                    }
                });
            }
        }
        Self { names, globals, nonlocals }
    }
}

/// The names that a function uses and does not bind.
fn free_names(function: &Function) -> BTreeSet<String> {
    let mut names = mentioned(&function.body);
    let bound = Bound::by(&function.parameters, &function.body, false);
    for name in bound.names.iter().chain(&bound.globals) {
        names.remove(name);
    }
    names.extend(bound.nonlocals);
    names
}

/// The names that statements use, those in inner functions included.
fn mentioned(stmts: &[Stmt]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for stmt in stmts {
        walk_stmt(stmt, &mut |expr| mention(expr, &mut names));
        walk_blocks(stmt, &mut |stmt| match &stmt.kind {
            StmtKind::Define(function) => names.extend(free_names(function)),
            StmtKind::Class(class) => names.extend(mentioned(&class.body)),
            _ => {}
        });
    }
    names
}

fn mention(expr: &Expr, names: &mut BTreeSet<String>) {
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Call(name, ..) => {
            names.insert(name.clone());
        }
        ExprKind::Lambda(function) => names.extend(free_names(function)),
        _ => {}
    }
}

/// The variables among `locals` that functions inside an expression use: lambdas and comprehensions.
pub(super) fn inner_names(expr: &Expr, locals: &[String], cells: &mut BTreeSet<String>) {
    let mut names = BTreeSet::new();
    walk_expr(expr, &mut |expr| match &expr.kind {
        ExprKind::Lambda(function) => names.extend(free_names(function)),
        ExprKind::Comprehension(..) => walk_expr(expr, &mut |inner| mention(inner, &mut names)),
        _ => {}
    });
    cells.extend(names.into_iter().filter(|name| locals.contains(name)));
}

impl<'a> Compiler<'a> {
    /// The variables of a function that functions inside it use.
    fn shared_variables(&self, stmts: &[Stmt], locals: &[String]) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let style = self.facts.shape.comprehension;
        for stmt in stmts {
            walk_blocks(stmt, &mut |stmt| match &stmt.kind {
                StmtKind::Define(function) => names.extend(free_names(function)),
                StmtKind::Class(class) => names.extend(mentioned(&class.body)),
                _ => {}
            });
            walk_stmt(stmt, &mut |expr| match &expr.kind {
                ExprKind::Lambda(function) => names.extend(free_names(function)),
                ExprKind::Comprehension(collection, ..) => {
                    let in_place = match (style, collection) {
                        (_, Collection::Generator) | (Comprehension::Function, _) => false,
                        (Comprehension::Inlined, _) | (Comprehension::Leaking, Collection::List) => true,
                        (Comprehension::Leaking, _) => false,
                    };
                    if !in_place {
                        walk_expr(expr, &mut |inner| mention(inner, &mut names));
                    }
                }
                _ => {}
            });
        }
        names.into_iter().filter(|name| locals.contains(name)).collect()
    }

    /// A `def`: its decorators, defaults and the function on the stack, bound to its name.
    pub(super) fn define(&mut self, function: &'a Function) -> Result<()> {
        function.decorators.iter().try_for_each(|decorator| self.expr(decorator))?;
        let defaults = self.defaults(function)?;
        self.begin_function(function);
        self.stmts(&function.body)?;
        self.scope().position = None;
        self.return_constant(Value::None);
        self.make_function(function, defaults)?;
        for _ in &function.decorators {
            self.call(1);
        }
        self.store(&function.name, function.position)
    }

    pub(super) fn lambda(&mut self, function: &Function) -> Result<()> {
        let defaults = self.defaults(function)?;
        self.begin_function(function);
        for stmt in &function.body {
            if let StmtKind::Return(Some(value)) = &stmt.kind {
                self.expr(value)?;
                self.emit("RETURN_VALUE", Op::Return, "");
            }
        }
        self.make_function(function, defaults)
    }

    fn defaults(&mut self, function: &Function) -> Result<u16> {
        function.defaults.iter().try_for_each(|default| self.expr(default))?;
        let count = self.count(function.defaults.len(), function.position)?;
        if count > 0 {
            self.emit("BUILD_TUPLE", Op::BuildTuple(count), count.to_string());
        }
        Ok(count)
    }

    fn begin_function(&mut self, function: &Function) {
        let leaking = self.facts.shape.comprehension == Comprehension::Leaking;
        let bound = Bound::by(&function.parameters, &function.body, leaking);
        let cells = self.shared_variables(&function.body, &bound.names);
        let scope = Scope {
            parameters: function.positional(),
            generator: function.generator,
            stars: function.stars.clone(),
            cells,
            space: Space::Function,
            globals: bound.globals,
            position: Some(function.position),
            ..Scope::new(&function.name, bound.names)
        };
        self.functions.push(scope);
        self.begin_generator();
        self.resume();
    }

    fn make_function(&mut self, function: &Function, defaults: u16) -> Result<()> {
        let (number, captures) = self.finish_inner(function.position)?;
        self.emit("LOAD_CONST", Op::Nop, format!("<code object {}>", function.name));
        self.emit_program(
            "MAKE_FUNCTION",
            ProgramOp::MakeFunction(number, defaults, captures),
            function.name.clone(),
        );
        Ok(())
    }

    /// Ends the innermost function: the number of its code, and the variables around it that it shares.
    fn finish_inner(&mut self, position: super::super::source::Position) -> Result<(u16, Box<[u16]>)> {
        let (code, _) = self.finish();
        let captures: Box<[u16]> = code.captures.iter().map(|&(outer, _)| outer).collect();
        self.codes.push(Some(code));
        let number = u16::try_from(self.codes.len() - 1)
            .map_err(|_| self.error(SourceErrorKind::NotCovered, "too many functions", position))?;
        for &slot in &captures {
            let name = self.scope().locals.get(usize::from(slot)).cloned();
            self.emit("LOAD_CLOSURE", Op::Nop, name.unwrap_or_default());
        }
        Ok((number, captures))
    }

    pub(super) fn class(&mut self, class: &'a Class) -> Result<()> {
        self.emit("LOAD_BUILD_CLASS", Op::Nop, "");
        if let Some(base) = &class.base {
            self.expr(base)?;
        }
        let bound = Bound::by(&[], &class.body, false);
        self.functions.push(Scope {
            space: Space::Class,
            globals: bound.globals,
            position: Some(class.position),
            ..Scope::new(&class.name, Vec::new())
        });
        self.resume();
        self.stmts(&class.body)?;
        self.return_constant(Value::None);
        let (number, captures) = self.finish_inner(class.position)?;
        let opcode = match self.facts.shape.call {
            Call::CallFunction => "CALL_FUNCTION",
            Call::Precall | Call::Call => "CALL",
        };
        self.emit_program(
            opcode,
            ProgramOp::BuildClass(number, class.base.is_some(), captures),
            class.name.clone(),
        );
        self.store(&class.name, class.position)
    }
}
