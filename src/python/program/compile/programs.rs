//! Whole programs, and the statements that only they have.

use super::super::module::FEW_ROUNDS;
use super::super::{
    instruction::{Code, Imported, Op, ProgramOp},
    module::{Module, Texts},
    source::{SourceError, SourceErrorKind},
    syntax::{Expr, ExprKind, Setup, Stmt, StmtKind, all_expressions, all_statements, binds_package},
    values::Value,
};
use super::compiler::{Compiler, Result, Scope, Space};
use super::consumers::consumers;
use super::library;
use crate::python::version::Version;

/// Compiles the statements of a whole program, parsed from that text, for one version.
pub(crate) fn module(
    stmts: &[Stmt],
    text: &str,
    version: Version,
    names: &[&str],
    warm: bool,
) -> std::result::Result<Module, SourceError> {
    compile(stmts, Texts { file: text, ..Texts::default() }, version, names, warm)
}

/// Compiles the module that a loop body stands in, whose parts were parsed from those texts, for one version.
pub(crate) fn loop_module(
    stmts: &[Stmt],
    texts: Texts<&str>,
    version: Version,
    names: &[&str],
) -> std::result::Result<Module, SourceError> {
    compile(stmts, texts, version, names, true)
}

fn compile(
    stmts: &[Stmt],
    texts: Texts<&str>,
    version: Version,
    names: &[&str],
    warm: bool,
) -> std::result::Result<Module, SourceError> {
    let (setup, of_library) = (Setup::default(), library::parsed(names_timer(stmts))?);
    let facts = version.facts();
    let mut compiler = Compiler {
        facts,
        texts: [if texts.body.is_empty() { texts.file } else { texts.body }, texts.setup, texts.result],
        setup: &setup,
        codes: vec![None],
        functions: Vec::new(),
        loop_head: 0,
        names: names.iter().map(|&name| name.to_owned()).collect(),
        print_function: stmts.iter().any(imports_print),
        consumers: consumers(stmts),
    };
    compiler.functions.push(Scope { space: Space::Module, ..Scope::new("<module>", Vec::new()) });
    compiler.resume();
    compiler.stmts(stmts)?;
    compiler.scope().position = None;
    compiler.return_constant(Value::None);
    let (code, _) = compiler.finish();
    compiler.codes[0] = Some(code);
    let library = u16::try_from(compiler.codes.len()).unwrap_or(u16::MAX);
    compiler.library(&of_library)?;
    let codes: Vec<Code> = compiler.codes.into_iter().flatten().collect();
    let mut names = compiler.names;
    // A dict may name any parameter when it is passed on as keywords, and what goes to `**` by its keys.
    let mut keys = keys_of_dicts(stmts);
    for code in &codes {
        let count = code.parameters + code.stars.keyword_only.len();
        keys.extend(code.locals[..count.min(code.locals.len())].iter().cloned());
    }
    for parameter in keys {
        if !names.contains(&parameter) {
            names.push(parameter);
        }
    }
    Ok(Module { version, facts, codes, library, names, texts: texts.owned(), warm, rounds: FEW_ROUNDS })
}

/// The most keys of dicts that may be names of arguments.
const MOST_KEYS: usize = 100;

/// The texts that are keys of dicts and could be names.
fn keys_of_dicts(stmts: &[Stmt]) -> Vec<String> {
    let mut keys = Vec::new();
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Dict(items) = &expr.kind {
            let texts = items.iter().filter_map(|(key, _)| match &key.kind {
                ExprKind::Str(text) => Some(text),
                _ => None,
            });
            keys.extend(
                texts.filter(|text| text.chars().all(|it| it.is_alphanumeric() || it == '_')).cloned(),
            );
        }
    });
    keys.truncate(MOST_KEYS);
    keys
}

/// Whether something of that name could be the library's `Timer`.
fn names_timer(stmts: &[Stmt]) -> bool {
    let mut found = false;
    all_expressions(stmts, &mut |expr| {
        found |= matches!(&expr.kind, ExprKind::Attribute(_, name) if name == "Timer");
    });
    let imports = |stmt: &Stmt| matches!(&stmt.kind, StmtKind::ImportFrom(_, items) if items.iter().any(|(item, _)| item == "Timer"));
    all_statements(stmts, &mut |stmt| found |= imports(stmt));
    found
}

/// Whether a statement is `from __future__ import print_function`.
fn imports_print(stmt: &Stmt) -> bool {
    matches!(&stmt.kind, StmtKind::ImportFrom(module, items)
        if module == "__future__" && items.iter().any(|(item, _)| item == "print_function"))
}

impl<'a> Compiler<'a> {
    /// A statement that only whole programs have.
    pub(super) fn program_stmt(&mut self, stmt: &'a Stmt) -> Result<()> {
        match &stmt.kind {
            StmtKind::Nonlocal(_) if self.facts.shape.python2 => Err(self.error(
                SourceErrorKind::NotPython,
                "python 2 knows no nonlocal: share a list or an object",
                stmt.position,
            )),
            StmtKind::Define(function) => self.define(function),
            StmtKind::Class(class) => self.class(class),
            StmtKind::Import(modules) => modules.iter().try_for_each(|(module, name)| {
                let is_package = binds_package(module, name);
                let bound =
                    if is_package { Imported::Package(name.as_str().into()) } else { Imported::Module };
                let op = ProgramOp::LoadLibrary(module.as_str().into(), bound);
                self.emit_program("IMPORT_NAME", op, module.clone());
                self.store(name, stmt.position)
            }),
            StmtKind::ImportFrom(module, items) => {
                self.emit("IMPORT_NAME", Op::Nop, module.clone());
                items.iter().filter(|_| module != "__future__").try_for_each(|(item, name)| {
                    let bound = Imported::Item(item.as_str().into());
                    let op = ProgramOp::LoadLibrary(module.as_str().into(), bound);
                    self.emit_program("IMPORT_FROM", op, item.clone());
                    self.store(name, stmt.position)
                })
            }
            StmtKind::Try(body, handlers, orelse) => self.try_stmt(body, handlers, orelse),
            StmtKind::Raise(raised) => self.raise(raised.as_ref()),
            StmtKind::Assert(test, message) => self.assert(test, message.as_ref()),
            StmtKind::Delete(targets) => targets.iter().try_for_each(|target| self.delete(target)),
            _ => Ok(()),
        }
    }

    fn delete(&mut self, target: &Expr) -> Result<()> {
        match &target.kind {
            ExprKind::Name(name) => self.delete_name(name, target.position),
            ExprKind::Subscript(container, index) => {
                self.expr(container)?;
                self.expr(index)?;
                self.emit_program("DELETE_SUBSCR", ProgramOp::DeleteSubscript, "");
                Ok(())
            }
            ExprKind::Attribute(object, name) => {
                self.expr(object)?;
                let number = self.name(name);
                self.emit_program("DELETE_ATTR", ProgramOp::DeleteAttr(number), name.clone());
                Ok(())
            }
            ExprKind::Tuple(targets) => targets.iter().try_for_each(|target| self.delete(target)),
            _ => Err(self
                .refuse("del of this is not covered: delete a name, element or attribute", target.position)),
        }
    }
}
