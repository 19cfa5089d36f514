//! Functions, lambdas and classes of whole programs, and the variables that they share.

use std::collections::BTreeSet;

use super::super::{
    instruction::{Op, ProgramOp},
    source::SourceErrorKind,
    syntax::{Class, Collection, Expr, Function, Generator, Stmt, StmtKind, each_expr, walk_blocks},
    values::Value,
};
use super::compiler::{Compiler, Result, Scope, Space};
use super::free::{self, Bound};
use crate::python::version::{Call, Comprehension};

/// The variables among `locals` that functions inside an expression use: lambdas and comprehensions.
pub(super) fn inner_names(expr: &Expr, locals: &[String], cells: &mut BTreeSet<String>) {
    let mut names = BTreeSet::new();
    free::of_inner(expr, &|_, _, _| true, &mut names);
    cells.extend(names.into_iter().filter(|name| locals.contains(name)));
}

impl<'a> Compiler<'a> {
    /// How a comprehension is done. One whose variable a lambda in it keeps is taken for a function where CPython 3.12 does it in place,
    /// with a cell of its own.
    pub(super) fn style_of(
        &self,
        collection: Collection,
        elt: &Expr,
        generators: &[Generator],
    ) -> Comprehension {
        match (self.facts.shape.comprehension, collection) {
            (_, Collection::Generator) | (Comprehension::Leaking, Collection::Set | Collection::Dict) => {
                Comprehension::Function
            }
            (Comprehension::Inlined, _) if free::keeps_its_variables(elt, generators) => {
                Comprehension::Function
            }
            (style, _) => style,
        }
    }

    /// The variables of a function that functions inside it use.
    fn shared_variables(&self, stmts: &[Stmt], locals: &[String]) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let is_function = |collection, elt: &Expr, generators: &[Generator]| {
            self.style_of(collection, elt, generators) == Comprehension::Function
        };
        for stmt in stmts {
            walk_blocks(stmt, &mut |stmt| match &stmt.kind {
                StmtKind::Define(function) => names.extend(free::of_function(function)),
                StmtKind::Class(class) => names.extend(free::of_statements(&class.body)),
                _ => {}
            });
            each_expr(stmt, &mut |expr| free::of_inner(expr, &is_function, &mut names));
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

    pub(super) fn begin_function(&mut self, function: &Function) {
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
        // It is called so, though it may be a local one.
        self.name(&class.name);
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
