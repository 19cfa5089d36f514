//! List comprehensions: a function of their own, or a loop in place.

use super::super::{
    instruction::{Op, ProgramOp},
    source::SourceErrorKind,
    syntax::{Collection, Expr, ExprKind, Generator, target_names},
    values::Value,
};
use super::{
    closures::inner_names,
    compiler::{Compiler, Result, Scope, Space},
};
use std::collections::BTreeSet;

impl Compiler<'_> {
    pub(super) fn comprehension_function(
        &mut self,
        collection: Collection,
        elt: &Expr,
        generators: &[Generator],
    ) -> Result<()> {
        let Some((first, _)) = generators.split_first() else {
            return Ok(());
        };
        let mut locals = vec![".0".to_owned()];
        for generator in generators {
            target_names(&generator.target, &mut |name| {
                if !locals.iter().any(|known| known == name) {
                    locals.push(name.to_owned());
                }
            });
        }
        let number = self.codes.len();
        self.codes.push(None);
        let position = self.scope().position;
        let space = if self.in_program() { Space::Function } else { Space::Body };
        let mut cells = BTreeSet::new();
        if space == Space::Function {
            inner_names(elt, &locals, &mut cells);
        }
        let scope = Scope {
            parameters: 1,
            position,
            is_comprehension: true,
            generator: collection == Collection::Generator,
            space,
            cells,
            ..Scope::new(collection.function_name(), locals)
        };
        self.functions.push(scope);
        self.begin_generator();
        self.resume();
        if collection == Collection::Generator {
            self.emit("LOAD_FAST", Op::LoadFast(0), ".0");
            self.generators(collection, elt, generators, 0, true)?;
            self.return_constant(Value::None);
        } else {
            self.begin_collection(collection);
            self.emit("LOAD_FAST", Op::LoadFast(0), ".0");
            self.generators(collection, elt, generators, 0, true)?;
            self.emit("RETURN_VALUE", Op::Return, "");
        }
        let (code, _) = self.finish();
        let captures = code.captures.clone();
        self.codes[number] = Some(code);
        for &(outer, _) in &captures {
            let name = self.scope().locals.get(usize::from(outer)).cloned();
            self.emit("LOAD_CLOSURE", Op::Nop, name.unwrap_or_default());
        }
        if !captures.is_empty() {
            self.emit("BUILD_TUPLE", Op::Nop, captures.len().to_string());
        }
        self.emit("LOAD_CONST", Op::Nop, "<code object <listcomp>>");
        let number = u16::try_from(number)
            .map_err(|_| self.error(SourceErrorKind::NotCovered, "too many functions", elt.position))?;
        let outer = captures.iter().map(|&(outer, _)| outer).collect();
        if space == Space::Function {
            self.emit_program("MAKE_FUNCTION", ProgramOp::MakeFunction(number, 0, outer), "");
        } else {
            self.emit("MAKE_FUNCTION", Op::MakeFunction(number, outer), "");
        }
        self.iterable(&first.iter)?;
        self.emit("GET_ITER", Op::GetIter, "");
        self.call_as(Op::Call(1), "1", "0");
        Ok(())
    }

    pub(super) fn comprehension_inlined(
        &mut self,
        collection: Collection,
        elt: &Expr,
        generators: &[Generator],
    ) -> Result<()> {
        let Some((first, _)) = generators.split_first() else {
            return Ok(());
        };
        self.iterable(&first.iter)?;
        self.emit("GET_ITER", Op::GetIter, "");
        let mut names = Vec::new();
        for generator in generators {
            target_names(&generator.target, &mut |name| {
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            });
        }
        let mut slots = Vec::new();
        for name in &names {
            let scope = self.scope();
            let slot = if let Some(slot) = scope.slot(name) {
                slot
            } else {
                // Not visible outside the comprehension: the name is the overlay's alone.
                let hidden = format!("{name} (comprehension)");
                if let Some(slot) = scope.locals.iter().position(|known| *known == hidden) {
                    u16::try_from(slot).unwrap_or(u16::MAX)
                } else {
                    scope.locals.push(hidden);
                    u16::try_from(scope.locals.len() - 1).unwrap_or(u16::MAX)
                }
            };
            slots.push(slot);
            self.emit("LOAD_FAST_AND_CLEAR", Op::LoadFastAndClear(slot), name.clone());
        }
        let depth = u16::try_from(names.len() + 1).unwrap_or(u16::MAX);
        self.emit("SWAP", Op::Swap(depth), depth.to_string());
        self.begin_collection(collection);
        self.emit("SWAP", Op::Swap(2), "2");
        let visible = self.scope().overlay.len();
        for (name, slot) in names.iter().zip(&slots) {
            self.scope().overlay.push((name.clone(), *slot));
        }
        self.generators(collection, elt, generators, 0, true)?;
        self.scope().overlay.truncate(visible);
        self.emit("SWAP", Op::Swap(depth), depth.to_string());
        for (name, slot) in names.iter().zip(&slots).rev() {
            self.emit("STORE_FAST", Op::StoreFast(*slot), name.clone());
        }
        Ok(())
    }

    /// What a generator's function begins with, from 3.11 on.
    pub(super) fn begin_generator(&mut self) {
        if self.scope().generator && self.facts.shape.resume {
            self.emit("RETURN_GENERATOR", Op::Nop, "");
            self.emit("POP_TOP", Op::Nop, "");
        }
    }

    /// The empty collection that a comprehension fills.
    pub(super) fn begin_collection(&mut self, collection: Collection) {
        match collection {
            Collection::List | Collection::Generator => self.emit("BUILD_LIST", Op::BuildList(0), "0"),
            Collection::Set => self.emit_program("BUILD_SET", ProgramOp::BuildSet(0), "0"),
            Collection::Dict => self.emit_program("BUILD_MAP", ProgramOp::BuildMap(0), "0"),
        }
    }

    /// The loops of a comprehension from `index` on; `ready` if the first iterator is on the stack already.
    pub(super) fn generators(
        &mut self,
        collection: Collection,
        elt: &Expr,
        generators: &[Generator],
        index: usize,
        ready: bool,
    ) -> Result<()> {
        let Some(generator) = generators.get(index) else {
            let value_first = self.facts.shape.value_before_key;
            match (&elt.kind, collection) {
                (ExprKind::Tuple(pair), Collection::Dict) => {
                    let order = if value_first { [1, 0] } else { [0, 1] };
                    order.into_iter().try_for_each(|at| self.expr(&pair[at]))?;
                }
                _ => self.expr(elt)?,
            }
            let depth = self.count(index + 1, elt.position)?;
            let argument = depth.to_string();
            match collection {
                Collection::Generator => {
                    self.yield_value();
                    self.emit("POP_TOP", Op::PopTop, "");
                }
                Collection::List => {
                    self.emit("LIST_APPEND", Op::ListAppend(depth), argument);
                }
                Collection::Set => self.emit_program("SET_ADD", ProgramOp::SetAdd(depth), argument),
                Collection::Dict => {
                    self.emit_program("MAP_ADD", ProgramOp::MapAdd(depth, value_first), argument);
                }
            }
            return Ok(());
        };
        if !ready {
            self.iterable(&generator.iter)?;
            self.emit("GET_ITER", Op::GetIter, "");
        }
        let (head, end) = (self.label(), self.label());
        self.bind(head);
        self.emit("FOR_ITER", Op::ForIter(end), "");
        self.store_target(&generator.target)?;
        for condition in &generator.conditions {
            self.jump_if(condition, head, false)?;
        }
        self.generators(collection, elt, generators, index + 1, false)?;
        self.jump(head);
        self.end_for(end);
        Ok(())
    }
}
