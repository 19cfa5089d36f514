//! List comprehensions: a function of their own, or a loop in place.

use super::super::{
    instruction::Op,
    source::SourceErrorKind,
    syntax::{Expr, Generator, target_names},
};
use super::compiler::{Compiler, Result, Scope};
use crate::python::version::Call;
use std::collections::BTreeSet;

impl Compiler<'_> {
    pub(super) fn comprehension_function(&mut self, elt: &Expr, generators: &[Generator]) -> Result<()> {
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
        self.functions.push(Scope {
            name: "<listcomp>".to_owned(),
            parameters: 1,
            own_variables: locals.len(),
            cells: BTreeSet::new(),
            locals,
            captures: Vec::new(),
            overlay: Vec::new(),
            x_is_global: true,
            drafts: Vec::new(),
            labels: Vec::new(),
            blocks: Vec::new(),
            position,
            is_comprehension: true,
        });
        self.resume();
        self.emit("BUILD_LIST", Op::BuildList(0), "0");
        self.emit("LOAD_FAST", Op::LoadFast(0), ".0");
        self.generators(elt, generators, 0, true)?;
        self.emit("RETURN_VALUE", Op::Return, "");
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
        self.emit("MAKE_FUNCTION", Op::MakeFunction(number, outer), "");
        self.iterable(&first.iter)?;
        self.emit("GET_ITER", Op::GetIter, "");
        match self.facts.shape.call {
            Call::CallFunction => self.emit("CALL_FUNCTION", Op::Call(1), "1"),
            Call::Precall | Call::Call => {
                self.emit("PRECALL", Op::Nop, "0");
                self.emit("CALL", Op::Call(1), "0");
            }
        }
        Ok(())
    }

    pub(super) fn comprehension_inlined(&mut self, elt: &Expr, generators: &[Generator]) -> Result<()> {
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
        self.emit("BUILD_LIST", Op::BuildList(0), "0");
        self.emit("SWAP", Op::Swap(2), "2");
        let visible = self.scope().overlay.len();
        for (name, slot) in names.iter().zip(&slots) {
            self.scope().overlay.push((name.clone(), *slot));
        }
        self.generators(elt, generators, 0, true)?;
        self.scope().overlay.truncate(visible);
        self.emit("SWAP", Op::Swap(depth), depth.to_string());
        for (name, slot) in names.iter().zip(&slots).rev() {
            self.emit("STORE_FAST", Op::StoreFast(*slot), name.clone());
        }
        Ok(())
    }

    /// The loops of a comprehension from `index` on; `ready` if the first iterator is on the stack already.
    pub(super) fn generators(
        &mut self,
        elt: &Expr,
        generators: &[Generator],
        index: usize,
        ready: bool,
    ) -> Result<()> {
        let Some(generator) = generators.get(index) else {
            self.expr(elt)?;
            let depth = self.count(index + 1, elt.position)?;
            self.emit("LIST_APPEND", Op::ListAppend(depth), depth.to_string());
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
        self.generators(elt, generators, index + 1, false)?;
        self.jump(head);
        self.end_for(end);
        Ok(())
    }
}
